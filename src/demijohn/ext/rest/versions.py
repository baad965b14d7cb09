"""Versions of an Api: which one a request asks for, which view answers, and what clients are told of old ones.

This module must not know how views are adapted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any, TypeVar

from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotAcceptable, NotFound
from werkzeug.routing import RequestRedirect

from demijohn import Request, Response, after_this_request
from demijohn.extend import Filled, current_application, current_request, is_async

__all__ = ["ARGUMENT", "Span", "Versions", "versioned_view"]

E = TypeVar("E", bound=HTTPException)

#: The default of a rule that says which version its path is of; ``url_for(..., api_version="2")`` builds it.
ARGUMENT = "api_version"

#: The endpoint of paths that no version has.
UNKNOWN = "unknown_api_version"

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class _Deprecation:
    since: date
    sunset: date | None
    link: str | None


@dataclass(frozen=True)
class Span:
    """The versions that something serves, by their places in the list: from the first up to the last."""

    first: int
    last: int


class Versions:
    """The versions of an Api, and where a request may name one. Each source is optional.

    :param names: The versions, the oldest first.
    :param path: A part of the path with ``{}`` for the version: ``"/v{}"``.
    :param header: A header field.
    :param query: A field of the query string.
    :param accept: Look at Accept: ``application/json; version=2``.
    :param vendor: With ``accept``, also ``application/vnd.VENDOR.v2+json``.
    :param default: The version of a request that names none; without one, it is a 400.
    :raises ValueError: for a version twice, a default that is none, or nothing that names a version.
    """

    def __init__(
        self, names: Sequence[str], path: str | None = None, header: str | None = None, query: str | None = None,
        accept: bool = False, vendor: str | None = None, default: str | None = None,
    ) -> None:  # fmt: skip
        self.names = tuple(names)
        if not self.names or len(set(self.names)) != len(self.names):
            raise ValueError(
                f"Versions are a list of names, each once, the oldest first: {list(names)!r} is none."
            )
        if default is not None and default not in self.names:
            raise ValueError(f"The default version {default!r} is not one of {', '.join(self.names)}.")
        if path is not None and "{}" not in path:
            raise ValueError(f'The path {path!r} has no place for the version. Write it as {{}}: "/v{{}}".')
        if path is None and header is None and query is None and not accept and default is None:
            raise ValueError("Nothing names a version: give path=, header=, query=, accept=True or default=.")
        self.path = path
        self.header = header
        self.query = query
        self.accept = accept
        self.vendor = vendor
        self.default = default
        self._deprecated: dict[str, _Deprecation] = {}

    def deprecate(self, name: str, since: date, sunset: date | None = None, link: str | None = None) -> None:
        """Have every answer of a version say that it is deprecated (RFC 9745), and when it ends (RFC 8594).

        :param since: Since when it is, or from when it will be.
        :param sunset: When it will no longer answer.
        :param link: An address that says more.
        """
        self.place(name)
        self._deprecated[name] = _Deprecation(since, sunset, link)

    def deprecated(self, name: str) -> bool:
        """Whether a version is deprecated."""
        return name in self._deprecated

    def place(self, name: str) -> int:
        """The place of a version in the list.

        :raises ValueError: when it is none of them.
        """
        if name not in self.names:
            raise ValueError(f"There is no version {name!r}: there are {', '.join(self.names)}.")
        return self.names.index(name)

    def span(self, version: str | None, until: str | None) -> Span:
        """The versions from one up to another: all, where neither is given."""
        first = 0 if version is None else self.place(version)
        last = len(self.names) - 1 if until is None else self.place(until)
        if last < first:
            raise ValueError(f"until={until!r} is before version={version!r}.")
        return Span(first, last)

    def serving(self, spans: Iterable[tuple[Span, Any]], name: str) -> Any:
        """What serves a version: of those that reach it the one that begins last; None when there is none."""
        place = self.place(name)
        reaching = [(span.first, serving) for span, serving in spans if span.first <= place <= span.last]
        return max(reaching, key=lambda one: one[0])[1] if reaching else None

    def prefixes(self) -> list[tuple[str, str | None]]:
        """What is put before rules, each with the version that it stands for; None for one named otherwise."""
        named: list[tuple[str, str | None]] = []
        if self.path is not None:
            named = [(self.path.format(name), name) for name in self.names]
        return [*named, ("", None)]

    # Of a request.

    @property
    def looks(self) -> bool:
        """Whether anything but the path is looked at."""
        return self.header is not None or self.query is not None or self.accept

    @property
    def varies(self) -> list[str]:
        """The header fields that are looked at."""
        return [*([self.header] if self.header else []), *(["Accept"] if self.accept else [])]

    def asked(self, request: Request, of_path: str | None) -> str:
        """The version that a request is for.

        :param of_path: The one that its path names, or None.
        :raises HTTPException: for a version that is not there (400, 406), none, or several.
        """
        named = {} if of_path is None else {"the path": of_path}
        if self.header is not None and (value := request.headers.get(self.header)) is not None:
            named[self.header] = self._known(
                value.strip(),
                BadRequest,
                "The header field %(name)s names a version that there is not.",
                self.header,
            )
        if self.query is not None and (value := request.args.get(self.query)) is not None:
            named[f"the query's {self.query}"] = self._known(
                value, BadRequest, "The query's %(name)s names a version that there is not.", self.query
            )
        if self.accept and (found := self._of_accept(request.headers.get("Accept", ""))) is not None:
            named["Accept"] = self._known(
                found, NotAcceptable, "The header field %(name)s names a version that there is not.", "Accept"
            )
        if len(set(named.values())) > 1:
            said = ", ".join(f"{value} by {source}" for source, value in named.items())
            raise self._error(
                BadRequest, Filled("The request names several versions: %(versions)s.", versions=said)
            )
        if named:
            return next(iter(named.values()))
        if self.default is None:
            raise self._error(BadRequest, "The request names no version of the API, and there is no default.")
        return self.default

    def _known(self, name: str, error: type[HTTPException], said: str, source: str) -> str:
        if name not in self.names:
            name = name.removeprefix("v")
        if name not in self.names:
            raise self._error(error, Filled(said, name=source))
        return name

    def _of_accept(self, accept: str) -> str | None:
        """The version that Accept names first."""
        for entry in accept.split(",")[:64]:
            media_type, *parameters = entry.lower().split(";")
            if self.vendor is not None:
                found = re.fullmatch(
                    rf"application/vnd\.{re.escape(self.vendor.lower())}\.v([^+\s]+)\+json",
                    media_type.strip(),
                )
                if found:
                    return found[1]
            if media_type.strip() in {"application/json", "*/*", "application/*"}:
                for parameter in parameters:
                    name, _, value = parameter.partition("=")
                    if name.strip() == "version":
                        return value.strip().strip('"')
        return None

    def _error(self, kind: Callable[..., E], description: str, names: Iterable[str] | None = None) -> E:
        error = kind(description=description)
        made: Any = error
        made.members = {"versions": list(self.names if names is None else names)}
        return error

    def unknown_path(self) -> NotFound:
        """The error for a path of a version that there is not."""
        return self._error(NotFound, "There is no such version of this API.")

    def not_there(self, served_in: Iterable[str], methods: Iterable[str]) -> HTTPException:
        """The error for what a version does not have: 405 where it has the path with another method."""
        methods = sorted(methods)
        if methods:
            return self._error(
                lambda description: MethodNotAllowed(methods, description), "Not in this version."
            )
        return self._error(NotFound, "This version of the API has no such path.", served_in)

    def vary(self, response: Response) -> Response:
        """Tell caches what was looked at."""
        for field in self.varies:
            response.vary.add(field)
        return response

    def tell(self, name: str, response: Response) -> Response:
        """Tell clients that a version is deprecated."""
        found = self._deprecated[name]
        response.headers["Deprecation"] = f"@{int(_moment(found.since).timestamp())}"
        if found.sunset is not None:
            response.headers["Sunset"] = format_datetime(_moment(found.sunset), usegmt=True)
        if found.link is not None:
            response.headers.add("Link", f'<{found.link}>; rel="deprecation"')
        return response


def _moment(day: date) -> datetime:
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=UTC)
    return datetime.combine(day, time(), UTC)


def versioned_view(
    versions: Versions, of_path: str | None, views: Mapping[str, Any], others: Callable[[str], Iterable[str]]
) -> Any:
    """The view of a rule that has one of its own for each version.

    :param of_path: The version that the rule's path names, or None.
    :param views: The views by version.
    :param others: The HTTP methods that the path has in a version beside those of the rule.
    """
    served_in = [name for name in versions.names if name in views]

    def view(**path: Any) -> Any:
        path.pop(ARGUMENT, None)
        name = of_path
        if versions.varies:
            after_this_request(versions.vary)
        if of_path is None or versions.looks:
            name = versions.asked(current_request(), of_path)
        assert name is not None
        if versions.deprecated(name):
            after_this_request(lambda response: versions.tell(name, response))
        chosen = views.get(name)
        if chosen is None:
            raise versions.not_there(served_in, others(name))
        return chosen(**path)

    marked: Any = view
    marked.answers_problems = True
    marked.is_async = all(map(is_async, views.values())) if views else False
    only = views.get(of_path) if of_path is not None else None
    marked.__name__ = getattr(only or next(iter(views.values()), view), "__name__", "view")
    return view


def unknown_version_rule(versions: Versions) -> str | None:
    """The rule for paths of versions that there are not; None where the path names none or is nothing but a name."""
    if versions.path is None or versions.path.strip("/") == "{}":
        return None
    return versions.path.format(f"<{ARGUMENT}>") + "/<path:rest>"


def unknown_version_view(versions: Versions) -> Callable[..., Any]:
    """What answers for a version that there is not, or that does not have the path or method."""

    def unknown_version(**path: Any) -> Any:
        name = path[ARGUMENT]
        if name not in versions.names:
            raise versions.unknown_path()
        asked = current_request()
        adapter = current_application().create_url_adapter(asked)
        assert adapter is not None
        here = f"{versions.path}".format(name)

        def methods(other: str) -> Iterator[str]:
            """Those by which a version has the path."""
            there = f"{versions.path}".format(other)
            for method in METHODS:
                try:
                    endpoint, _ = adapter.match(asked.path.replace(here, there, 1), method)
                except (HTTPException, RequestRedirect):
                    continue
                if endpoint.rpartition(".")[2] != UNKNOWN:
                    yield method

        raise versions.not_there([other for other in versions.names if any(methods(other))], methods(name))

    marked: Any = unknown_version
    marked.answers_problems = True
    return unknown_version
