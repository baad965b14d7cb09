"""Queries that answer 404 when there is nothing, and pages of results: methods of the extension object.

This module must not know where sessions come from.
"""

from __future__ import annotations

from typing import Any, TypeVar

import sqlalchemy as sa
import sqlalchemy.exc as sa_exc
import sqlalchemy.orm as sa_orm

from demijohn import abort
from demijohn.ext.database.pagination import MAX_PER_PAGE, Pagination, SelectPagination
from demijohn.ext.database.query import NO_KEY
from demijohn.ext.database.session import Session

T = TypeVar("T")


class Lookups:
    """Methods over the session of the current context."""

    session: sa_orm.scoped_session[Session]

    def get_or_404(
        self, entity: type[T], ident: object, *, description: str | None = None, **kwargs: Any
    ) -> T:
        """The object with this primary key.

        :param description: A message for the error page.
        :param kwargs: What :meth:`sqlalchemy.orm.Session.get` takes.
        :raises NotFound: when there is none.
        """
        try:
            value = self.session.get(entity, ident, **kwargs)
        except NO_KEY:
            self.session.rollback()  # PostgreSQL does nothing more in a transaction that has failed
            value = None
        if value is None:
            abort(404, description=description)
        return value

    def first_or_404(self, statement: sa.Select[T], *, description: str | None = None) -> T:
        """The first column of the first row.

        :raises NotFound: when there is none.
        """
        value = self.session.execute(statement).scalar()
        if value is None:
            abort(404, description=description)
        return value

    def one_or_404(self, statement: sa.Select[T], *, description: str | None = None) -> T:
        """The first column of the only row.

        :raises NotFound: when there is no row, or more than one.
        """
        try:
            return self.session.execute(statement).scalar_one()
        except (sa_exc.NoResultFound, sa_exc.MultipleResultsFound):
            abort(404, description=description)

    def paginate(
        self, select: sa.Select[T], *, page: int | None = None, per_page: int | None = None,
        max_per_page: int | None = MAX_PER_PAGE, error_out: bool = True, count: bool = True,
    ) -> Pagination[T]:  # fmt: skip
        """One page of the result of a ``select`` of one model.

        :param page: The number of the page, from 1. Default: ``page`` of the request's query, else 1.
        :param per_page: Most items on a page. Default: ``per_page`` of the request's query, else 20.
        :param max_per_page: The upper bound of ``per_page``; None for none.
        :param error_out: Answer 404 to a page that does not exist or is no number; else use the first page.
        :param count: Query the total as well.
        """
        return SelectPagination(
            page, per_page, max_per_page, error_out=error_out, count=count, select=select,
            session=self.session(),
        )  # fmt: skip
