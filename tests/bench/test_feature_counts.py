"""What a feature adds to a request enters at most so many functions, where it was made to be cheap.

The bounds are made as those of ``test_call_counts``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from bench.apps import rest, rest_demijohn
from bench.defaults import POST
from bench.drivers import make_driver
from bench.messages import Request
from tests.bench.counting import calls_per_request

from demijohn import Flask
from demijohn.ext.metrics import Metrics

ORDER = Request("POST", "/orders", body=rest.VALID, content_type="application/json")
NUMBERS = Request(path="/things/7", query="page=3")
HELLO = Request(path="/hello")


def _typed(protocol: str) -> Any:
    return rest_demijohn.make(protocol)


def _hello(protocol: str) -> Flask:
    async def hello() -> str:
        return "Hello, World!"

    app = Flask("features", static_folder=None)
    view: Callable[[], Any] = (lambda: "Hello, World!") if protocol == "wsgi" else hello
    app.add_url_rule("/hello", "hello", view, methods=["GET", "POST"])
    return app


def _logged(protocol: str) -> Flask:
    app = _hello(protocol)
    app.config.update(ACCESS_LOG=True, ACCESS_LOG_FORMAT="json")
    return app


def _measured(protocol: str) -> Flask:
    app = _hello(protocol)
    Metrics(app)
    return app


CASES: dict[tuple[str, str], tuple[Callable[[str], Any], Request, int]] = {
    ("typed body", "wsgi"): (_typed, ORDER, 24),
    ("typed body", "asgi"): (_typed, ORDER, 19),
    ("typed numbers", "wsgi"): (_typed, NUMBERS, 19),
    ("typed numbers", "asgi"): (_typed, NUMBERS, 20),
    ("typed numbers", "rsgi"): (_typed, NUMBERS, 23),
    ("cross-origin check", "wsgi"): (_hello, POST.request, 6),
    ("cross-origin check", "asgi"): (_hello, POST.request, 9),
    ("ids and JSON log", "wsgi"): (_logged, HELLO, 15),
    ("ids and JSON log", "asgi"): (_logged, HELLO, 14),
    ("ids and JSON log", "rsgi"): (_logged, HELLO, 22),
    ("metrics", "wsgi"): (_measured, HELLO, 13),
    ("metrics", "asgi"): (_measured, HELLO, 14),
    ("metrics", "rsgi"): (_measured, HELLO, 18),
}


@pytest.mark.serial
@pytest.mark.parametrize(("feature", "protocol"), list(CASES))
def test_calls_of_a_feature_stay_within_their_bound(
    feature: str, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, request, bound = CASES[feature, protocol]
    loop = asyncio.new_event_loop()
    with open(os.devnull, "w") as nowhere:
        monkeypatch.setattr(sys, "stderr", nowhere)  # where the log is written
        try:
            driver = make_driver(protocol, make(protocol), [request], loop)
            assert driver.once().status == 200
            assert calls_per_request(driver) <= bound
        finally:
            loop.close()
