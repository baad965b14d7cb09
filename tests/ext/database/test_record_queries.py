"""Recorded queries and the log of slow ones."""

from __future__ import annotations

import pytest

from demijohn.ext.database import get_recorded_queries


def test_queries_are_recorded_for_their_context_only(make_shop, sqlite):
    shop = make_shop(sqlite, SQLALCHEMY_RECORD_QUERIES=True)
    with shop.app.app_context():
        shop.db.session.get(shop.User, 1)
        (query,) = get_recorded_queries()
        assert query.statement.startswith("SELECT")
        assert query.parameters[0] == (1,)
        assert query.duration == query.end_time - query.start_time > 0
    with shop.app.app_context():
        assert get_recorded_queries() == []


def test_nothing_is_recorded_unless_it_is_asked_for(small_shop):
    with small_shop.app.app_context():
        small_shop.db.session.get(small_shop.User, 1)
        assert get_recorded_queries() == []


def test_a_query_knows_where_in_the_application_it_was_made(make_shop, sqlite):
    shop = make_shop(sqlite, SQLALCHEMY_RECORD_QUERIES=True)
    shop.app.import_name = __name__
    with shop.app.app_context():
        shop.db.session.get(shop.User, 1)
        assert "test_record_queries.py:" in get_recorded_queries()[0].location


def test_async_queries_are_recorded_with_their_place(make_shop, sqlite, run_async):
    shop = make_shop(sqlite, SQLALCHEMY_RECORD_QUERIES=True)
    shop.app.import_name = __name__

    async def work():
        await shop.db.async_session.get(shop.User, 1)
        return get_recorded_queries()

    (query,) = run_async(shop, work)
    assert "test_record_queries.py:" in query.location


@pytest.mark.parametrize(("limit", "lines"), [(0, 1), (60, 0)])
def test_a_slow_query_is_logged_without_its_parameters(make_shop, address, caplog, limit, lines):
    shop = make_shop(address, SQLALCHEMY_SLOW_QUERY=limit)
    caplog.clear()
    with shop.app.app_context():
        shop.db.session.scalar(shop.db.select(shop.User).filter_by(name="a secret"))
    found = [record.getMessage() for record in caplog.records if "Slow query" in record.getMessage()]
    assert len(found) == lines
    assert not any("secret" in line for line in found)
