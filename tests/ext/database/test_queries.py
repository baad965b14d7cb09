"""Queries that answer 404, the legacy interface, and pages, on every kind of database."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import NotFound

from demijohn.ext.database import Pagination
from demijohn.ext.database.pagination import QueryPagination


class Numbers(Pagination):
    """Pages of the numbers from 1 to `total`."""

    def _query_items(self):
        start = self._query_offset
        return list(range(1, self._query_args["total"] + 1))[start : start + self.per_page]

    def _query_count(self):
        return self._query_args["total"]


def test_a_row_by_its_key_or_404(shop):
    with shop.app.app_context():
        assert shop.db.get_or_404(shop.User, 1).name == "Ada"
        with pytest.raises(NotFound, match="no such user"):
            shop.db.get_or_404(shop.User, 9, description="no such user")


def test_the_first_row_or_404(shop):
    select, User = shop.db.select, shop.User
    with shop.app.app_context():
        assert shop.db.first_or_404(select(User).order_by(User.name.desc())).name == "Cyd"
        with pytest.raises(NotFound):
            shop.db.first_or_404(select(User).where(User.name == "Zoe"))


def test_the_only_row_or_404(shop):
    select, User = shop.db.select, shop.User
    with shop.app.app_context():
        assert shop.db.one_or_404(select(User).filter_by(name="Bob")).id == 2
        for statement in select(User), select(User).filter_by(name="Zoe"):
            with pytest.raises(NotFound):
                shop.db.one_or_404(statement)


@pytest.mark.filterwarnings("ignore:The Query.get")
def test_the_legacy_query_does_the_same(shop):
    User = shop.User
    with shop.app.app_context():
        assert (User.query.get_or_404(1).name, User.query.filter_by(name="Bob").one_or_404().id) == ("Ada", 2)
        assert User.query.order_by(User.name).first_or_404().name == "Ada"
        for ask in (
            lambda: User.query.get_or_404(9),
            lambda: User.query.filter_by(name="Zoe").first_or_404(),
            lambda: User.query.one_or_404(),
        ):
            with pytest.raises(NotFound):
                ask()


def test_a_page_of_a_select(shop):
    select, User = shop.db.select, shop.User
    with shop.app.app_context():
        page = shop.db.paginate(select(User).order_by(User.id), page=2, per_page=2)
    assert ([user.name for user in page], page.total, page.pages) == (["Cyd"], 3, 2)
    assert (page.has_prev, page.has_next, page.prev_num, page.next_num) == (True, False, 1, None)
    assert (page.first, page.last) == (3, 3)


def test_a_page_of_a_legacy_query(shop):
    User = shop.User
    with shop.app.app_context():
        page = User.query.order_by(User.id).paginate(per_page=2)
        following = page.next()
    assert isinstance(page, QueryPagination)
    assert ([user.name for user in following], following.total) == (["Cyd"], 3)


def test_the_page_before(small_shop):
    select, User = small_shop.db.select, small_shop.User
    with small_shop.app.app_context():
        page = small_shop.db.paginate(select(User).order_by(User.id), page=3, per_page=1, max_per_page=1)
        previous = page.prev()
    assert ([user.name for user in previous], previous.max_per_page) == (["Bob"], 1)


def test_the_request_says_which_page(small_shop):
    select, User = small_shop.db.select, small_shop.User
    with small_shop.app.test_request_context("/?page=2&per_page=1"):
        page = small_shop.db.paginate(select(User).order_by(User.id))
    assert [user.name for user in page.items] == ["Bob"]


def test_a_client_cannot_ask_for_more_than_the_most(small_shop):
    with small_shop.app.test_request_context("/?per_page=5000"):
        assert small_shop.db.paginate(small_shop.db.select(small_shop.User)).per_page == 100
        assert small_shop.db.paginate(small_shop.db.select(small_shop.User), max_per_page=2).per_page == 2


BAD = [
    "page=0",
    "page=-1",
    "page=x",
    "per_page=0",
    "per_page=x",
    "page=99999999999999999999",
    f"page={'9' * 5000}",
]


@pytest.mark.parametrize("query", BAD, ids=lambda query: query[:20])
def test_a_bad_page_is_404(small_shop, query):
    with small_shop.app.test_request_context(f"/?{query}"), pytest.raises(NotFound):
        small_shop.db.paginate(small_shop.db.select(small_shop.User))


@pytest.mark.parametrize("query", BAD, ids=lambda query: query[:20])
def test_a_bad_page_is_the_first_when_it_shall_not_be_an_error(small_shop, query):
    with small_shop.app.test_request_context(f"/?{query}"):
        page = small_shop.db.paginate(small_shop.db.select(small_shop.User), error_out=False)
    assert (page.page, len(page.items)) == (1, 3)


def test_a_page_after_the_last_is_404(small_shop):
    select = small_shop.db.select(small_shop.User)
    with small_shop.app.app_context():
        with pytest.raises(NotFound):
            small_shop.db.paginate(select, page=2)
        assert small_shop.db.paginate(select, page=2, error_out=False).items == []


def test_without_a_count_the_total_is_not_known(small_shop):
    with small_shop.app.app_context():
        page = small_shop.db.paginate(small_shop.db.select(small_shop.User), count=False)
    assert (page.total, page.pages, page.has_next) == (None, 0, False)


@pytest.mark.parametrize(
    ("page", "shown"),
    [(1, [1, 2, 3, 4, 5, None, 19, 20]), (8, [1, 2, None, 6, 7, 8, 9, 10, 11, 12, None, 19, 20]),
     (20, [1, 2, None, 18, 19, 20])],
)  # fmt: skip
def test_the_numbers_of_a_pager(page, shown):
    assert list(Numbers(page, per_page=5, total=100).iter_pages()) == shown


def test_a_pager_without_edges():
    pager = Numbers(5, per_page=10, total=100).iter_pages(
        left_edge=0, left_current=1, right_current=1, right_edge=0
    )
    assert list(pager) == [None, 4, 5, 6, None]


def test_nothing_to_page_through():
    page = Numbers(total=0)
    assert (list(page.iter_pages()), page.first, page.last, page.pages) == ([], 0, 0, 0)


@pytest.mark.filterwarnings("ignore:The Query.get")
def test_a_key_larger_than_the_databases_integers_is_not_found(shop):
    with shop.app.app_context():
        for ask in shop.User.query.get_or_404, lambda key: shop.db.get_or_404(shop.User, key):
            for key in 3 * 10**9, 10**20:
                with pytest.raises(NotFound):
                    ask(key)
            # An error page may well ask the database something.
            assert ask(1).name == "Ada"
