"""What is sent of an object: fields, for :func:`~demijohn.ext.rest.marshal`.

    bottle = {
        "name": fields.String,
        "year": fields.Integer(attribute="vintage.year"),
        "rack": fields.Nested({"number": fields.Integer}, allow_null=True),
        "drunk": fields.DateTime(dt_format="iso8601"),
    }

A field says by its attributes all that there is to know of it.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from demijohn import request, url_for
from demijohn.ext.rest.resources.marshalling import marshal

__all__ = [
    "Arbitrary", "Boolean", "DateTime", "Fixed", "Float", "FormattedString", "Integer", "List",
    "MarshallingException", "Nested", "Price", "Raw", "String", "Url", "get_value", "is_indexable_but_not_string",
    "to_marshallable_type",
]  # fmt: skip


class MarshallingException(Exception):
    """A value that a field cannot send; its text is that of what went wrong.

    :param underlying_exception: What went wrong.
    """

    def __init__(self, underlying_exception: object) -> None:
        super().__init__(str(underlying_exception))


#: Where a value is: a name, names with dots between, a place in a list, or a function of the object.
Key = str | int | Callable[[Any], Any]


def is_indexable_but_not_string(obj: object) -> bool:
    """Whether something holds others and is no text."""
    return not hasattr(obj, "strip") and hasattr(obj, "__iter__")


def get_value(key: Key, obj: Any, default: object = None) -> Any:
    """The value of an object, by item or attribute."""
    if isinstance(key, str):
        for name in key.split("."):
            obj = _item_or_attribute(name, obj, default)
        return obj
    if isinstance(key, int):
        return _item_or_attribute(key, obj, default)
    return key(obj)


def _item_or_attribute(name: str | int, obj: Any, default: object) -> Any:
    if is_indexable_but_not_string(obj):
        try:
            return obj[name]
        except (IndexError, TypeError, KeyError):
            pass
    return getattr(obj, name, default) if isinstance(name, str) else default


def to_marshallable_type(obj: object) -> Any:
    """The values of an object by name: its own idea of them, itself where it can be indexed, else its attributes."""
    if obj is None:
        return None
    own = getattr(obj, "__marshallable__", None)
    if own is not None:
        return own()
    return obj if hasattr(obj, "__getitem__") else dict(vars(obj))


class Raw:
    """A value as it is; what all fields are made of: override :meth:`format`, or :meth:`output`.

    :param default: Sent where there is no value.
    :param attribute: Where the value is, if not under the name it is sent by.
    """

    def __init__(self, default: object = None, attribute: Key | None = None) -> None:
        self.default = default
        self.attribute = attribute

    def format(self, value: Any) -> Any:
        """A value as it is sent.

        :raises MarshallingException: when it cannot be.
        """
        return value

    def output(self, key: Any, obj: Any) -> Any:
        """What is sent of an object under a name.

        :raises MarshallingException: when the value cannot be sent.
        """
        value = self._value(key, obj)
        return self.default if value is None else self.format(value)

    def _value(self, key: Key, obj: object) -> Any:
        return get_value(key if self.attribute is None else self.attribute, obj)


class Nested(Raw):
    """An object inside of the object.

    :param nested: Its fields.
    :param allow_null: Whether null is sent where there is none, rather than each field's default.
    :param kwargs: For :class:`Raw`; a default is sent where there is none.
    """

    def __init__(self, nested: Mapping[str, Any], allow_null: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.nested = nested
        self.allow_null = allow_null

    def output(self, key: Any, obj: Any) -> Any:
        """The object with its fields."""
        value = self._value(key, obj)
        if value is None and (self.allow_null or self.default is not None):
            return None if self.allow_null else self.default
        return marshal(value, self.nested)


class List(Raw):
    """A list of values of one kind.

    :param cls_or_instance: The field of each value, or its class.
    :param kwargs: For :class:`Raw`.
    :raises MarshallingException: for what is no field.
    """

    def __init__(self, cls_or_instance: Raw | type[Raw], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        known = (
            issubclass(cls_or_instance, Raw)
            if isinstance(cls_or_instance, type)
            else isinstance(cls_or_instance, Raw)
        )
        if not known:
            raise MarshallingException(
                f"A list is made of fields, subclasses of Raw; {cls_or_instance!r} is none."
            )
        #: The field of each value.
        self.container: Raw = cls_or_instance() if isinstance(cls_or_instance, type) else cls_or_instance

    def format(self, value: Iterable[Any]) -> list[Any]:
        """Each value as its field sends it."""
        values = value if isinstance(value, Sequence) else list(value)
        return [
            self.container.output(place, one if self._has_values(one) else values)
            for place, one in enumerate(values)
        ]

    def _has_values(self, one: object) -> bool:
        """Whether the field looks into the value, for its attribute or its members, rather than sending it."""
        field = self.container
        if isinstance(field, Nested) or type(field) is Raw:
            return False
        name = field.attribute
        return isinstance(one, dict) or (isinstance(name, str) and hasattr(one, name))

    def output(self, key: Any, obj: Any) -> Any:
        """The list; of one object that should have been a list, a list of it."""
        value = self._value(key, obj)
        if value is None:
            return self.default
        if is_indexable_but_not_string(value) and not isinstance(value, dict):
            return self.format(value)
        return self.format([value])


class String(Raw):
    """Text; of other values, their text."""

    def format(self, value: Any) -> str:
        """The text."""
        try:
            return str(value)
        except ValueError as error:
            raise MarshallingException(error) from error


class Integer(Raw):
    """A whole number, 0 by default."""

    def __init__(self, default: object = 0, **kwargs: Any) -> None:
        super().__init__(default=default, **kwargs)

    def format(self, value: Any) -> Any:
        """The number."""
        try:
            return self.default if value is None else int(value)
        except ValueError as error:
            raise MarshallingException(error) from error


class Boolean(Raw):
    """Whether the value is anything: 0, "" and empty lists are not."""

    def format(self, value: Any) -> bool:
        """True or false."""
        return bool(value)


class Float(Raw):
    """A floating-point number."""

    def format(self, value: Any) -> float:
        """The number."""
        try:
            return float(value)
        except ValueError as error:
            raise MarshallingException(error) from error


class Arbitrary(Raw):
    """A decimal number of any length, as text."""

    def format(self, value: Any) -> str:
        """The digits."""
        return str(_decimal(value))


class Fixed(Raw):
    """A decimal number with so many digits after the point, as text.

    :param decimals: How many.
    :param kwargs: For :class:`Raw`.
    """

    def __init__(self, decimals: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.decimals = decimals
        self.precision = Decimal(1).scaleb(-decimals)

    def format(self, value: Any) -> str:
        """The digits, rounded to the even neighbour."""
        number = _decimal(value)
        if not number.is_normal() and number != 0:
            raise MarshallingException("Invalid Fixed precision number.")
        try:
            return str(number.quantize(self.precision, rounding=ROUND_HALF_EVEN))
        except InvalidOperation:
            raise MarshallingException(f"{number} has too many digits.") from None


Price = Fixed


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        raise MarshallingException(f"{value!r} is no number.") from None


class FormattedString(Raw):
    """Text with values of the object in it.

    :param src_str: The text, in the way of :meth:`str.format`.
    """

    def __init__(self, src_str: str) -> None:
        super().__init__()
        self.src_str = str(src_str)

    def output(self, key: Any, obj: Any) -> str:
        """The text."""
        try:
            return self.src_str.format(**to_marshallable_type(obj))
        except (TypeError, IndexError) as error:
            raise MarshallingException(error) from error


class Url(Raw):
    """The URL of an endpoint, with the object's values for its variables.

    :param endpoint: The endpoint; that of the request by default.
    :param absolute: Whether with scheme and host.
    :param scheme: The scheme, if another than the request's.
    :param kwargs: For :class:`Raw`.
    """

    def __init__(
        self, endpoint: str | None = None, absolute: bool = False, scheme: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.absolute = absolute
        self.scheme = scheme

    def output(self, key: Any, obj: Any) -> str:
        """The URL, without what the endpoint has no variable for."""
        endpoint = request.endpoint if self.endpoint is None else self.endpoint
        try:
            made = url_for(str(endpoint), _external=self.absolute, **to_marshallable_type(obj))
        except TypeError as error:
            raise MarshallingException(error) from error
        parts = urlsplit(made)
        if not self.absolute:
            return parts.path
        return urlunsplit((self.scheme or parts.scheme, parts.netloc, parts.path, "", ""))


class DateTime(Raw):
    """A moment as text.

    :param dt_format: ``rfc822`` or ``iso8601``.
    :param kwargs: For :class:`Raw`.
    """

    def __init__(self, dt_format: str = "rfc822", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dt_format = dt_format

    def format(self, value: Any) -> str:
        """The text."""
        write = _FORMATS.get(self.dt_format)
        if write is None:
            raise MarshallingException(f"Unsupported date format {self.dt_format}")
        try:
            return write(value)
        except AttributeError as error:
            raise MarshallingException(error) from error


def _rfc822(dt: datetime) -> str:
    """A moment in UTC as in mails; one that knows no zone is in UTC."""
    return formatdate(timegm(dt.utctimetuple()))


def _iso8601(dt: datetime) -> str:
    """A moment, or day, in its own zone."""
    return dt.isoformat()


_FORMATS: dict[str, Callable[[Any], str]] = {"rfc822": _rfc822, "iso8601": _iso8601}
