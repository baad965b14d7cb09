"""Pages of a result: offset and limit from the request, a total, and numbers for a pager.

:class:`Pagination` knows how to count pages, its subclasses how to query one. This module must not know
sessions or engines: what it queries with is handed to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
import sqlalchemy.orm as sa_orm

from demijohn import abort, has_request_context, request

T = TypeVar("T")

PER_PAGE = 20
MAX_PER_PAGE = 100
#: The largest offset that every database takes; a page beyond it is a bad page, not a database error.
MAX_OFFSET = 2**63 - 1


class Pagination(Generic[T]):
    """One page of a result. Iterating gives its items.

    Made by :meth:`.SQLAlchemy.paginate` and :meth:`.Query.paginate`. A subclass implements
    ``_query_items`` and ``_query_count`` with what it was given in ``kwargs``.

    :param page: The number of the page, from 1. Default: ``page`` of the request's query, else 1.
    :param per_page: Most items on a page. Default: ``per_page`` of the request's query, else 20.
    :param max_per_page: The upper bound of ``per_page``, which a client may choose; None for none.
    :param error_out: Answer 404 to a page that does not exist or is no number; else use the first page.
    :param count: Query the total as well.
    """

    #: The number of this page, from 1.
    page: int
    #: Most items on a page.
    per_page: int
    #: The upper bound of :attr:`per_page`.
    max_per_page: int | None
    #: The items of this page.
    items: list[T]
    #: The number of items on all pages, or None when it was not queried.
    total: int | None

    def __init__(
        self, page: int | None = None, per_page: int | None = None, max_per_page: int | None = MAX_PER_PAGE,
        error_out: bool = True, count: bool = True, **kwargs: Any,
    ) -> None:  # fmt: skip
        self._query_args = kwargs
        self.max_per_page = max_per_page
        self.page, self.per_page = self._prepare_page_args(
            page=page, per_page=per_page, max_per_page=max_per_page, error_out=error_out
        )
        self.items = self._query_items()
        if error_out and self.page > 1 and not self.items:
            abort(404)
        self.total = self._query_count() if count else None

    @staticmethod
    def _prepare_page_args(
        *, page: int | None = None, per_page: int | None = None, max_per_page: int | None = None,
        error_out: bool = True,
    ) -> tuple[int, int]:  # fmt: skip
        """The page and its size, from the arguments or the request, made sound or refused with 404."""
        if page is None:
            page = _from_request("page", 1, error_out)
        if per_page is None:
            per_page = _from_request("per_page", PER_PAGE, error_out)
        if max_per_page is not None and per_page > max_per_page:
            per_page = max_per_page
        good_size = 1 <= per_page <= MAX_OFFSET
        good_page = page >= 1 and (not good_size or page * per_page <= MAX_OFFSET)
        if error_out and not (good_page and good_size):
            abort(404)
        return page if good_page else 1, per_page if good_size else PER_PAGE

    @property
    def _query_offset(self) -> int:
        """How many items stand on the pages before this one."""
        return self.per_page * (self.page - 1)

    def _query_items(self) -> list[T]:
        """Query the items of this page."""
        raise NotImplementedError(f"{type(self).__name__} must implement _query_items.")

    def _query_count(self) -> int:
        """Query the number of all items."""
        raise NotImplementedError(f"{type(self).__name__} must implement _query_count.")

    @property
    def first(self) -> int:
        """The number of the first item of this page among all, from 1; 0 when there is none."""
        return self._query_offset + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last item of this page among all; 0 when there is none."""
        return self._query_offset + len(self.items) if self.items else 0

    @property
    def pages(self) -> int:
        """The number of pages; 0 when the total is 0 or not known."""
        return ceil(self.total / self.per_page) if self.total else 0

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before this one."""
        return self.page > 1

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one; needs the total."""
        return self.page < self.pages

    @property
    def prev_num(self) -> int | None:
        """The number of the page before this one, or None."""
        return self.page - 1 if self.has_prev else None

    @property
    def next_num(self) -> int | None:
        """The number of the page after this one, or None."""
        return self.page + 1 if self.has_next else None

    def prev(self, *, error_out: bool = False) -> Pagination[T]:
        """Query the page before this one.

        :param error_out: Answer 404 when there is none.
        """
        return self._page(self.page - 1, error_out)

    def next(self, *, error_out: bool = False) -> Pagination[T]:
        """Query the page after this one.

        :param error_out: Answer 404 when there is none.
        """
        return self._page(self.page + 1, error_out)

    def _page(self, number: int, error_out: bool) -> Pagination[T]:
        """Another page of the same result; the total is taken over rather than queried again."""
        size, most = self.per_page, self.max_per_page
        other = type(self)(
            page=number,
            per_page=size,
            max_per_page=most,
            error_out=error_out,
            count=False,
            **self._query_args,
        )
        other.total = self.total
        return other

    def iter_pages(
        self, *, left_edge: int = 2, left_current: int = 2, right_current: int = 4, right_edge: int = 2
    ) -> Iterator[int | None]:
        """Page numbers for a pager, with None where some are left out: 1, 2, None, 5, 6, 7, 8, None, 20.

        :param left_edge: How many pages to show at the start.
        :param left_current: How many to show before this page.
        :param right_current: How many to show after this page.
        :param right_edge: How many to show at the end.
        """
        pages = self.pages
        shown = {
            *range(1, left_edge + 1),
            *range(self.page - left_current, self.page + right_current + 1),
            *range(pages - right_edge + 1, pages + 1),
        }
        before = 0
        for number in sorted(shown):
            if not 1 <= number <= pages:
                continue
            if number > before + 1:
                yield None
            yield number
            before = number
        if pages and before < pages:
            yield None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


def _from_request(name: str, default: int, error_out: bool) -> int:
    """A whole number of the request's query."""
    if not has_request_context():
        return default
    try:
        return int(request.args.get(name, default))
    except (TypeError, ValueError):
        if error_out:
            abort(404)
        return default


class SelectPagination(Pagination[T]):
    """A page of a ``select``; made with ``select`` and ``session``."""

    def _query_items(self) -> list[T]:
        page = self._query_args["select"].limit(self.per_page).offset(self._query_offset)
        return list(self._query_args["session"].execute(page).unique().scalars())

    def _query_count(self) -> int:
        # What would be loaded eagerly would be counted: a joined collection, once per row.
        rows = self._query_args["select"].options(sa_orm.lazyload("*")).order_by(None).subquery()
        total: int = (
            self._query_args["session"].execute(sa.select(sa.func.count()).select_from(rows)).scalar()
        )
        return total


class QueryPagination(Pagination[T]):
    """A page of a legacy query; made with ``query``."""

    def _query_items(self) -> list[T]:
        items: list[T] = self._query_args["query"].offset(self._query_offset).limit(self.per_page).all()
        return items

    def _query_count(self) -> int:
        total: int = self._query_args["query"].order_by(None).count()
        return total
