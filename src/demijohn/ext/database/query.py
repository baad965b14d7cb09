"""``Model.query``: SQLAlchemy's legacy query with what web applications add to it."""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy.exc as sa_exc
import sqlalchemy.orm as sa_orm

from demijohn import abort
from demijohn.ext.database.pagination import MAX_PER_PAGE, Pagination, QueryPagination

T = TypeVar("T")

#: What databases answer to a key that none of their rows can have, such as a number from a URL that is too large.
NO_KEY = OverflowError, sa_exc.DataError


class Query(sa_orm.Query[T]):
    """The class of ``Model.query`` and of ``lazy="dynamic"`` relationships."""

    def get_or_404(self, ident: object, description: str | None = None) -> T:
        """The row with this primary key.

        :param description: A message for the error page.
        :raises NotFound: when there is none.
        """
        try:
            found: T | None = self.get(ident)
        except NO_KEY:
            self.session.rollback()  # PostgreSQL does nothing more in a transaction that has failed
            found = None
        if found is None:
            abort(404, description=description)
        return found

    def first_or_404(self, description: str | None = None) -> T:
        """The first row of the result.

        :raises NotFound: when there is none.
        """
        found = self.first()
        if found is None:
            abort(404, description=description)
        return found

    def one_or_404(self, description: str | None = None) -> T:
        """The only row of the result.

        :raises NotFound: when there is none, or more than one.
        """
        try:
            return self.one()
        except (sa_exc.NoResultFound, sa_exc.MultipleResultsFound):
            abort(404, description=description)

    def paginate(
        self, *, page: int | None = None, per_page: int | None = None,
        max_per_page: int | None = MAX_PER_PAGE, error_out: bool = True, count: bool = True,
    ) -> Pagination[T]:  # fmt: skip
        """One page of the result; the parameters are those of :meth:`.SQLAlchemy.paginate`."""
        return QueryPagination(page, per_page, max_per_page, error_out=error_out, count=count, query=self)
