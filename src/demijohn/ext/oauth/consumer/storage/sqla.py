"""Tokens in a database: a row for each user and provider, by a session that is handed in.

Whose a token is decides every query: where nobody is signed in, it is the row that belongs to nobody, and never all.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any

from demijohn.ext.oauth.consumer.storage import BaseStorage
from demijohn.ext.oauth.errors import NobodySignedIn
from demijohn.ext.oauth.ports import Owner, Token
from demijohn.ext.oauth.sealing import seal, unseal
from demijohn.ext.oauth.utils import FakeCache, first
from demijohn.extend import needs

with needs("database"):
    from sqlalchemy import JSON, Column, DateTime, Integer, String
    from sqlalchemy.ext.mutable import MutableDict
    from sqlalchemy.orm import declared_attr

__all__ = ["OAuthConsumerMixin", "SQLAlchemyStorage"]

PURPOSE = "token in a database"
#: The only key of a token that is encrypted.
SEALED = "sealed"


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class OAuthConsumerMixin:
    """Columns for a model that keeps tokens: ``id``, ``provider``, ``created_at``, ``token``."""

    @declared_attr.directive
    def __tablename__(cls) -> str:
        """The table's name, from the class's."""
        return f"flask_dance_{cls.__name__.lower()}"  # type: ignore[attr-defined]

    id = Column(Integer, primary_key=True)
    provider = Column(String(50), nullable=False)
    created_at = Column(DateTime, default=_now, nullable=False)
    token = Column(MutableDict.as_mutable(JSON), nullable=False)

    def __repr__(self) -> str:
        known: dict[str, Any] = {"id": self.id, "provider": self.provider}
        shown = [
            f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"
            for name, value in known.items()
            if value
        ]
        return f"<{' '.join([type(self).__name__, *shown])}>"


class SQLAlchemyStorage(BaseStorage):
    """Keeps tokens by SQLAlchemy's ORM.

    :param model: The class of the rows; best with :class:`OAuthConsumerMixin`, and ``user_id`` or ``user`` where tokens
        belong to users.
    :param session: The session, such as ``db.session``.
    :param user: The current user: an object, a function that returns it, or a proxy such as ``current_user``.
    :param user_id: Its id instead, or a function that returns it.
    :param user_required: Whether nobody being signed in is an error; by default with ``user`` or ``user_id``.
    :param anon_user: The class of users that are nobody. One with ``is_anonymous`` is nobody as well.
    :param cache: A cache with ``get``, ``set`` and ``delete``.
    :param encrypted: Whether tokens are encrypted in the database, under a key derived from ``SECRET_KEY``.
    """

    def __init__(
        self,
        model: Any,
        session: Any,
        user: object = None,
        user_id: object = None,
        user_required: bool | None = None,
        anon_user: type | None = None,
        cache: Any = None,
        *,
        encrypted: bool = False,
    ) -> None:
        self.model = model
        self.session = session
        self.user = user
        self.user_id = user_id
        self.user_required = (
            user is not None or user_id is not None if user_required is None else user_required
        )
        self.anon_user = anon_user
        self.cache = FakeCache() if cache is None else cache
        self.encrypted = encrypted

    def get(self, blueprint: Owner, user: object = None, user_id: object = None) -> Any:
        """The token of the current user, or of the one that is named; None when there is none.

        :raises NobodySignedIn: when there has to be a user, and there is none.
        """
        key = self.make_cache_key(blueprint, user, user_id)
        token = self.cache.get(key)
        if not token:
            row = self._rows(blueprint, "get", user, user_id).first()
            token = None if row is None else row.token
            self.cache.set(key, token)
        if token and SEALED in token:
            token = unseal(PURPOSE, token[SEALED])
        return token

    def set(self, blueprint: Owner, token: Token | None, user: object = None, user_id: object = None) -> None:
        """Keep a token in the place of the one before.

        :raises NobodySignedIn: when there has to be a user, and there is none.
        """
        self._rows(blueprint, "set", user, user_id).delete()
        kept = {SEALED: seal(PURPOSE, token)} if self.encrypted else token
        of_whom = dict(self._owner(blueprint, user, user_id))
        fields = {name: value for name, value in of_whom.items() if value is not None}
        self.session.add(self.model(provider=blueprint.name, token=kept, **fields))
        self.session.commit()
        self.cache.delete(self.make_cache_key(blueprint, user, user_id))

    def delete(self, blueprint: Owner, user: object = None, user_id: object = None) -> None:
        """Forget the token.

        :raises NobodySignedIn: when there has to be a user, and there is none.
        """
        self._rows(blueprint, "delete", user, user_id).delete()
        self.session.commit()
        self.cache.delete(self.make_cache_key(blueprint, user, user_id))

    def whose(self, blueprint: Owner) -> Hashable:
        """The current user's id, or nobody."""
        uid, user = self._current(blueprint, None, None)
        return uid or (None if user is None else id(user))  # its own id might have to be fetched

    def make_cache_key(self, blueprint: Owner, user: object = None, user_id: object = None) -> str:
        """Under which key the cache has a token."""
        uid, found = self._current(blueprint, user, user_id)
        return f"flask_dance_token|{blueprint.name}|{uid or getattr(found, 'id', found)}"

    def _current(self, blueprint: Owner, user: object, user_id: object) -> tuple[Any, Any]:
        """The id and the user that a query is about: what is named, else what is current."""
        config = blueprint.config
        given = (user_id, self.user_id, config.get("user_id"))
        uid = first(ref() if callable(ref) else ref for ref in given)
        found = first(self._real(ref) for ref in (user, self.user, config.get("user")))
        return uid, found

    def _real(self, user: object) -> Any:
        """The user itself, of a proxy or a function, or None for one that is nobody."""
        proxied = getattr(user, "_get_current_object", None)
        if proxied is not None:
            user = proxied()
        if callable(user):
            user = user()
        if self.anon_user is not None and isinstance(user, self.anon_user):
            return None
        return None if getattr(user, "is_anonymous", False) is True else user

    def _owner(self, blueprint: Owner, user: object, user_id: object) -> list[tuple[str, Any]]:
        """The columns that say whose a row is, with their values."""
        uid, found = self._current(blueprint, user, user_id)
        if hasattr(self.model, "user_id") and (uid or found is None or not hasattr(self.model, "user")):
            return [("user_id", uid or getattr(found, "id", None))]
        return [("user", found)] if hasattr(self.model, "user") else []

    def _rows(self, blueprint: Owner, verb: str, user: object, user_id: object) -> Any:
        """The rows of one owner and provider."""
        uid, found = self._current(blueprint, user, user_id)
        if self.user_required and not uid and found is None:
            raise NobodySignedIn(f"Cannot {verb} OAuth token without an associated user")
        rows = self.session.query(self.model).filter_by(provider=blueprint.name)
        return rows.filter_by(**dict(self._owner(blueprint, user, user_id)))
