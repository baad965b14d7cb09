"""What is said about a typed view beside its annotations, and ``typed``, which says it.

This module must not know how views are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from demijohn.ext.rest.typed.sources import Supplier

if TYPE_CHECKING:  # a type checker brings it; at run time nothing but the name is needed
    from typing_extensions import TypedDict, Unpack
else:
    from typing import TypedDict

__all__ = ["Given", "OPTIONS", "Options", "options_of", "typed"]

F = TypeVar("F", bound=Callable[..., Any])


class Given(TypedDict, total=False):
    """The options of a typed view, as they are given."""

    status: int
    tags: Sequence[str]
    summary: str
    deprecated: bool
    errors: Mapping[int, str]
    auth: Supplier | Sequence[Supplier]
    hidden: bool
    operation_id: str
    etag: bool
    idempotent: bool | Literal["required"]


@dataclass(frozen=True)
class Options:
    """The options of a typed view."""

    #: The status of an answer that says none.
    status: int = 200
    tags: Sequence[str] = ()
    summary: str | None = None
    deprecated: bool = False
    #: What further statuses mean, for documents.
    errors: Mapping[int, str] = field(default_factory=dict)
    #: Who may call it: one of several ways is enough.
    auth: Supplier | Sequence[Supplier] = ()
    #: Whether it is left out of documents.
    hidden: bool = False
    operation_id: str | None = None
    #: Whether answers have an entity tag, and a client that has the same gets 304.
    etag: bool = False
    #: Whether a request that is sent again is answered as it was, by its Idempotency-Key.
    idempotent: bool | Literal["required"] = False

    @property
    def guards(self) -> Sequence[Supplier]:
        """The ways of :attr:`auth`."""
        return (self.auth,) if isinstance(self.auth, Supplier) else self.auth


OPTIONS = frozenset(one.name for one in fields(Options))


@overload
def typed(function: F, /) -> F: ...


@overload
def typed(**options: Unpack[Given]) -> Callable[[F], F]: ...


def typed(function: Any = None, /, **options: Any) -> Any:
    """Have a view's arguments read from the request and its answer made, as its annotations say.

    For any view, method of a :class:`~demijohn.views.MethodView` or of a resource, of an application that has an
    :class:`~demijohn.ext.rest.Api`. The function stays as it is, and can be called.

    :param options: ``status``, ``tags``, ``summary``, ``deprecated``, ``errors``, ``auth``, ``hidden``,
        ``operation_id``, ``etag``, ``idempotent``: see :class:`Options`.
    """
    if function is not None:
        return _marked(function, Options())
    unknown = sorted(set(options) - OPTIONS)
    if unknown:
        raise TypeError(f"typed() has no option {unknown[0]!r}. It has {', '.join(sorted(OPTIONS))}.")
    said = Options(**options)
    return lambda function: _marked(function, said)


def _marked(function: F, options: Options) -> F:
    marked: Any = function
    marked.__typed__ = options
    return function


def options_of(function: object, given: Mapping[str, Any] | None = None) -> Options | None:
    """The options of a view, those that its route was given included; None for one that is not typed."""
    said: Options | None = getattr(function, "__typed__", None)
    if given is None:
        return said
    return Options(**given) if said is None else replace(said, **given)
