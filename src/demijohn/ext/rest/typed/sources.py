"""Where a parameter comes from, written into its annotation: ``Annotated[int, Header("X-Key")]``.

This module must not know how anything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from demijohn.ext.rest.typed.kinds import Annotation
from demijohn import Request

__all__ = ["Body", "Cookie", "File", "Form", "Header", "Path", "Query", "Source", "Supplier"]


class Source:
    """A place in the request, and the name there.

    :param name: The name that clients use; the parameter's own by default. With a model, whose fields are the
        parameters, there is none to give.
    """

    #: The word for it in errors and documents.
    place: ClassVar[str]

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.name is None else repr(self.name)})"

    def called(self, parameter: str) -> str:
        """The name that clients use for a parameter."""
        return parameter if self.name is None else self.name


class Query(Source):
    """The query string."""

    place = "query"


class Header(Source):
    """The header fields; the name of a parameter has dashes there: ``x_key`` is ``X-Key``."""

    place = "header"

    def called(self, parameter: str) -> str:
        """The name of the field."""
        return parameter.replace("_", "-").title() if self.name is None else self.name


class Cookie(Source):
    """The cookies."""

    place = "cookie"


class Form(Source):
    """The fields of a form, urlencoded or multipart."""

    place = "form"


class File(Source):
    """The files of a multipart form."""

    place = "file"


class Path(Source):
    """The variable parts of the rule."""

    place = "path"


class Body(Source):
    """The JSON body; with a name, the member of that name of the object it is, so that there may be several."""

    place = "body"


class Supplier:
    """Something in an annotation that makes the value itself, from whatever it looks at in the request.

    A subclass implements :meth:`supplying`, and :meth:`describe` for documents.
    """

    #: Whether what :meth:`supplying` returns has to be awaited.
    is_async = False

    #: Whether making the value may keep its thread waiting.
    blocks = False

    #: Suppliers of the smallest number are asked first.
    turn = 1

    def supplying(
        self, annotation: Annotation, beside: Collection[str]
    ) -> Callable[[Request, list[dict[str, str]]], Any]:
        """What makes the value: it takes the request, and a list to which it adds what is invalid.

        :param annotation: The type that the parameter has.
        :param beside: The names in the query string that are other parameters'.
        """
        raise NotImplementedError

    def describe(self, operation: dict[str, Any], document: dict[str, Any]) -> None:
        """Add to an operation of an OpenAPI document what clients have to know."""
