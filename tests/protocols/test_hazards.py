"""Known hazards of servers, each closed where an application can close it; the rest is told in docs/testing.md.

The others of architecture's list are promises of their own in this folder: statuses and headers
(test_answers), truncated bodies and lines (test_bodies), endless streams (test_streams), RSGI's WebSockets
(test_sockets), and those of `demijohn run` in tests/devserver.
"""

from __future__ import annotations

import pytest
from tests.protocols.app import create_app
from tests.support.servers import SERVERS, serve
from tests.support.web import InProcess, OverSocket

from demijohn.testing import EnvironBuilder


@pytest.mark.servers
@pytest.mark.parametrize("server", [name for name in SERVERS if name != "granian-wsgi"])
def test_the_servers_own_environment_is_not_in_the_requests(server):
    """Plain Granian puts it into the WSGI environ; `demijohn run` takes it out (tests/devserver)."""
    with serve("tests.protocols.app:app", server, env={"DATABASE_PASSWORD": "hunter2"}) as running:
        assert "DATABASE_PASSWORD" not in OverSocket(running).get("/s/environ").json


@pytest.mark.parametrize("path", ["/", "/s/json-answer", "/s/headers", "/a/status/201", "/s/go", "/nowhere"])
def test_under_wsgi_a_whole_body_is_a_list(path):
    """Granian's WSGI interface has a fast path for a list, and for nothing else."""
    app = create_app()
    body = app(EnvironBuilder(app, path).get_environ(), lambda status, headers, exc_info=None: None)
    assert type(body) is list


FOREIGN_HOSTS = ["evil.example", "ownXexample", "own.example.evil", "xown.example", "own.example:99999"]


def hosts(trusted, protocol):
    app = create_app()
    app.config["TRUSTED_HOSTS"] = trusted
    return InProcess(app, protocol)


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("host", ["own.example", "OWN.example", "own.example:8080", "a.sub.example"])
def test_case_3_a_listed_host_is_let_in(protocol, host):
    web = hosts(["own.example", ".sub.example"], protocol)
    assert web.get("/", [("Host", host)]).status == 200
    web.client.close()


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize(
    "host", ["evil.example", "ownXexample", "own.example.evil", "xown.example", "own.example:99999"]
)
def test_case_2_and_3_a_host_that_is_not_listed_is_400(protocol, host):
    web = hosts(["own.example", ".sub.example"], protocol)
    assert web.get("/", [("Host", host)]).status == 400
    web.client.close()
