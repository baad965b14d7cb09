"""What the parts of this room are to each other, and the kinds of what they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Protocol, TypeAlias

__all__ = ["Folder", "Identify", "Owner", "Scope", "SessionClass", "Settings", "Token"]

#: A token, as a provider has sent it: what is in it is the provider's.
Token: TypeAlias = dict[str, Any]
#: What an application asks a provider for.
Scope: TypeAlias = str | Sequence[str] | None
#: A folder of a blueprint.
Folder: TypeAlias = str | PathLike[str] | None
#: Arguments that are handed on.
Settings: TypeAlias = Mapping[str, Any] | None
#: A class of sessions with a provider, or what makes one.
SessionClass: TypeAlias = Callable[..., Any] | None
#: What says who somebody is, of the session that has just got a token.
Identify: TypeAlias = Callable[[Any], Any] | None


class Owner(Protocol):
    """A blueprint, as a storage sees it."""

    @property
    def name(self) -> str:
        """Its name, which tells its tokens from others'."""
        ...

    @property
    def config(self) -> Any:
        """The ``user`` or ``user_id`` that a storage uses where it was not given one."""
        ...
