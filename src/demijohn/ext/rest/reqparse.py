"""Reads the values of a request by a list of arguments, and refuses with 400 what is missing or wrong.

    parser = RequestParser(bundle_errors=True)
    parser.add_argument("rack", type=int, required=True, location="args")
    parser.add_argument("colour", choices=("red", "white"), action="append")
    values = parser.parse_args()                 # values.rack, values["colour"]

An argument says by its attributes all that there is to know of it.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence
from copy import deepcopy
from types import SimpleNamespace
from typing import Any, Self

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from demijohn import Request, current_app
from demijohn.ext.rest.resources import errors
from demijohn.extend import Filled, current_request

__all__ = ["Argument", "Namespace", "RequestParser", "refuse", "text_type"]

#: COMPAT: where tests look for the type of text.
six = SimpleNamespace(text_type=str)

#: How places of a request are called in messages.
_PLACES = {
    "json": "the JSON body",
    "form": "the post body",
    "args": "the query string",
    "values": "the post body or the query string",
    "headers": "the HTTP headers",
    "cookies": "the request's cookies",
    "files": "an uploaded file",
}


def refuse(status: int, message: object) -> None:
    """End the request: with what status, and what is told of each argument."""
    errors.abort(status, message=message)


def text_type(value: object) -> Any:
    """A value as text: the type of an argument that has none."""
    return six.text_type(value)


class Namespace(dict[str, Any]):
    """What was read, by name: as a dictionary, and as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        self[name] = value


class Argument:
    """One value that a request may bring.

    :param name: Its name.
    :param default: What it is when the request does not bring it; a function is called for it.
    :param dest: Its name in what is returned.
    :param required: Whether a request without it is refused.
    :param ignore: Whether a value of another type counts as none rather than being refused.
    :param type: Makes the value of what was sent; may also take the name, and the operator. What it raises is told.
    :param location: Attributes of the request to look into: ``json``, ``args``, ``form``, ``values``, ``headers``,
        ``cookies``, ``files`` and others. Of several, all values are taken, in this order.
    :param choices: The values it may have.
    :param action: ``store`` for the first value; ``append`` for a list of all; anything else for a list where there
        are several.
    :param help: Told in place of the error, which ``{error_msg}`` stands for.
    :param operators: What may stand between name and value, such as ``>=``.
    :param case_sensitive: With False, values and choices are compared and returned in small letters.
    :param store_missing: Whether it is returned, with its default, when the request does not bring it.
    :param trim: Whether white space around it is taken away.
    :param nullable: Whether it may be null.
    """

    def __init__(
        self, name: str, default: object = None, dest: str | None = None, required: bool = False,
        ignore: bool = False, type: Callable[..., Any] = text_type,
        location: str | Iterable[str] = ("json", "values"), choices: Sequence[Any] = (), action: str = "store",
        help: str | None = None, operators: Iterable[str] = ("=",), case_sensitive: bool = True,
        store_missing: bool = True, trim: bool = False, nullable: bool = True,
    ) -> None:  # fmt: skip
        self.name = name
        self.dest = dest
        # Where it is looked for.
        self.location = location
        self.operators = operators
        # What it may be.
        self.type = type
        self.choices = choices
        self.case_sensitive = case_sensitive
        self.nullable = nullable
        self.trim = trim
        self.action = action
        # What is done when it is wrong or missing.
        self.required = required
        self.ignore = ignore
        self.help = help
        self.default = default
        self.store_missing = store_missing

    def __str__(self) -> str:
        choices = self.choices
        if len(choices) > 5:
            choices = [*choices[:3], "...", choices[-1]]
        return f"Name: {self.name}, type: {self.type}, choices: {choices}"

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}('{self.name}', default={self.default}, dest={self.dest},"
            f' required={self.required}, ignore={self.ignore}, location={self.location}, type="{self.type}",'
            f" choices={self.choices}, action='{self.action}', help={self.help},"
            f" case_sensitive={self.case_sensitive}, operators={self.operators},"
            f" store_missing={self.store_missing}, trim={self.trim}, nullable={self.nullable})"
        )

    def source(self, request: object) -> Any:
        """The values of the places that this argument is looked for in.

        :param request: The request, or values that were read before, for arguments inside of one.
        """
        if isinstance(self.location, str):
            values = _values_at(request, self.location)
            return MultiDict() if values is None else values
        together: MultiDict[str, Any] = MultiDict()
        for place in self.location:
            values = _values_at(request, place)
            if values is not None:
                together.update(values)
        return together

    def convert(self, value: object, op: str) -> Any:
        """The value of this argument's type.

        :param op: The operator before it.
        :raises ValueError: when it may not be null.
        """
        if value is None:
            if self.nullable:
                return None
            raise ValueError("Must not be null!")
        if isinstance(value, FileStorage) and self.type is FileStorage:
            return value
        if self.type is decimal.Decimal:
            return decimal.Decimal(str(value))
        # There is no telling by a signature what a type takes, for those that have none.
        for further in ((self.name, op), (self.name,)):
            try:
                return self.type(value, *further)
            except TypeError:
                pass
        return self.type(value)

    def handle_validation_error(
        self, error: Exception, bundle_errors: bool
    ) -> tuple[Exception, dict[str, str]]:
        """Refuse the request for this argument, or give back why, where all reasons are told together.

        :param error: What was wrong.
        :param bundle_errors: Whether all are.
        """
        message = str(error)
        if self.help:
            try:
                message = self.help.format(error_msg=message)
            except (IndexError, KeyError, ValueError):
                message = self.help  # its braces are meant as they are
        if not (bundle_errors or current_app.config.get("BUNDLE_ERRORS", False)):
            refuse(400, message={self.name: message})
        return error, {self.name: message}

    def parse(self, request: object, bundle_errors: bool = False) -> tuple[Any, Any]:
        """This argument's value, and whether the request brought it; or an error, and what to tell of it.

        :param request: The request.
        :param bundle_errors: Give errors back rather than refuse the request at the first.
        """
        source = self.source(request)
        unparsed = getattr(request, "unparsed_arguments", None)
        found: list[Any] = []
        for operator in self.operators:
            name = self.name + operator.replace("=", "", 1)
            if name not in source:
                continue
            for sent in self._values_of(source, name):
                try:
                    value = self._checked(sent, operator)
                except _NoChoice as error:
                    return self.handle_validation_error(error, bundle_errors)
                except Exception as error:
                    if self.ignore:
                        continue
                    return self.handle_validation_error(error, bundle_errors)
                if isinstance(unparsed, dict):
                    unparsed.pop(name, None)
                found.append(value)
        if not found and self.required:
            return self.handle_validation_error(ValueError(self._missing()), bundle_errors)
        if not found:
            return (self.default() if callable(self.default) else self.default), False
        if self.action != "append" and (self.action == "store" or len(found) == 1):
            return found[0], True
        return found, True

    def _values_of(self, source: Any, name: str) -> Iterable[Any]:
        """All values of a name."""
        if hasattr(source, "getlist"):
            listed: Iterable[Any] = source.getlist(name)
            return listed
        value = source.get(name)
        return value if self.action == "append" and isinstance(value, MutableSequence) else [value]

    def _checked(self, value: object, operator: str) -> Any:
        """A value as it is returned."""
        if self.trim and isinstance(value, str):
            value = value.strip()
        choices = self.choices
        if not self.case_sensitive and isinstance(value, str):
            value = value.lower()
            choices = [choice.lower() if hasattr(choice, "lower") else choice for choice in choices]
        value = self.convert(value, operator)
        if choices and value not in choices:
            raise _NoChoice(f"{value} is not a valid choice")
        return value

    def _missing(self) -> str:
        places = [self.location] if isinstance(self.location, str) else self.location
        return f"Missing required parameter in {' or '.join(_PLACES.get(place, place) for place in places)}"


class _NoChoice(ValueError):
    """A value that is none of the choices, which ``ignore`` does not forgive."""


def _values_at(request: object, place: str) -> Any:
    """The values at a place of a request; None where there are none."""
    try:
        values = getattr(request, place, None)
        if callable(values):
            values = values()
    except UnsupportedMediaType:
        return None  # a query or a form is no JSON, and need not be
    except BadRequest:
        if not isinstance(request, Request) or request.get_data():
            raise
        return None  # a client may say that it sends JSON whenever it sends nothing
    # A list or a number has no names.
    return values if isinstance(values, Mapping) or hasattr(values, "getlist") else None


class RequestParser:
    """Arguments that are read together.

    :param argument_class: What :meth:`add_argument` makes.
    :param namespace_class: What :meth:`parse_args` returns.
    :param trim: Whether white space around values is taken away, for arguments that do not say.
    :param bundle_errors: Whether a request is refused for all that is wrong rather than the first.
    """

    def __init__(
        self, argument_class: type[Argument] = Argument, namespace_class: type[Any] = Namespace,
        trim: bool = False, bundle_errors: bool = False,
    ) -> None:  # fmt: skip
        self.args: list[Argument] = []
        self.argument_class = argument_class
        self.namespace_class = namespace_class
        self.trim = trim
        self.bundle_errors = bundle_errors

    def add_argument(self, *args: Any, **kwargs: Any) -> Self:
        """Add an argument: one that is made, or what it is made of."""
        if len(args) == 1 and isinstance(args[0], self.argument_class):
            argument = args[0]
        else:
            argument = self.argument_class(*args, **kwargs)
        if self.trim and self.argument_class is Argument:  # another class may mean something else by it
            argument.trim = kwargs.get("trim", self.trim)
        self.args.append(argument)
        return self

    def parse_args(self, req: object = None, strict: bool = False, http_error_code: int = 400) -> Any:
        """The values of all arguments.

        :param req: The request; the current one by default.
        :param strict: Whether a request that brings others as well is refused.
        :param http_error_code: The status it is refused with.
        :raises BadRequest: for a request that brings others.
        """
        request: Any = current_request() if req is None else req
        if strict:
            request.unparsed_arguments = dict(self.argument_class("").source(request))
        values = self.namespace_class()
        wrong: dict[str, str] = {}
        for argument in self.args:
            value, found = self._parse(argument, request, http_error_code)
            if isinstance(value, Exception) and isinstance(found, dict):
                wrong.update(found)
                found = False
            if found or argument.store_missing:
                values[argument.dest or argument.name] = value
        if wrong:
            refuse(http_error_code, message=wrong)
        if strict and request.unparsed_arguments:
            raise BadRequest(
                Filled("Unknown arguments: %(names)s", names=", ".join(request.unparsed_arguments))
            )
        return values

    def _parse(self, argument: Argument, request: object, status: int) -> tuple[Any, Any]:
        """One argument, refused with this status."""
        try:
            return argument.parse(request, self.bundle_errors)
        except HTTPException as error:
            told = getattr(error, "data", None)
            if status != 400 and error.code == 400 and isinstance(told, dict) and "message" in told:
                refuse(status, message=told["message"])
            raise

    def copy(self) -> Self:
        """A parser with the same arguments, to change."""
        other = type(self)(self.argument_class, self.namespace_class)
        other.args = deepcopy(self.args)
        other.trim = self.trim
        other.bundle_errors = self.bundle_errors
        return other

    def replace_argument(self, name: str, *args: Any, **kwargs: Any) -> Self:
        """Put another argument in the place of the one of this name; takes what it is made of."""
        new = self.argument_class(name, *args, **kwargs)
        if any(argument.name == new.name for argument in self.args):
            self.remove_argument(new.name)
            self.args.append(new)
        return self

    def remove_argument(self, name: str) -> Self:
        """Take the argument of this name away."""
        for place, argument in enumerate(self.args):
            if argument.name == name:
                del self.args[place]
                break
        return self
