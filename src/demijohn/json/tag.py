"""JSON that keeps Python's types: what session cookies hold, as Flask writes it.

A value that JSON does not have becomes an object with one key, its tag: a tuple is
``{" t": [...]}``, bytes ``{" b": "..."}``, and so on. More types can be added::

    class TagOrderedDict(JSONTag):
        __slots__ = ()
        key = " od"

        def check(self, value):
            return isinstance(value, OrderedDict)

        def to_json(self, value):
            return [[key, self.serializer.tag(item)] for key, item in value.items()]

        def to_python(self, value):
            return OrderedDict(value)

    app.session_interface.serializer.register(TagOrderedDict, index=0)

This module must not know of sessions or signatures.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, ClassVar, TypeGuard
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from demijohn import json
from demijohn.json.provider import read_trusted, write_compact, write_flat
from demijohn.variable import current

__all__ = [
    "JSONTag",
    "PassDict",
    "PassList",
    "TagBytes",
    "TagDateTime",
    "TagDict",
    "TagMarkup",
    "TagTuple",
    "TagUUID",
    "TaggedJSONSerializer",
]


class JSONTag:
    """How one type is written and read; subclasses define the three methods and :attr:`key`.

    :param serializer: The serializer this tag was registered with.
    """

    __slots__ = ("serializer",)

    #: The key that marks the type. Empty for a type that JSON has, whose parts may need tags.
    key: str = ""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: object) -> bool:
        """Whether this tag is for ``value``."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """``value`` as JSON can have it, without the tag around it."""
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        """The Python value for what :meth:`to_json` returned."""
        raise NotImplementedError

    def tag(self, value: Any) -> dict[str, Any]:
        """``value`` as JSON can have it, with the tag around it."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dictionary that would be taken for a tag, because its only key is one.

    Two underscores are added to the key, and taken off again.
    """

    __slots__ = ()
    key = " di"

    def check(self, value: object) -> bool:
        """Whether it is such a dictionary."""
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.serializer.tags

    def to_json(self, value: dict[str, Any]) -> Any:
        """The dictionary with the longer key."""
        ((key, item),) = value.items()
        return {f"{key}__": self.serializer.tag(item)}

    def to_python(self, value: dict[str, Any]) -> Any:
        """The dictionary with its own key."""
        ((key, item),) = value.items()
        return {key[:-2]: item}


class PassDict(JSONTag):
    """A dictionary: JSON's object, with tags where its values need them."""

    __slots__ = ()

    def check(self, value: object) -> bool:
        """Whether it is a dictionary."""
        return isinstance(value, dict)

    def to_json(self, value: dict[str, Any]) -> Any:
        """The dictionary with its values tagged; keys are text in JSON anyway."""
        tag = self.serializer.tag
        return {key: tag(item) for key, item in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple, as a list."""

    __slots__ = ()
    key = " t"

    def check(self, value: object) -> bool:
        """Whether it is a tuple."""
        return isinstance(value, tuple)

    def to_json(self, value: tuple[Any, ...]) -> Any:
        """The items as a list, tagged."""
        return list(map(self.serializer.tag, value))

    def to_python(self, value: list[Any]) -> Any:
        """The list as a tuple."""
        return tuple(value)


class PassList(JSONTag):
    """A list: JSON's array, with tags where its items need them."""

    __slots__ = ()

    def check(self, value: object) -> bool:
        """Whether it is a list."""
        return isinstance(value, list)

    def to_json(self, value: list[Any]) -> Any:
        """The list with its items tagged."""
        return list(map(self.serializer.tag, value))

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, in Base64."""

    __slots__ = ()
    key = " b"

    def check(self, value: object) -> bool:
        """Whether it is a bytes object."""
        return isinstance(value, bytes)

    def to_json(self, value: bytes) -> Any:
        """The bytes in Base64."""
        return str(b64encode(value), "ascii")

    def to_python(self, value: str) -> Any:
        """The bytes again."""
        return b64decode(value)


class TagMarkup(JSONTag):
    """Whatever has an ``__html__`` method, as the text it returns; read as Markup."""

    __slots__ = ()
    key = " m"

    def check(self, value: object) -> bool:
        """Whether it can tell its HTML."""
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: Any) -> Any:
        """Its HTML."""
        return str(value.__html__())

    def to_python(self, value: str) -> Any:
        """The HTML as Markup."""
        return Markup(value)  # noqa: S704 - it was marked safe when it was written, and signed since


class TagUUID(JSONTag):
    """A UUID, in hexadecimal."""

    __slots__ = ()
    key = " u"

    def check(self, value: object) -> bool:
        """Whether it is a UUID."""
        return isinstance(value, UUID)

    def to_json(self, value: UUID) -> Any:
        """Its 32 digits."""
        return value.hex

    def to_python(self, value: str) -> Any:
        """The UUID again."""
        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime, as an HTTP date: whole seconds, in UTC."""

    __slots__ = ()
    key = " d"

    def check(self, value: object) -> bool:
        """Whether it is a datetime."""
        return isinstance(value, datetime)

    def to_json(self, value: datetime) -> Any:
        """The HTTP date."""
        return http_date(value)

    def to_python(self, value: str) -> Any:
        """The date as an aware datetime."""
        return parse_date(value)


_OWN_TAGS = (TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID, TagDateTime)
_FLAT = frozenset({str, int, bool, type(None)})
_PLAIN = _FLAT | {float}


class TaggedJSONSerializer:
    """Writes and reads JSON with tags for dict, tuple, bytes, Markup, UUID and datetime.

    The JSON itself is written by the current application's provider, when there is one.
    """

    # _scalars: whether plain scalars can skip the tags; _spaced: whether each key begins with a space.
    __slots__ = ("_scalars", "_spaced", "order", "tags")

    #: The tags a new serializer has, in the order in which they are asked.
    default_tags: ClassVar[list[type[JSONTag]]] = list(_OWN_TAGS)

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        self._scalars = type(self).tag is TaggedJSONSerializer.tag
        self._spaced = True
        for tag_class in self.default_tags:
            self.register(tag_class)

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add a tag.

        :param tag_class: The tag's class; it is made with this serializer.
        :param force: Replace a tag that has the same key.
        :param index: Where in the order to ask it: before a more general one. Last, when None.
        :raises KeyError: when the key is taken and ``force`` is false.
        """
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(f"Tag '{tag.key}' is already registered.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)
        # A tag of the application's own might be for text or numbers.
        self._scalars = self._scalars and tag_class in _OWN_TAGS
        self._spaced = self._spaced and (not tag.key or tag.key.startswith(" "))

    def tag(self, value: Any) -> Any:
        """``value`` as JSON can have it, with tags where needed."""
        # PERF: asking all eight tags about a text costs 0.9 us.
        if self._scalars:
            kind = type(value)
            if kind in _PLAIN:
                return value
            if kind is dict and len(value) != 1:
                if _PLAIN.issuperset(map(type, value.values())):
                    return value
                return {key: item if type(item) in _PLAIN else self.tag(item) for key, item in value.items()}
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, Any]) -> Any:
        """What an object read from JSON stands for: itself, unless it is a tag."""
        if len(value) == 1:
            ((key, item),) = value.items()
            tag = self.tags.get(key)
            if tag is not None:
                return tag.to_python(item)
        return value

    def _untag_scan(self, value: object) -> Any:
        """Untag ``value`` and all it contains, innermost first."""
        if isinstance(value, list):
            return [self._untag_scan(item) for item in value]
        if isinstance(value, dict):
            return self.untag({key: self._untag_scan(item) for key, item in value.items()})
        return value

    def _is_flat(self, value: object) -> TypeGuard[dict[str, Any]]:
        """Whether ``value`` is a dictionary of text and the like, which no tag is for."""
        if (
            type(value) is not dict
            or not self._scalars
            or (len(value) == 1 and not self.tags.keys().isdisjoint(value))
        ):
            return False
        # PERF: for the few values that a session has, half of what frozenset.issuperset takes.
        for key, item in value.items():  # noqa: SIM110
            if type(key) is not str or type(item) not in _FLAT:
                return False
        return True

    def dumps(self, value: object) -> str:
        """Encode ``value`` to compact JSON text with tags."""
        ctx = current.get(None)
        if ctx is None:
            return json.dumps(self.tag(value), separators=(",", ":"))
        # PERF: through the module it would be 0.9 us longer.
        if self._is_flat(value):
            return write_flat(ctx.app.json, value)
        return write_compact(ctx.app.json, self.tag(value))

    def loads(self, value: str) -> Any:
        """Decode JSON text and what its tags stand for."""
        ctx = current.get(None)
        loaded = json.loads(value) if ctx is None else read_trusted(ctx.app.json, value)
        # PERF: without a text that begins with a space, plain or escaped, there can be no tag.
        if self._spaced and '" ' not in value and "\\u" not in value:
            return loaded
        return self._untag_scan(loaded)
