"""How the router answers for what lies below a mounted application: it is raised, as routing errors are.

So what is routed to a view pays nothing for applications that are mounted beside it. This module must not know
how an application is mounted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from demijohn.routing.chains import Chain

__all__ = ["Handing", "Mounted", "Prefixed", "chains_of", "find_mount"]


class Prefixed(Protocol):
    """An application that is mounted, as far as routing goes."""

    @property
    def prefix(self) -> str:
        """Where: ``/old``, decoded, without a slash at its end."""
        ...


class Handing(dict[Any, Any]):
    """Stands where the plans of a path are kept that is a mounted application's: asking for one hands it on.

    PERF: a path that was asked for before is found by one look-up (2 us less).

    :param mount: What the router was given for it.
    """

    #: So many paths are kept; a client can make up any number.
    MOST = 512

    def __init__(self, mount: Any) -> None:
        super().__init__()
        self._mount = mount

    def get(self, key: Any, default: Any = None) -> Any:
        """Never a plan.

        :raises Mounted: always.
        """
        raise Mounted(self._mount)


M = TypeVar("M", bound=Prefixed)


class Mounted(BaseException):
    """The path is a mounted application's. Not an :class:`Exception`: it is no error of anybody's."""

    def __init__(self, mount: Any) -> None:
        #: What the router was given for it.
        self.mount = mount


def chains_of(mounts: Iterable[Prefixed]) -> list[Chain]:
    """The chains of mounted applications, to be tried before all others; the longest prefix comes first."""
    chains = []
    for mount in by_length(mounts):
        segments = mount.prefix.split("/")
        literals = tuple((place, segment) for place, segment in enumerate(segments) if place)
        chains.append(Chain(literals, (), len(segments), (), mount=mount))
    return chains


def by_length(mounts: Iterable[M]) -> list[M]:
    """Those with the longest prefix first."""
    return sorted(mounts, key=lambda mount: mount.prefix.count("/"), reverse=True)


def find_mount(mounts: Iterable[M], path: str) -> M | None:
    """Whose a decoded path is, where the router cannot be asked; None for one of the application's own."""
    for mount in by_length(mounts):
        if path == mount.prefix or path.startswith(f"{mount.prefix}/"):
            return mount
    return None
