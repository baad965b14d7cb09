"""What a user has to have: defaults for the application's own class, and the user nobody is.

This module must not know of requests or sessions.
"""

from __future__ import annotations

from typing import Any


class UserMixin:
    """Gives a user class what this room asks of it; the class adds an attribute ``id``.

    Users are equal when their identifiers are, so the same user loaded twice is one.
    """

    __hash__ = object.__hash__

    @property
    def is_active(self) -> bool:
        """Whether this user may log in; a class with locked accounts overrides it."""
        return True

    @property
    def is_authenticated(self) -> bool:
        """Whether the user has shown who they are."""
        return self.is_active

    @property
    def is_anonymous(self) -> bool:
        """False: this is somebody."""
        return False

    def get_id(self) -> str:
        """The identifier that is kept in the session and given to the user loader.

        :raises NotImplementedError: when there is no attribute ``id``.
        """
        own: Any = self
        try:
            return str(own.id)
        except AttributeError:
            raise NotImplementedError(
                f"{type(self).__name__} has no attribute 'id': give it one, or override get_id()."
            ) from None

    def __eq__(self, other: object) -> bool:
        return self.get_id() == other.get_id() if isinstance(other, UserMixin) else NotImplemented

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal


class AnonymousUserMixin:
    """The current user where nobody is logged in."""

    @property
    def is_active(self) -> bool:
        """False: there is no account."""
        return False

    @property
    def is_authenticated(self) -> bool:
        """False: nobody has logged in."""
        return False

    @property
    def is_anonymous(self) -> bool:
        """True."""
        return True

    def get_id(self) -> str | None:
        """None: there is no identifier."""
        return None
