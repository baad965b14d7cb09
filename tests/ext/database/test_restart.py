"""Fault 8: a database that restarts costs at most one failed request per pooled connection, then all is well."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.ext.database.conftest import SERVERS
from tests.support.services import service

END_ALL = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    "mariadb": "SELECT GROUP_CONCAT(CONCAT('KILL ', id) SEPARATOR ';') FROM information_schema.processlist"
    " WHERE db = '{name}'",
}


def drop_connections(kind, name):
    """End every connection to a database, as its server does when it stops."""
    engine = sa.create_engine(service(kind), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        kills = connection.exec_driver_sql(END_ALL[kind].format(name=name)).scalar()
        for kill in kills.split(";") if kind == "mariadb" else ():
            connection.exec_driver_sql(kill)


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("concurrent", [False, True], ids=["sync", "async"])
def test_fault_8_the_pool_recovers_from_a_restart(shop, kind, concurrent):
    statement = shop.db.select(shop.db.func.count(shop.User.id))
    shop.app.config["PROPAGATE_EXCEPTIONS"] = False

    def view():
        return str(shop.db.session.scalar(statement))

    async def async_view():
        return str(await shop.db.async_session.scalar(statement))

    shop.app.add_url_rule("/", view_func=async_view if concurrent else view)
    with shop.app.test_client(protocol="asgi", lifespan=True) as client:
        assert client.get("/").text == "3"
        with shop.app.app_context():
            name = shop.db.engine.url.database
        drop_connections(kind, name)
        statuses = [client.get("/").status_code for _ in range(5)]
    assert statuses[1:] == [200] * 4
