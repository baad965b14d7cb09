"""Where tokens are kept. A storage of your own is a subclass of :class:`BaseStorage`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any

from demijohn.ext.oauth.ports import Owner, Token

__all__ = ["BaseStorage", "MemoryStorage", "NullStorage"]


class BaseStorage(ABC):
    """Keeps the token of a blueprint for whoever the current request is from."""

    @abstractmethod
    def get(self, blueprint: Owner) -> Any:
        """The token, or None."""

    @abstractmethod
    def set(self, blueprint: Owner, token: Token | None) -> None:
        """Keep a token in the place of the one before."""

    @abstractmethod
    def delete(self, blueprint: Owner) -> None:
        """Forget the token."""

    def whose(self, blueprint: Owner) -> Hashable:
        """Tells one owner's token from another's, as far as both may be asked for in one request."""
        return None


class NullStorage(BaseStorage):
    """Keeps nothing."""

    def get(self, blueprint: Owner) -> Any:
        """None."""
        return None

    def set(self, blueprint: Owner, token: Token | None) -> None:
        """Nothing is kept."""

    def delete(self, blueprint: Owner) -> None:
        """Nothing is there to forget."""


class MemoryStorage(BaseStorage):
    """Keeps one token, the same for everybody: for tests, and for an application that acts for nobody but itself.

    :param token: The token there is at first.
    """

    def __init__(self, token: Token | None = None, *args: Any, **kwargs: Any) -> None:
        self.token = token

    def get(self, blueprint: Owner) -> Any:
        """The token."""
        return self.token

    def set(self, blueprint: Owner, token: Token | None) -> None:
        """Keep a token."""
        self.token = token

    def delete(self, blueprint: Owner) -> None:
        """Forget it."""
        self.token = None
