"""Mounting: other applications below a prefix of one of ours, each started and stopped with it.

``app.mount`` keeps a :class:`Mount` per application. What is below its prefix is handed to it by the adapters,
which find it where routes are found (:mod:`demijohn.routing.mounted`). This module must not know the protocols,
only which of them a mounted application speaks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeGuard, get_args

from demijohn.later import later

if TYPE_CHECKING:
    from demijohn.setup import lifespan
else:
    lifespan = later("demijohn.setup.lifespan")  # asyncio; only where an ASGI application is mounted

__all__ = ["Interface", "Mount", "Ours", "check_rule", "make_mount"]

#: What a mounted application that is not one of ours is called by.
Interface: TypeAlias = Literal["wsgi", "asgi"]


class Ours(Protocol):
    """An application of this package, as far as mounting goes."""

    #: Those that are mounted in it, by their names.
    mounts: dict[str, Mount]
    #: Where it is mounted itself.
    mounted: Mount | None
    config: Any
    lifecycle: Any

    @property
    def name(self) -> Any:
        """A str: its name."""
        ...

    @property
    def has_async(self) -> bool:
        """Whether any of it is asynchronous."""
        ...

    def __call__(self, environ: Any, start_response: Any = ..., send: Any = ...) -> Any:
        """By WSGI, or by ASGI."""
        ...


class Mount:
    """An application that is mounted in another.

    :param host: The application that it is mounted in, one of ours.
    :param prefix: Where: ``/old``, decoded, without a slash at its end.
    :param name: What its endpoints begin with for ``url_for``.
    :param guest: The application.
    :param interface: What it is called by; None for one of ours, which knows all.
    """

    def __init__(self, host: Ours, prefix: str, name: str, guest: Any, interface: Interface | None) -> None:
        self.host = host
        self.prefix = prefix
        #: The prefix as it stands in an environ (PEP 3333).
        self.wire_prefix = prefix.encode().decode("latin-1")
        self.name = name
        self.guest = guest
        self.interface = interface
        self._lifespan: Any = None

    @property
    def ours(self) -> bool:
        """Whether it is an application of this package."""
        return self.interface is None

    @property
    def has_async(self) -> bool:
        """Whether it needs a server that knows more than WSGI, to be at its best."""
        return bool(self.guest.has_async) if self.ours else self.interface == "asgi"

    def below(self, prefix: str) -> str:
        """This prefix below another."""
        return f"{prefix.rstrip('/')}{self.prefix}"

    # Starting and stopping with the application that it is mounted in.

    @property
    def has_work(self) -> bool:
        """Whether anything of it has to run around serving."""
        return self.guest.lifecycle.has_work() if self.ours else self.interface == "asgi"

    @property
    def state(self) -> dict[str, Any] | None:
        """What its lifespan keeps for its requests, for one that has one."""
        return None if self._lifespan is None else self._lifespan.state

    def start_sync(self) -> None:
        """Start an application without work, which needs no loop for it."""
        if self.ours:
            self.guest.lifecycle.start_sync()

    async def startup(self) -> None:
        """Start the application.

        :raises Exception: what its start raised; the worker must not serve then.
        """
        if self.ours:
            await self.guest.lifecycle.startup()
        elif self.interface == "asgi":
            life = lifespan.Lifespan(self.guest)
            if await life.startup_if_known():
                self._lifespan = life

    async def shutdown(self) -> None:
        """Stop the application.

        :raises RuntimeError: with what its stop said of a failure.
        """
        if self.ours:
            await self.guest.lifecycle.shutdown()
            return
        life, self._lifespan = self._lifespan, None
        failure = None if life is None else await life.shutdown()
        if failure is not None:
            raise RuntimeError(f"The application mounted at {self.prefix} did not stop in order: {failure}")

    def announce_stop(self) -> None:
        """Tell it that this process is about to stop."""
        if self.ours:
            self.guest.lifecycle.announce_stop()

    def forget(self) -> None:
        """Let go of what belongs to the process that this one was forked from."""
        self._lifespan = None

    def __repr__(self) -> str:
        return f"<Mount {self.name!r} of {self.guest!r} at {self.prefix}>"


def make_mount(
    host: Ours, prefix: str, guest: Any, name: str | None, interface: str | None, is_ours: bool,
    rules: Iterable[Any],
) -> Mount:  # fmt: skip
    """A mount, once it is certain that it makes sense.

    :param is_ours: Whether the guest is an application of this package.
    :param rules: The rules of the host.
    :raises ValueError: for a prefix, a name or an application that cannot be mounted, with the reason.
    """
    prefix = _checked_prefix(prefix)
    if name is None:
        name = prefix.strip("/").replace("/", "-")
    if not name or ":" in name:
        raise ValueError(
            f"The name {name!r} of what is mounted at {prefix} must be a text without a colon, which ends it in"
            f" url_for('{name.replace(':', '') or 'name'}:endpoint')."
        )
    for mount in host.mounts.values():
        if mount.name == name:
            raise ValueError(
                f"The name {name!r} is taken by what is mounted at {mount.prefix}: choose another."
            )
        if mount.prefix == prefix:
            raise ValueError(f"There is an application mounted at {prefix} already: {mount.name!r}.")
    for rule in rules:
        _refuse_below(rule.rule, prefix, name)
    if is_ours:
        _check_ours(host, guest, prefix)
        return Mount(host, prefix, name, guest, None)
    if not callable(guest):
        raise ValueError(
            f"{guest!r} cannot be mounted at {prefix}: it is neither an application of this package nor a WSGI or"
            " ASGI callable."
        )
    if interface is not None and interface not in get_args(Interface):
        raise ValueError(
            f"The interface of what is mounted at {prefix} is 'wsgi' or 'asgi', not {interface!r}."
        )
    found = interface or _interface_of(guest)
    if found is None:
        raise ValueError(
            f"Whether {guest!r} is called by WSGI or by ASGI cannot be told from its parameters: say it, by"
            f" app.mount({prefix!r}, ..., interface='wsgi') or 'asgi'."
        )
    return Mount(host, prefix, name, guest, "asgi" if found == "asgi" else "wsgi")


def _checked_prefix(prefix: str) -> str:
    reason = None
    stripped = prefix.rstrip("/")
    if not prefix.startswith("/"):
        reason = "it has to begin with a slash"
    elif not stripped:
        reason = "all of the site would be its own, so serve it instead"
    elif "//" in stripped or {".", ".."} & set(stripped.split("/")):
        reason = "no client asks for such a path"
    elif set(stripped) & set("<>?#"):
        reason = "it is a path, without variable parts, query or fragment"
    if reason is not None:
        raise ValueError(f"Nothing can be mounted at {prefix!r}: {reason}.")
    return stripped


def _check_ours(host: Ours, guest: Ours, prefix: str) -> None:
    above: Ours | None = host
    while above is not None:
        if above is guest:
            raise ValueError(f"{guest.name!r} cannot be mounted at {prefix}: that would be inside of itself.")
        above = None if above.mounted is None else above.mounted.host
    if guest.mounted is not None and guest.mounted.host is not host:
        raise ValueError(
            f"{guest.name!r} is mounted at {guest.mounted.prefix} of {guest.mounted.host.name!r} already: an"
            " application has one place, by which url_for finds what is around it. Make another one for the second."
        )


def check_rule(mounts: Mapping[str, Mount], rule: str) -> None:
    """Refuse a rule that would never match, because all that is below a prefix is a mounted application's.

    :raises ValueError: with whose it is.
    """
    for mount in mounts.values():
        _refuse_below(rule, mount.prefix, mount.name)


def _refuse_below(rule: str, prefix: str, name: str) -> None:
    if rule == prefix or rule.startswith(f"{prefix}/"):
        raise ValueError(
            f"The route {rule!r} is below {prefix}, where {name!r} is mounted, so it would never be asked for. Give one"
            " of the two another place; a route that is inside of the mounted application belongs to that."
        )


def _interface_of(guest: Any) -> Interface | None:
    """What an application is called by, as far as can be seen; None where it cannot."""
    while isinstance(guest, partial):
        guest = guest.func
    call = guest if inspect.isroutine(guest) else type(guest).__call__
    if inspect.iscoroutinefunction(call):
        return "asgi"
    if getattr(guest, "wsgi_app", None) is not None:
        return "wsgi"
    try:
        parameters = inspect.signature(guest).parameters.values()
    except (TypeError, ValueError):
        return None
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in places if p.default is p.empty]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) or not len(needed) <= len(places) <= 3:
        return None
    return {2: "wsgi", 3: "asgi"}.get(len(places))  # type: ignore[return-value]


def is_group(found: object) -> TypeGuard[Callable[..., Any]]:
    """Whether a mounted application's ``cli`` is a group of commands."""
    return hasattr(found, "get_command") and hasattr(found, "list_commands")
