"""Sessions in Redis behind a real server, which loses its Redis and gets it back (fault 10)."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.support.servers import serve

pytestmark = [pytest.mark.servers, pytest.mark.slow]


# The client waits the same way by every protocol: one for each kind of view is looked at each time.
@pytest.mark.parametrize(
    ("views", "server"),
    [
        ("s", "granian-wsgi"),
        ("a", "granian-asgi"),
        *(
            pytest.param(views, server, marks=pytest.mark.soak)
            for views, server in [
                ("s", "granian-asgi"),
                ("s", "granian-rsgi"),
                ("a", "granian-wsgi"),
                ("a", "granian-rsgi"),
            ]
        ),
    ],
)
def test_a_server_survives_its_redis(own_redis, server, views):
    with (
        serve(
            "tests.sessions.server_side.served_app:app", server, env={"REDIS_URL": own_redis.url}
        ) as running,
        httpx.Client(base_url=running.url) as client,
    ):
        path = f"/{views}/count"
        assert [client.get(path).text for _ in range(3)] == ["1", "2", "3"]
        own_redis.stop()
        cookies = dict(client.cookies)
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: httpx.get(running.url + path, cookies=cookies, timeout=60), range(24))
            )
        assert {answer.status_code for answer in answers} == {503}
        assert httpx.get(running.url + "/", cookies=cookies).text == "up"
        own_redis.start()
        assert client.get(path).text == "1"
        assert client.get(path).text == "2"
        assert running.is_alive()


@pytest.mark.parametrize("server", ["granian-wsgi", "granian-asgi"])
def test_hundreds_of_visitors_at_once_never_see_each_others_session(shared_redis, server):
    """Case 71, through sockets: each visitor counts its own requests."""
    with serve(
        "tests.sessions.server_side.served_app:app", server, env={"REDIS_URL": shared_redis.url}
    ) as running:
        context = ssl.create_default_context()  # of no use here, and dear to make for each client

        def visit(number: int) -> list[str]:
            with httpx.Client(base_url=running.url, timeout=60, verify=context) as client:
                return [client.get(f"/{'as'[number % 2]}/count").text for _ in range(6)]

        with ThreadPoolExecutor(16) as pool:
            seen = list(pool.map(visit, range(200)))
    assert seen == [[str(n) for n in range(1, 7)]] * 200
