"""Command groups for applications, blueprints and extensions.

An application's ``app.cli`` is an :class:`AppGroup`; an extension makes one too and adds it with
``app.cli.add_command(group)``. Every command made through it runs with the application's context
active, and may be ``async def``. How the application is found belongs to :mod:`demijohn.cli`, which
this module must not know: that package registers what makes a script information with
:func:`set_script_info_class`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

import click

from demijohn.contexts.context import current

F = TypeVar("F", bound=Callable[..., Any])

_script_info_class: list[type] = []


def set_script_info_class(cls: type) -> None:
    """Name the class that finds the application for a command that was given none."""
    _script_info_class[:] = [cls]


def _script_info(ctx: click.Context) -> Any:
    if _script_info_class:
        return ctx.ensure_object(_script_info_class[0])
    if ctx.obj is None:
        raise click.UsageError(
            "This command needs an application: run it through the 'demijohn' command with --app,"
            " or import 'demijohn.cli' where the command is defined.",
            ctx,
        )
    return ctx.obj


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def run_awaitable(awaitable: Awaitable[Any]) -> Any:
    """Wait for what an ``async def`` command returned and give its result.

    With an application current it runs where that application's async views run under WSGI (the
    loop behind ``app.ensure_sync``), so its pools and background tasks are shared; without one, on
    a loop of its own.
    """
    ctx = current.get(None)
    if ctx is None:
        return asyncio.run(_await(awaitable))
    return ctx.app.ensure_sync(_await)(awaitable)


def with_appcontext(f: F) -> F:
    """Run a command with the application of the current script, and its context, active.

    Commands added through :class:`AppGroup` (``app.cli``, a blueprint's ``cli``) have it already.
    The function may be ``async def``.

    :param f: What a Click command will call.
    :raises click.UsageError: When the command runs and no application can be found.
    """

    @click.pass_context
    def in_context(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if current.get(None) is None:
            ctx.with_resource(_script_info(ctx).load_app().app_context())
        result = ctx.invoke(f, *args, **kwargs)
        return run_awaitable(result) if inspect.isawaitable(result) else result

    return cast(F, update_wrapper(in_context, f))


class AppGroup(click.Group):
    """A Click group whose commands run with the application's context.

    ``@group.command()`` wraps the function in :func:`with_appcontext`; ``@group.group()`` makes
    another ``AppGroup``. Pass ``with_appcontext=False`` for a command that needs no application.
    """

    def command(self, *args: Any, **kwargs: Any) -> Callable[[Callable[..., Any]], click.Command]:  # type: ignore[override]
        """As :meth:`click.Group.command`, with the application's context around the function."""
        wanted = kwargs.pop("with_appcontext", True)
        add = super().command(*args, **kwargs)

        def decorator(f: Callable[..., Any]) -> click.Command:
            return cast(click.Command, add(with_appcontext(f) if wanted else _awaited(f)))

        return decorator

    def group(self, *args: Any, **kwargs: Any) -> Callable[[Callable[..., Any]], click.Group]:  # type: ignore[override]
        """As :meth:`click.Group.group`; the new group is an :class:`AppGroup` unless ``cls`` says else."""
        kwargs.setdefault("cls", AppGroup)
        return cast(Callable[[Callable[..., Any]], click.Group], super().group(*args, **kwargs))


def _awaited(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f``, awaited when it is a coroutine function; for commands without a context."""
    if not inspect.iscoroutinefunction(f):
        return f

    def command(*args: Any, **kwargs: Any) -> Any:
        return run_awaitable(f(*args, **kwargs))

    return update_wrapper(command, f)
