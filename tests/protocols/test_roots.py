"""An application mounted below a path knows it, however the server tells."""

from __future__ import annotations

import pytest
from tests.protocols.app import create_app
from tests.support.servers import serve
from tests.support.web import OverSocket

from demijohn.testing import FlaskClient

# How each server is told, and the path a client then asks for. RSGI has no notion of it.
MOUNTS = {
    "granian-wsgi": ({"url_path_prefix": "/root"}, {}, "/root/s/echo"),
    "granian-asgi": ({"url_path_prefix": "/root"}, {}, "/root/s/echo"),
    "gunicorn": ({}, {"SCRIPT_NAME": "/root"}, "/root/s/echo"),
    "uvicorn": ({"root_path": "/root"}, {}, "/s/echo"),  # a proxy has taken the prefix off
    "hypercorn": ({"root_path": "/root"}, {}, "/root/s/echo"),
}


def check(seen, host):
    assert (seen["script_root"], seen["path"]) == ("/root", "/s/echo")
    assert seen["url"] == f"http://{host}/root/s/echo?x=1"


@pytest.mark.servers
@pytest.mark.parametrize("server", MOUNTS)
def test_a_mounted_application_knows_its_root(server):
    options, env, path = MOUNTS[server]
    with serve("tests.protocols.app:app", server, env=env, **options) as running:
        answer = OverSocket(running).get(f"{path}?x=1", [("Host", "own.example")])
    assert answer.status == 200
    check(answer.json, "own.example")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_in_process_a_mounted_application_knows_its_root(protocol):
    client = FlaskClient(create_app(), protocol=protocol)
    check(client.get("/s/echo?x=1", base_url="http://own.example/root").json, "own.example")
    client.close()


def test_a_path_that_only_begins_like_the_root_is_not_below_it():
    """``/s/echo`` is not inside ``/s/ec``: ASGI's path holds the root, and only whole segments of it count."""
    client = FlaskClient(create_app(), protocol="asgi")
    answer = client.get("/", environ_overrides={"SCRIPT_NAME": "/s/ec", "PATH_INFO": "ho"})
    client.close()
    assert answer.json["path"] == "/s/echo"
