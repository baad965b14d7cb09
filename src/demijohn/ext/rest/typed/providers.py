"""Providers: functions that make an argument, once per request, and clean up behind it.

A generator is told of every exception of its request. It cannot undo one, and it is finished before the first
byte is sent. This module must not know what the arguments are.
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from functools import partial
from inspect import isasyncgenfunction, isgeneratorfunction, unwrap
from typing import Any, get_args

from demijohn.ext.rest.typed.kinds import origin_of, plain
from demijohn.ext.rest.typed.parameters import BadSignature, hints_of, place_of
from demijohn.extend import call, is_async

__all__ = ["Provider", "close", "close_async"]

_GENERATORS: tuple[Any, ...] = (
    collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator,
    collections.abc.AsyncIterator, collections.abc.AsyncIterable, collections.abc.AsyncGenerator,
)  # fmt: skip


class Provider:
    """A function that makes values of the type that it returns.

    :param function: Sync, async, or a generator of either kind that yields once.
    :raises BadSignature: when it does not say what it makes.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        inner = unwrap(function)
        #: Whether it is a generator, and has something to do behind the request.
        self.generates = isgeneratorfunction(inner) or isasyncgenfunction(inner)
        #: Whether it must be awaited.
        self.is_async = is_async(function) or isasyncgenfunction(inner)
        #: Whether it may keep its thread waiting.
        self.blocks = not self.is_async and getattr(function, "blocking", True) is not False
        self.makes = self._made()

    def _made(self) -> Any:
        where = place_of(self.function)
        made = hints_of(self.function).get("return")
        if made is None:
            raise BadSignature(
                f"{where}: a provider is found by its return type. Write what it makes: -> Session."
            )
        if not self.generates:
            return plain(made)
        if origin_of(made) not in _GENERATORS or not get_args(made):
            raise BadSignature(f"{where}: a provider that yields says what: -> Iterator[Session].")
        return plain(get_args(made)[0])

    def make(self, arguments: dict[str, Any], opened: list[Any]) -> Any:
        """The value, in sync code; a generator is added to those that were opened."""
        value = self.function(**arguments)
        if self.generates:
            generator = value
            value = next(generator)
            opened.append(generator)
        return value

    async def make_async(self, arguments: dict[str, Any], opened: list[Any]) -> Any:
        """The value, in async code: what may block runs in a thread."""
        if self.is_async:
            value = self.function(**arguments)
            if not self.generates:
                return await value
            made = await anext(value)
            opened.append(value)
            return made
        if not self.blocks:
            return self.make(arguments, opened)
        return await call(partial(self.make, arguments, opened))


def _finish(generator: Any, error: BaseException | None) -> BaseException | None:
    """Let a generator end; the error that its request has then."""
    try:
        if error is None:
            next(generator)
        else:
            generator.throw(error)
    except StopIteration:
        return error  # having swallowed it changes nothing
    except BaseException as e:
        return e
    return error or _twice(generator)


def _twice(generator: Any) -> RuntimeError:
    return RuntimeError(f"The provider {generator!r} yields a second time. It yields once: what it makes.")


def close(opened: list[Any], error: BaseException | None) -> BaseException | None:
    """End the generators of a request, the last one first; the error to raise."""
    for generator in reversed(opened):
        error = _finish(generator, error)
    return error


async def close_async(opened: list[Any], error: BaseException | None) -> BaseException | None:
    """:func:`close` in async code: sync generators end in a thread."""
    for generator in reversed(opened):
        if not hasattr(generator, "__anext__"):
            error = await call(partial(_finish, generator, error))
            continue
        try:
            if error is None:
                await anext(generator)
            else:
                await generator.athrow(error)
        except StopAsyncIteration:
            continue
        except BaseException as e:
            error = e
            continue
        error = error or _twice(generator)
    return error
