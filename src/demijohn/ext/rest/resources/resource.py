"""A resource: a class with a method for each HTTP method, whose results are data rather than responses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from werkzeug.wrappers import Response as BaseResponse

from demijohn import request
from demijohn.ext.rest.utils import unpack
from demijohn.ext.rest.utils.results import then
from demijohn.views import MethodView

__all__ = ["Decorators", "Representation", "Resource", "written_by"]

#: Writes data, status and header fields as a response of one media type.
Representation = Callable[..., Any]
#: Decorators of a resource's methods: of all, or by the method's name.
Decorators = Iterable[Callable[..., Any]] | Mapping[str, Iterable[Callable[..., Any]]]


class Resource(MethodView):
    """Subclass it, define ``get``, ``post`` ..., sync or async, and add it to an Api.

    A method takes the variables of the URL and returns data, or data and status, or these and header fields; or
    a response.
    """

    #: How data is written, by media type, before the Api's own ways are looked at.
    representations: ClassVar[Mapping[str, Representation] | None] = None

    #: Put around a method at each call, the first innermost; a dictionary has those of each method by its name.
    method_decorators: ClassVar[Decorators] = []

    #: The endpoint it was added under last, without the blueprint's name.
    endpoint: ClassVar[str]

    #: The media types that the request asks for, and the Api's default.
    mediatypes: ClassVar[Callable[..., list[str]]]

    def dispatch_request(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method for the request's HTTP method, decorated.

        :raises AssertionError: when the route takes an HTTP method that the class does not have.
        """
        name: str = request.method.lower()
        method: Any = getattr(self, name, None)
        if method is None and name == "head":
            method = getattr(self, "get", None)
        if method is None:
            raise AssertionError(
                f"Unimplemented method {name.upper()!r}: {type(self).__name__} was added for it but has no {name}()."
            )
        for decorator in _decorators_of(self.method_decorators, name):
            method = decorator(method)
        return then(method(*args, **kwargs), self._represent)

    def _represent(self, value: object) -> object:
        """A response in a media type of the resource's own, where the client takes one; else the value."""
        if not self.representations or isinstance(value, BaseResponse):
            return value
        wanted = request.accept_mimetypes.best_match(self.representations)
        if wanted is None:
            return value
        data, code, headers = unpack(value)
        response = written_by(self.representations[wanted], wanted, data, code, headers)
        response.headers["Content-Type"] = wanted
        return response


def written_by(write: Representation, mediatype: str, data: object, *args: Any, **kwargs: Any) -> Any:
    """The response that a representation makes of data.

    :raises TypeError: when it makes none, or the data are of no kind that it can write.
    """
    try:
        response = write(data, *args, **kwargs)
    except TypeError as e:
        e.add_note(f"The resource {request.endpoint!r} returned what was to be written as {mediatype!r}.")
        raise
    if not hasattr(response, "headers"):
        name, kind = getattr(write, "__qualname__", repr(write)), type(response).__name__
        raise TypeError(
            f"The representation {name} of {mediatype!r} returned a {kind}: it has to return a response."
        )
    return response


def _decorators_of(given: Any, name: str) -> Iterable[Callable[..., Any]]:
    """The decorators of one method."""
    decorators: Iterable[Callable[..., Any]] = given.get(name, ()) if isinstance(given, Mapping) else given
    return decorators
