"""The session objects: dictionaries that know whether they were read and changed.

This module must not know how a session is stored.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from typing import Any, NoReturn

from werkzeug.datastructures import CallbackDict

from demijohn.errors import MissingSecretKey

__all__ = ["NullSession", "SecureCookieSession", "SessionMixin"]


class SessionMixin(MutableMapping[str, Any]):
    """What a session has beside a dictionary's methods; for session classes of one's own::

    class Session(dict, SessionMixin):
        pass
    """

    #: Whether the session was made by this request. Not every store can tell.
    new: bool = False

    #: Whether the session has to be saved. Here always: a class that can tell sets it.
    modified: bool = True

    #: Whether the session was looked at, so that the response depends on the cookie. Set when a
    #: request's session is asked for; a class that tracks its own use sets it then.
    accessed: bool = False

    @property
    def permanent(self) -> bool:
        """Whether the session outlives the browser's window; kept under the key ``_permanent``."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


def _mark_modified(session: SessionMixin) -> None:
    session.modified = True


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):  # pyright: ignore[reportIncompatibleMethodOverride]
    """A session kept in a signed cookie.

    ``modified`` is set by every change to the dictionary itself. A change inside of a value (a list
    in the session, say) cannot be seen: set ``session.modified = True`` after it. ``accessed`` is
    set by every way of reading: item, ``get``, ``in``, ``len``, truth, iteration, views, comparison.

    :param initial: What the cookie held.
    """

    modified: bool = False
    accessed: bool = False

    # Werkzeug's mutators call it with the session; not on the instance, so it costs no cycle.
    on_update: Any = staticmethod(_mark_modified)

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        dict.__init__(self, initial or {})

    @property
    def permanent(self) -> bool:
        """Whether the session outlives the browser's window; kept under the key ``_permanent``."""
        self.accessed = True
        return bool(dict.get(self, "_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)

    def __setitem__(self, key: str, value: object) -> None:
        # PERF: Werkzeug's passes through two more calls, 0.4 us.
        dict.__setitem__(self, key, value)
        self.modified = True

    def __getitem__(self, key: str) -> Any:
        self.accessed = True
        return dict.__getitem__(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, or ``default``."""
        self.accessed = True
        return dict.get(self, key, default)

    def __contains__(self, key: object) -> bool:
        self.accessed = True
        return dict.__contains__(self, key)

    def __len__(self) -> int:
        self.accessed = True
        return dict.__len__(self)

    def __iter__(self) -> Iterator[str]:
        self.accessed = True
        return dict.__iter__(self)

    def __reversed__(self) -> Iterator[str]:
        self.accessed = True
        return dict.__reversed__(self)

    def keys(self) -> Any:
        """A view of the keys."""
        self.accessed = True
        view: KeysView[str] = dict.keys(self)
        return view

    def values(self) -> Any:
        """A view of the values."""
        self.accessed = True
        view: ValuesView[Any] = dict.values(self)
        return view

    def items(self) -> Any:
        """A view of the keys with their values."""
        self.accessed = True
        view: ItemsView[str, Any] = dict.items(self)
        return view

    def copy(self) -> dict[str, Any]:
        """A plain dictionary of the same contents."""
        return dict(self.items())

    def __eq__(self, other: object) -> bool:
        self.accessed = True
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        self.accessed = True
        return dict.__ne__(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: dict[Any, Any]) -> Any:
        return self.copy() | other

    def __ror__(self, other: dict[Any, Any]) -> Any:
        return other | self.copy()


class NullSession(SecureCookieSession):
    """What stands in for the session of an application without a secret key: it is empty.

    Reading works; writing raises, because nothing written could come back.
    """

    def _fail(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise MissingSecretKey.for_session()

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = update = setdefault = _fail
    del _fail
