"""Lists of what a database has: filtered, sorted, and by pages, as the query string says and the view allows.

``?colour=red&year[gte]=2010&sort=-year,name&page=2&per_page=10``, or ``&cursor=``. What is queried are
SQLAlchemy's own objects, whoever made them. This module must not know sessions or engines.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from msgspec import ValidationError
from werkzeug.exceptions import BadRequest

from demijohn.ext.rest.typed.kinds import Annotation
from demijohn import Request, Response, after_this_request
from demijohn.ext.rest.typed.faults import Fault, InvalidRequest, reason_of
from demijohn.ext.rest.typed.sources import Supplier
from demijohn.ext.rest.typed.text import Reader, reader_of
from demijohn.extend import Filled, current_application, current_request, later

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy import exc
else:
    exc = later("sqlalchemy.exc")
    sa = later("sqlalchemy")

__all__ = ["Listing", "Page"]

#: What may stand in brackets behind the name of a filter.
COMPARISONS = ("gte", "gt", "lte", "lt", "ne", "in")
#: The largest offset that every database takes.
_MOST_ROWS = 2**63 - 1


class _Filter(NamedTuple):
    name: str
    comparison: str
    value: Any


class Listing(Supplier):
    """What clients may ask of a list: ``page: Annotated[Page, listing]``.

    :param model: A class of SQLAlchemy's.
    :param filters: The names of its attributes that may be compared.
    :param sorts: Those that may be sorted by.
    :param per_page: How many items a page has, where a client does not say.
    :param most: How many it may ask for.
    :param style: ``"pages"`` by number, or ``"cursor"``: the next page by where the last one ended, which stays
        quick and right while rows are added. Sorted columns must not be null then.
    """

    turn = 2

    def __init__(
        self, model: Annotation, filters: Sequence[str] = (), sorts: Sequence[str] = (), per_page: int = 25,
        most: int = 100, style: Literal["pages", "cursor"] = "pages",
    ) -> None:  # fmt: skip
        if style not in {"pages", "cursor"}:
            raise ValueError(f'style is "pages" or "cursor", and not {style!r}.')
        self.model = model
        self.filters = tuple(filters)
        self.sorts = tuple(sorts)
        self.per_page = per_page
        self.most = most
        self.style = style
        self._readers: dict[str, Reader] = {}

    def column(self, name: str) -> Any:
        """The attribute of a name."""
        return getattr(self.model, name)

    def reader(self, name: str) -> Reader:
        """What reads values of an attribute from text."""
        read = self._readers.get(name)
        if read is None:
            read = self._readers[name] = reader_of(self.column(name).type.python_type)
        return read

    def kind(self, name: str) -> str:
        """The name of the type of an attribute's values."""
        python_type: type = self.column(name).type.python_type
        return python_type.__name__

    def key_names(self) -> list[str]:
        """The attributes that are the primary key, which make every order a complete one."""
        mapper = sa.inspect(self.model)
        return [mapper.get_property_by_column(column).key for column in mapper.primary_key]

    def supplying(
        self, annotation: Annotation, beside: Collection[str]
    ) -> Callable[[Request, list[Fault]], Any]:
        """What reads the query string as a :class:`Page`."""
        names = [*self.filters, *self.sorts]
        for name in names:
            if not hasattr(self.model, name):
                raise TypeError(f"{self.model.__name__} has no attribute {name!r} to list by")
        own = {"sort", "per_page", "page" if self.style == "pages" else "cursor"}
        return lambda request, faults: self._page(request, faults, own, frozenset(beside))

    def _page(self, request: Request, faults: list[Fault], own: set[str], beside: frozenset[str]) -> Page:
        filters = []
        for key in request.args:
            if key in beside or key in own:
                continue
            name, bracket, rest = key.partition("[")
            comparison = rest.removesuffix("]") if bracket else "eq"
            if name not in self.filters or (
                bracket and (not rest.endswith("]") or comparison not in COMPARISONS)
            ):
                allowed = ", ".join(self.filters) or "nothing"
                raise BadRequest(
                    Filled(
                        "The query has a name that this list cannot be filtered by. It can by: %(names)s.",
                        names=allowed,
                    )
                )
            filters += self._filters(request, key, name, comparison, faults)
        page = self._number(request, "page", 1, _MOST_ROWS // max(self.most, 1), faults)
        size = self._number(request, "per_page", self.per_page, self.most, faults)
        sort = self._sort(request.args.get("sort", ""))
        cursor = request.args.get("cursor") if self.style == "cursor" else None
        return Page(self, filters, sort, page, size, cursor or None)

    def _filters(
        self, request: Request, key: str, name: str, comparison: str, faults: list[Fault]
    ) -> list[_Filter]:
        read, found = self.reader(name), []
        for text in request.args.getlist(key):
            texts = text.split(",") if comparison == "in" else [text]
            try:
                values = [read(one) for one in texts]
            except ValidationError as e:
                kind = self.column(name).type.python_type
                faults.append({"in": "query", "name": key, "detail": reason_of(e, kind, text=True)})
                continue
            found.append(_Filter(name, comparison, values if comparison == "in" else values[0]))
        return found

    @staticmethod
    def _number(request: Request, name: str, default: int, most: int, faults: list[Fault]) -> int:
        text = request.args.get(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 20 and 1 <= int(text) <= most):
            faults.append({"in": "query", "name": name, "detail": f"Expected `int` from 1 to {most}"})
            return default
        return int(text)

    def _sort(self, text: str) -> list[tuple[str, bool]]:
        """The names to sort by, each with whether the largest comes first."""
        found: list[tuple[str, bool]] = []
        for part in filter(None, text.split(",")):
            name = part.removeprefix("-")
            if name not in self.sorts:
                allowed = ", ".join(self.sorts) or "nothing"
                raise BadRequest(
                    Filled(
                        "The query sorts by a name that this list cannot be sorted by. It can by: %(names)s.",
                        names=allowed,
                    )
                )
            if name not in dict(found):
                found.append((name, part.startswith("-")))
        return found

    def describe(self, operation: dict[str, Any], document: dict[str, Any]) -> None:
        """Add the parameters."""
        add = operation["parameters"].append
        for name in self.filters:
            for key in (name, *(f"{name}[{comparison}]" for comparison in COMPARISONS)):
                add({"name": key, "in": "query", "required": False, "schema": {"type": "string"}})
        if self.sorts:
            names = "|".join(self.sorts)
            pattern = f"^-?({names})(,-?({names}))*$"
            add(
                {
                    "name": "sort",
                    "in": "query",
                    "required": False,
                    "schema": {"type": "string", "pattern": pattern},
                }
            )
        number = {"type": "integer", "minimum": 1}
        sized = {**number, "maximum": self.most, "default": self.per_page}
        add({"name": "per_page", "in": "query", "required": False, "schema": sized})
        named = (
            ("page", {**number, "default": 1}) if self.style == "pages" else ("cursor", {"type": "string"})
        )
        add({"name": named[0], "in": "query", "required": False, "schema": named[1]})
        problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        operation["responses"].setdefault(
            "400", {"description": "The list cannot be asked for that.", "content": problem}
        )


class Page:
    """A page of a list, as a request asks for it: :meth:`of` gets its items."""

    def __init__(
        self, listing: Listing, filters: list[_Filter], sort: list[tuple[str, bool]], number: int, size: int,
        cursor: str | None,
    ) -> None:  # fmt: skip
        self.listing = listing
        self.filters = filters
        self.sort = sort
        #: Its number, from 1.
        self.number = number
        #: How many items it has at most.
        self.size = size
        self.cursor = cursor
        #: How many items all pages have; None where they were not counted.
        self.total: int | None = None

    @property
    def _order(self) -> list[tuple[str, bool]]:
        """What the items are sorted by, down to what tells any two apart."""
        named = dict(self.sort)
        return [*self.sort, *((key, False) for key in self.listing.key_names() if key not in named)]

    def filtered(self, select: Any) -> Any:
        """A select with the filters of the request."""
        for name, comparison, value in self.filters:
            column = self.listing.column(name)
            select = select.where(_COMPARE[comparison](column, value))
        return select

    def _selected(self, select: Any) -> Any:
        """The rows of this page, and one more where that tells whether another follows."""
        select = self.filtered(select)
        for name, falling in self._order:
            column = self.listing.column(name)
            select = select.order_by(column.desc() if falling else column.asc())
        if self.listing.style == "pages":
            return select.offset((self.number - 1) * self.size).limit(self.size)
        if self.cursor is not None:
            select = select.where(self._behind(self._read_cursor(self.cursor)))
        return select.limit(self.size + 1)

    def _counted(self, select: Any) -> Any:
        return sa.select(sa.func.count()).select_from(self.filtered(select).order_by(None).subquery())

    def of(self, session: Any, select: Any) -> list[Any]:
        """The items: the select's rows, filtered, sorted, and cut. The response gets a Link field.

        :param session: A session of SQLAlchemy's.
        :param select: A select of the model.
        :raises BadRequest: for a cursor that was not made here.
        """
        with self._what_the_database_takes():
            if self.listing.style == "pages":
                self.total = session.execute(self._counted(select)).scalar_one()
            items = list(session.execute(self._selected(select)).scalars().unique())
        return self._linked(items)

    async def of_async(self, session: Any, select: Any) -> list[Any]:
        """The same with an async session."""
        with self._what_the_database_takes():
            if self.listing.style == "pages":
                self.total = (await session.execute(self._counted(select))).scalar_one()
            items = list((await session.execute(self._selected(select))).scalars().unique())
        return self._linked(items)

    @contextmanager
    def _what_the_database_takes(self) -> Iterator[None]:
        """A value of a type that no column of it can have, a year of twenty digits say, is the client's error.

        How large a number may be, and whether a text may have a zero byte, differs from database to database.
        """
        try:
            yield
        except (OverflowError, exc.DataError) as e:  # SQLite's driver raises the one, all others the other
            if not self.filters:
                raise
            names = dict.fromkeys(name for name, _, _ in self.filters)
            raise InvalidRequest(
                [
                    {
                        "in": "query",
                        "name": name,
                        "detail": f"Expected `{self.listing.kind(name)}` of the database",
                    }
                    for name in names
                ]
            ) from e

    # Cursors: the values by which the last item of a page is sorted, signed.

    def _serializer(self) -> URLSafeSerializer:
        app = current_application()
        if not app.secret_key:
            raise RuntimeError("Cursors are signed, and the application has no key. Set app.secret_key.")
        names = ",".join(f"{'-' if falling else ''}{name}" for name, falling in self._order)
        return URLSafeSerializer(
            app.secret_key, salt=f"demijohn.rest.cursor:{current_request().path}:{names}"
        )

    def _cursor_behind(self, item: Any) -> str:
        values = [_written(getattr(item, name)) for name, _ in self._order]
        made: str | bytes = self._serializer().dumps(values)
        return made if isinstance(made, str) else made.decode()

    def _read_cursor(self, cursor: str) -> list[Any]:
        try:
            values = self._serializer().loads(cursor)
            return [
                self.listing.reader(name)(text) for (name, _), text in zip(self._order, values, strict=True)
            ]
        except (BadData, ValueError, TypeError):
            raise BadRequest("The cursor was not made for this list. Begin without one.") from None

    def _behind(self, values: list[Any]) -> Any:
        """What is sorted behind an item."""
        behind: list[Any] = []
        equal: list[Any] = []
        for (name, falling), value in zip(self._order, values, strict=True):
            column = self.listing.column(name)
            behind.append(sa.and_(*equal, column < value if falling else column > value))
            equal.append(column == value)
        return sa.or_(*behind)

    def _linked(self, items: list[Any]) -> list[Any]:
        links: dict[str, dict[str, Any]] = {}
        if self.listing.style == "cursor":
            links["first"] = {"cursor": None}
            if len(items) > self.size:
                items = items[: self.size]
                links["next"] = {"cursor": self._cursor_behind(items[-1])}
        else:
            last = max(1, -(-(self.total or 0) // self.size))
            links["first"] = {"page": 1}
            if self.number > 1:
                links["prev"] = {"page": min(self.number - 1, last)}
            if self.number < last:
                links["next"] = {"page": self.number + 1}
            links["last"] = {"page": last}
        request = current_request()
        field = ", ".join(f'<{_address(request, change)}>; rel="{name}"' for name, change in links.items())

        def link(response: Response) -> Response:
            response.headers.add("Link", field)
            return response

        after_this_request(link)
        return items


def _address(request: Request, change: dict[str, Any]) -> str:
    """The address of the request with parameters changed; None takes one out."""
    fields = [(name, value) for name, value in request.args.items(multi=True) if name not in change]
    fields += [(name, value) for name, value in change.items() if value is not None]
    query = urlencode(fields)
    path = request.root_path + request.path
    return f"{path}?{query}" if query else path


def _written(value: Any) -> str:
    if isinstance(value, (str, int, float, Decimal, UUID)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    named = getattr(value, "value", value)  # of an enumeration
    return str(named)


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "in": lambda column, value: column.in_(value),
}
