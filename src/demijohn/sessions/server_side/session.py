"""The session object: a dictionary whose contents are fetched when first looked at.

This module must not know where they are kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from werkzeug.exceptions import ServiceUnavailable

from demijohn.sessions.session import SessionMixin

__all__ = ["ServerSideSession"]

#: Fetches the contents and the seconds they are kept for; None when there are none.
Fetch = Callable[[str], "tuple[dict[str, Any], float] | None"]


class ServerSideSession(SessionMixin):
    """A session whose contents are on the server; the browser has its identifier only.

    :param sid: The identifier the browser sent, or None.
    :param fetch: Fetches what is kept for it; what it raises, the first use of the session raises, and
        from then on the session is empty and cannot be changed (503).
    """

    modified = False
    accessed = False
    #: Whether a session that cannot be fetched is empty at once, rather than an error at its first use.
    empty_when_unavailable = False

    def __init__(self, sid: str | None, fetch: Fetch) -> None:
        self._sid = sid
        self._fetch = fetch
        self._contents: dict[str, Any] | None = {} if sid is None else None
        self._error: Exception | None = None
        self.new = sid is None
        #: Whether changes are refused, because they could not be saved.
        self.read_only = False
        #: The identifier under which the session was found; None for one that is new.
        self.stored_as: str | None = None
        #: For how many seconds it will be kept if nothing happens.
        self.seconds_left = 0.0
        #: Identifiers that this request has ended.
        self.ended: list[str] = []

    @property
    def sid(self) -> str:
        """The identifier: 256 random bits in URL-safe Base64, made when a new session is asked for its."""
        self._look()
        if self._sid is None:
            self._sid = secrets.token_urlsafe(32)
        return self._sid

    @property
    def waits(self) -> bool:
        """Whether looking at the session will fetch it."""
        return self._contents is None

    def load(self) -> None:
        """Fetch the contents, unless they are here. An error is kept for who looks at them."""
        if self._contents is not None:
            return
        sid = self._sid
        assert sid is not None
        self._contents = {}
        try:
            found = self._fetch(sid)
        except Exception as e:
            self._sid, self.read_only = None, True
            if not (self.empty_when_unavailable and isinstance(e, ServiceUnavailable)):
                self._error = e
            return
        if found is None:
            # Whoever made this identifier up does not get to choose it.
            self._sid, self.new = None, True
        else:
            self._contents, self.seconds_left = found
            self.stored_as = sid

    def regenerate(self) -> None:
        """Give the session a new identifier and end the old one, as at a login; the contents stay."""
        contents = self._look()
        if self.read_only:
            self._refuse()
        if self.stored_as is not None:
            self.ended.append(self.stored_as)
            self.stored_as = None
        self._sid = None
        # Not to be written only for this when it is empty and always was.
        self.modified = self.modified or bool(contents or self.ended)

    def _look(self) -> dict[str, Any]:
        self.accessed = True
        if self._contents is None:
            self.load()
        if self._error is not None:
            # Once: an error page may well look at the session again, and finds it empty.
            error, self._error = self._error, None
            raise error
        contents = self._contents
        assert contents is not None
        return contents

    def _change(self) -> dict[str, Any]:
        contents = self._look()
        if self.read_only:
            self._refuse()
        self.modified = True
        return contents

    def _refuse(self) -> NoReturn:
        raise ServiceUnavailable(
            "The session cannot be changed, because its store was not available when it was read."
        )

    def __getitem__(self, key: str) -> Any:
        return self._look()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._change()[key] = value

    def __delitem__(self, key: str) -> None:
        contents = self._look()
        if key not in contents:
            raise KeyError(key)
        del self._change()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look())

    def __contains__(self, key: object) -> bool:
        return key in self._look()

    def clear(self) -> None:
        """Remove everything; the identifier dies with it."""
        self._change().clear()

    def copy(self) -> dict[str, Any]:
        """A plain dictionary of the same contents."""
        return dict(self._look())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __repr__(self) -> str:
        # Without looking, and without the identifier: whoever reads a log could use it.
        contents = "not fetched" if self._contents is None else repr(self._contents)
        return f"<{type(self).__name__} {contents}>"
