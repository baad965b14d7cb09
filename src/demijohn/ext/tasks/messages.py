"""What may be sent: what JSON holds, and not too much of it."""

from __future__ import annotations

from typing import Any, TypeAlias

from kombu.utils.json import JSONEncoder

from demijohn.ext.tasks.ports import Args, CeleryTask, Kwargs

#: A task, or its name.
Named: TypeAlias = CeleryTask | str

#: PERF: kombu makes an encoder for each message.
dumps = JSONEncoder().encode

#: What travels with a message besides the arguments.
_EMBEDDED = ("link", "link_error", "chain", "chord")


def check_message(task: Named, args: Args, kwargs: Kwargs, options: dict[str, Any], limit: int) -> str:
    """Look at the arguments of a task before they are sent; gives them as they are written.

    :param task: The task, or its name.
    :raises TypeError: for one that JSON cannot hold, by its name.
    :raises ValueError: for more bytes than ``limit``.
    """
    written = write(task, args, kwargs, options)
    # JSON of kombu is ASCII, so characters are bytes.
    if len(written) > limit:
        raise ValueError(
            f"The message of {_name(task)} has {len(written)} bytes, and TASKS_MAX_MESSAGE is {limit}: store what is"
            " large, and pass its key."
        )
    return written


def write(task: Named, args: Args, kwargs: Kwargs, options: dict[str, Any]) -> str:
    """The arguments, and what travels with them, as JSON."""
    embedded = [options[name] for name in _EMBEDDED if options.get(name)]
    try:
        return dumps([args, kwargs, embedded])
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise TypeError(_what_is_wrong(task, args, kwargs, error)) from error


def _what_is_wrong(task: Named, args: Args, kwargs: Kwargs, error: Exception) -> str:
    names = _parameters(task)
    named = [(names[i] if i < len(names) else f"number {i + 1}", value) for i, value in enumerate(args or ())]
    for name, value in [*named, *(kwargs or {}).items()]:
        try:
            dumps(value)
        except (TypeError, ValueError, OverflowError, RecursionError):
            return (
                f"{_name(task)}: the argument {name} ({type(value).__name__}) cannot be sent, since JSON cannot hold"
                f" it: {error}. Pass a key, such as an id, and load it in the task."
            )
    return f"{_name(task)}: JSON cannot hold what goes with the task: {error}."


def _parameters(task: Named) -> list[str]:
    run = getattr(task, "run", None)
    code = getattr(getattr(run, "__wrapped__", run), "__code__", None)
    if code is None:
        return []
    names = list(code.co_varnames[: code.co_argcount])
    return names[1:] if names[:1] == ["self"] else names


def _name(task: Named) -> str:
    return task if isinstance(task, str) else task.name
