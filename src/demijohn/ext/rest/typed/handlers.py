"""THE PATH OF A TYPED REQUEST: arguments read, providers opened, the view called, its answer made.

All is decided when the application starts; a request goes through a list of readers. This module must not know
routes or documents.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property, partial, update_wrapper
from inspect import isasyncgenfunction, unwrap
from typing import Any

from msgspec import UNSET
from werkzeug.exceptions import HTTPException

from demijohn.ext.rest.typed.answers import Promise, answer_for, promise_of
from demijohn.ext.rest.typed.faults import MOST, Fault, InvalidRequest
from demijohn.ext.rest.typed.kinds import fields_of, is_model, members_of, name_of, plain
from demijohn.ext.rest.typed.options import Options
from demijohn.ext.rest.typed.parameters import BadSignature, Parameter, hints_of, parameters_of, place_of
from demijohn.ext.rest.typed.providers import Provider, close, close_async
from demijohn.ext.rest.typed.reading import Read, reader_for, readers_for_bodies
from demijohn.ext.rest.typed.sources import Body, Supplier
from demijohn.typing import WSGIEnvironment
from demijohn.extend import call, current_environ, current_query, is_async

__all__ = ["Handler"]

#: The query, or the environ, of a view that does not look at it.
NOTHING: dict[str, Any] = {}

#: How a reader is called in async code.
HERE, AWAITED, IN_THREAD = 0, 1, 2

#: The function that an argument belongs to, 0 for the view, and its name there.
Slot = tuple[int, str]


class Handler:
    """A typed view of one rule.

    :param function: The view.
    :param options: What is said of it.
    :param path: The names of the variable parts of the rule.
    :param methods: The HTTP methods of the rule.
    :param providers: The providers of its Api, by what they make.
    :param checked: Whether answers are looked at closely, as in debug mode.
    :param asked: The names in the query string that others look at.
    :raises BadSignature: for what cannot be told from the annotations.
    """

    def __init__(
        self, function: Callable[..., Any], options: Options, path: Collection[str], methods: Collection[str],
        providers: Mapping[Any, Provider], *, checked: bool, asked: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.function = function
        self.options = options
        self.where = place_of(function)
        hints = hints_of(function)
        self.promise: Promise = promise_of(hints.get("return", UNSET))
        self._providers = providers
        self._path = path
        self._asked = asked
        #: The providers in the order they are called in, and where their arguments come from.
        self._order: list[Provider] = []
        #: The parameters by function, the view's first.
        own = parameters_of(function, path, providers, methods, hints)
        self._parameters: list[list[Parameter]] = [own]
        self._order_providers(own, [])
        self._check_bodies(methods)
        self._answer = answer_for(self.promise, options.status, self.where, checked=checked)

    @cached_property
    def parameters(self) -> list[Parameter]:
        """All parameters that come from the request, those of providers included, each once."""
        found: dict[tuple[str, str], Parameter] = {}
        for parameter in (one for several in self._parameters for one in several):
            if parameter.source is not None:
                found.setdefault((parameter.place, parameter.key), parameter)
        return list(found.values())

    @property
    def suppliers(self) -> list[Supplier]:
        """What supplies arguments or lets callers in."""
        marks = [one.source for one in self.parameters if isinstance(one.source, Supplier)]
        return [*self.options.guards, *marks]

    def _order_providers(self, parameters: list[Parameter], asking: list[Any]) -> None:
        for parameter in parameters:
            if parameter.source is not None:
                continue
            made = plain(parameter.annotation)
            if made in asking:
                names = " -> ".join(map(name_of, (*asking, made)))
                raise BadSignature(f"{self.where}: providers need each other in a circle: {names}.")
            provider = self._providers[made]
            if provider not in self._order:
                needed = parameters_of(provider.function, self._path, self._providers)
                self._order_providers(needed, [*asking, made])
                self._order.append(provider)
                self._parameters.append(needed)

    def _check_bodies(self, methods: Collection[str]) -> None:
        for provider, parameters in zip(self._order, self._parameters[1:], strict=True):
            for parameter in parameters:
                if parameter.place in {"body", "form", "file"}:
                    raise BadSignature(
                        f"{place_of(provider.function)}: the parameter {parameter.name!r} is read from the body, which"
                        " is the view's. A provider takes what is in the path, the query, header fields and cookies."
                    )

    @property
    def _looks(self) -> bool:
        """Whether readers look at the environ. PERF: it costs 0.3 us, and 5 us where none was made yet."""
        places = [parameter.place for parameter in self.parameters]
        return not {"body", "path", "query"}.issuperset(places) or any(
            isinstance(parameter.source, Body) and parameter.source.name for parameter in self.parameters
        )

    @property
    def _asks(self) -> bool:
        """Whether anything is looked for in the query string."""
        return any(parameter.place == "query" for parameter in self.parameters)

    # What is called.

    def view(self) -> Callable[..., Any]:
        """The view to call with the variable parts of the path, and before them its object where it is a method."""
        readers = self._readers()
        awaited = any(supplier.is_async for supplier in self.suppliers)
        goes_on_loop = is_async(self.function) or any(one.is_async for one in self._order)
        goes_async = awaited or goes_on_loop
        made: Any
        if goes_async:
            made = self._async_view(readers)
        elif self._order:
            made = self._providing_view(readers)
        else:
            made = self._plain_view(readers)
        update_wrapper(made, self.function)
        made.answers_problems = True
        if not goes_async and isasyncgenfunction(unwrap(self.function)):
            made.is_async = True  # calling it makes the generator, which waits for nothing
        return made  # type: ignore[no-any-return]

    def _query_names(self) -> frozenset[str]:
        """The names in the query string that are parameters."""
        names = set(self._asked)
        for parameter in self.parameters:
            if parameter.place == "query":
                models = [member for member in members_of(parameter.annotation) if is_model(member)]
                names.update(field.key for model in models for field in fields_of(model))
                names.add(parameter.key)
        return frozenset(names)

    def _readers(self) -> list[tuple[Slot, Read, int]]:
        """What reads each argument, and how it is called; those that let callers in come first."""
        found: list[tuple[int, Slot, Read, int]] = []
        beside = self._query_names()
        for number, guard in enumerate(self.options.guards):
            parameter = Parameter(f"guard {number}", Any, guard)
            found.append((0, (-1, parameter.name), reader_for(parameter, self.where, beside), _how(guard)))
        if len(found) > 1:
            found = [_any_of(found)]
        for number, parameters in enumerate(self._parameters):
            where = self.where if number == 0 else place_of(self._order[number - 1].function)
            bodies = [one for one in parameters if one.place == "body"]
            for parameter in parameters:
                if parameter.source is None or parameter in bodies:
                    continue
                supplier = parameter.source if isinstance(parameter.source, Supplier) else None
                turn = 1 if supplier is None else supplier.turn
                how = HERE if supplier is None else _how(supplier)
                found.append((turn, (number, parameter.name), reader_for(parameter, where, beside), how))
            for name, read in readers_for_bodies(bodies, where) if bodies else ():
                found.append((2, (number, name), read, HERE))
        found.sort(key=lambda one: one[0])
        return [(slot, read, how) for _, slot, read, how in found]

    def _plain_view(self, readers: list[tuple[Slot, Read, int]]) -> Callable[..., Any]:
        """PERF: for a sync view without providers, which most are."""
        function, answer = self.function, self._answer
        own = tuple((name, read) for (owner, name), read, _ in readers if owner == 0)
        guards = tuple(read for (owner, _), read, _ in readers if owner < 0)
        asks, looks = self._asks, self._looks

        def view(*owner: Any, **path: Any) -> Any:
            if not own and not guards:
                return answer(function(*owner))
            environ = current_environ() if looks else NOTHING
            query = current_query() if asks else NOTHING
            faults: list[Fault] = []
            for guard in guards:
                guard(environ, query, path, faults)
            arguments = {}
            for name, read in own:
                arguments[name] = read(environ, query, path, faults)
            if faults:
                raise InvalidRequest(faults[:MOST])
            return answer(function(*owner, **arguments))

        return view

    def _made_for(self, number: int, arguments: list[dict[str, Any]], made: dict[Any, Any]) -> dict[str, Any]:
        """The arguments of a function, with what providers made for it."""
        given = arguments[number]
        for parameter in self._parameters[number]:
            if parameter.source is None:
                given[parameter.name] = made[plain(parameter.annotation)]
        return given

    def _providing_view(self, readers: list[tuple[Slot, Read, int]]) -> Callable[..., Any]:
        """For a sync view with providers, all of them sync."""
        function, answer, order = self.function, self._answer, self._order

        def view(*owner: Any, **path: Any) -> Any:
            arguments = self._read(readers, path)
            opened: list[Any] = []
            made: dict[Any, Any] = {}
            error: BaseException | None = None
            response = None
            try:
                for number, provider in enumerate(order, start=1):
                    made[provider.makes] = provider.make(self._made_for(number, arguments, made), opened)
                response = answer(function(*owner, **self._made_for(0, arguments, made)))
            except BaseException as e:
                error = e
            try:
                error = close(opened, error)
                if error is not None:
                    raise error
                return response
            finally:
                error = None  # an error must not be reachable from its own frame

        return view

    def _read(self, readers: list[tuple[Slot, Read, int]], path: dict[str, Any]) -> list[dict[str, Any]]:
        """The arguments by function, without those of providers."""
        environ = current_environ()
        query = current_query() if self._asks else NOTHING
        faults: list[Fault] = []
        arguments: list[dict[str, Any]] = [{} for _ in self._parameters]
        arguments.append({})  # what guards supply is nobody's argument
        for (owner, name), read, _ in readers:
            arguments[owner][name] = read(environ, query, path, faults)
        if faults:
            raise InvalidRequest(faults[:MOST])
        return arguments

    def _async_view(self, readers: list[tuple[Slot, Read, int]]) -> Callable[..., Any]:
        """For a view of which something has to be awaited; what is sync of it runs in a thread."""
        function, answer, order = self.function, self._answer, self._order
        awaits = is_async(function)
        simple = not order and awaits and all(how == HERE for _, _, how in readers)
        own = tuple((name, read) for (owner, name), read, _ in readers if owner == 0)
        guards = tuple(read for (owner, _), read, _ in readers if owner < 0)
        asks, looks = self._asks, self._looks

        async def simple_view(*owner: Any, **path: Any) -> Any:
            environ = current_environ() if looks else NOTHING
            query = current_query() if asks else NOTHING
            faults: list[Fault] = []
            for guard in guards:
                guard(environ, query, path, faults)
            arguments = {}
            for name, read in own:
                arguments[name] = read(environ, query, path, faults)
            if faults:
                raise InvalidRequest(faults[:MOST])
            return answer(await function(*owner, **arguments))

        async def view(*owner: Any, **path: Any) -> Any:
            arguments = await self._read_async(readers, path)
            opened: list[Any] = []
            made: dict[Any, Any] = {}
            error: BaseException | None = None
            response = None
            try:
                for number, provider in enumerate(order, start=1):
                    given = self._made_for(number, arguments, made)
                    made[provider.makes] = await provider.make_async(given, opened)
                given = self._made_for(0, arguments, made)
                if awaits:
                    result = await function(*owner, **given)
                elif isasyncgenfunction(unwrap(function)):
                    result = function(*owner, **given)
                else:
                    result = await call(partial(function, *owner, **given))
                response = answer(result)
            except BaseException as e:
                error = e
            try:
                error = await close_async(opened, error)
                if error is not None:
                    raise error
                return response
            finally:
                error = None  # an error must not be reachable from its own frame

        return simple_view if simple else view

    async def _read_async(
        self, readers: list[tuple[Slot, Read, int]], path: dict[str, Any]
    ) -> list[dict[str, Any]]:
        environ = current_environ()
        query = current_query() if self._asks else NOTHING
        faults: list[Fault] = []
        arguments: list[dict[str, Any]] = [{} for _ in self._parameters]
        arguments.append({})
        for (owner, name), read, how in readers:
            if how == HERE:
                arguments[owner][name] = read(environ, query, path, faults)
            elif how == AWAITED:
                arguments[owner][name] = await read(environ, query, path, faults)
            else:
                arguments[owner][name] = await call(read, environ, query, path, faults)
        if faults:
            raise InvalidRequest(faults[:MOST])
        return arguments


def _how(supplier: Supplier) -> int:
    """How what a supplier does is called in async code."""
    return AWAITED if supplier.is_async else IN_THREAD if supplier.blocks else HERE


def _any_of(guards: list[tuple[int, Slot, Read, int]]) -> tuple[int, Slot, Read, int]:
    """One guard of several, any of which lets a caller in; the last one says why not."""
    *firsts, last = [(read, how) for _, _, read, how in guards]

    def one_of(
        environ: WSGIEnvironment, query: dict[str, list[str]], path: dict[str, Any], faults: list[Fault]
    ) -> Any:
        for read, _ in firsts:
            try:
                return read(environ, query, path, faults)
            except HTTPException:
                continue
        return last[0](environ, query, path, faults)

    async def one_of_async(
        environ: WSGIEnvironment, query: dict[str, list[str]], path: dict[str, Any], faults: list[Fault]
    ) -> Any:
        for read, how in firsts:
            try:
                if how == AWAITED:
                    return await read(environ, query, path, faults)
                return await call(read, environ, query, path, faults)
            except HTTPException:
                continue
        value = last[0](environ, query, path, faults)
        return (await value) if last[1] == AWAITED else value

    hows = {how for _, how in (*firsts, last)}
    how = AWAITED if AWAITED in hows else max(hows)
    return 0, guards[0][1], one_of_async if how == AWAITED else one_of, how
