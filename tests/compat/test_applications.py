"""Open-source applications, unmodified, over HTTP: under WSGI and ASGI they answer as on Flask.

httpbin (an HTTP testing service), fava (a web interface for ledgers), moto's S3 (a stand-in for a cloud
store) and a dashboard of Dash, each served three times and asked the same.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.compat import peers, suites

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

SERVED = {
    "flask": "-m gunicorn --threads 4 -b 127.0.0.1:{port} {app}",
    "wsgi": "-m gunicorn --threads 4 -b 127.0.0.1:{port} demijohn.compat.served:app",
    "asgi": "-m uvicorn --log-level warning --port {port} demijohn.compat.served:app",
}

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
    b'--x\r\nContent-Disposition: form-data; name="k"\r\n\r\nv\r\n--x--\r\n'
)


@dataclass(frozen=True)
class Ask:
    """One request."""

    path: str
    method: str = "GET"
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


def ask(path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Ask:
    return Ask(path, method, body, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


HTTPBIN = [
    *map(
        ask,
        "/get?a=1&b=2&b=3 /headers /status/418 /status/404 /redirect/2 /relative-redirect/1 /cookies /cookies/set?k=v"
        " /basic-auth/u/p /response-headers?X-A=1&X-A=2 /html /robots.txt /xml /encoding/utf8 /gzip /deflate /stream/3"
        " /range/100 /bytes/10?seed=1 /stream-bytes/20?seed=1 /links/3/0 /image/png /cache/60 /etag/abc /json"
        " /drip?numbytes=3&duration=0 /base64/aGVsbG8= /anything/x?y=1 /nope / /flasgger_static/swagger-ui.css"
        " /spec.json /forms/post /bearer /redirect-to?url=http%3A%2F%2Fexample.com%2F".split(),
    ),
    Ask("/post", "POST", b"a=1&b=%C3%BC", tuple(FORM.items())),
    Ask("/post", "POST", UPLOAD, tuple(MULTIPART.items())),
    ask("/post", "POST", b'{"a": [1]}', Content_Type="application/json"),
    ask("/put", "PUT", b"\xff\xfe raw", Content_Type="application/octet-stream"),
    ask("/delete", "DELETE"),
    ask("/get", "HEAD"),
    ask("/get", "POST", b""),
    ask("/etag/abc", If_None_Match='"abc"'),
    ask("/range/50", Range="bytes=5-9"),
    ask("/basic-auth/u/p", Authorization="Basic dTpw"),
]

FAVA = list(
    map(
        ask,
        "/ /cellar/income_statement/ /cellar/trial_balance/ /cellar/editor/ /cellar/api/ledger_data /cellar/journal/"
        " /cellar/statistics/ /cellar/api/commodities /cellar/download-journal/ /static/app.css /nope/"
        " /cellar/download-query/query_result.csv?query_string=select%20account"
        " /cellar/api/query?query_string=select%20account,sum(position)%20group%20by%20account".split(),
    )
)

STORE = [
    ask("/cellar", "PUT", b""),
    ask("/cellar/a/b.txt", "PUT", b"madeira" * 1000),
    ask("/cellar/a/b.txt"),
    ask("/cellar/a/b.txt", Range="bytes=0-6"),
    ask("/cellar/a/b.txt", "HEAD"),
    ask("/cellar?list-type=2"),
    ask("/cellar/missing"),
    ask("/cellar/big", "PUT", b"x" * 3_000_000),
    ask("/cellar/big", "HEAD"),
    ask("/cellar/a/b.txt", "DELETE"),
    ask("/"),
]

CALLBACK = {
    "output": "shown.children",
    "outputs": {"id": "shown", "property": "children"},
    "inputs": [{"id": "name", "property": "value", "value": "Madeira"}],
    "changedPropIds": ["name.value"],
}
DASHBOARD = [
    *map(ask, "/ /_dash-layout /_dash-dependencies /any/page /_reload-hash /_dash-update-component".split()),
    ask("/_dash-update-component", "POST", json.dumps(CALLBACK).encode(), Content_Type="application/json"),
    ask("/assets/missing.css"),
]

DASH = """
from dash import Dash, Input, Output, dcc, html
dashboard = Dash("served_here")
dashboard.layout = html.Div([dcc.Input(id="name", value="a"), html.Div(id="shown")])
dashboard.callback(Output("shown", "children"), Input("name", "value"))(lambda name: f"chosen: {name}")
app = dashboard.server
"""

LEDGER = """
option "title" "Cellar"
option "operating_currency" "EUR"
2024-01-01 open Assets:Cash EUR
2024-01-01 open Expenses:Wine EUR
2024-01-02 * "Bottle shop" "Madeira"
  Expenses:Wine  12.50 EUR
  Assets:Cash
"""

APPLICATIONS = {
    "httpbin": ("from httpbin import app", HTTPBIN),
    "fava": (
        "import os\nfrom fava.application import create_app\napp = create_app([os.path.abspath('ledger.beancount')])",
        FAVA,
    ),
    "moto": ("from moto.server import create_backend_app\napp = create_backend_app('s3')", STORE),
    "dash": (DASH, DASHBOARD),
}

#: What differs from one run to the next, on Flask too.
PASSING = [
    (rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"<uuid>"),
    (rb"\d{4}-\d\d-\d\dT[\d:.]+Z?", b"<time>"),
    (rb"127\.0\.0\.1:\d+", b"<host>"),
    (rb'"(?:mtime|options_hash)": ?"?[^,]*', b"<moment>"),
    (rb"nonce=\"\w+\"|opaque=\"\w+\"", b"<nonce>"),
    (rb"<RequestId>\w+", b"<request>"),
    (rb'"end_id":"[^"]*"', b"<end>"),
]
UNEQUAL_FIELDS = {
    "date",
    "server",
    "connection",
    "transfer-encoding",
    "content-length",
    "last-modified",
    "via",
    "x-amzn-requestid",
    "x-amz-request-id",
}


@pytest.fixture(scope="module")
def python(sources):
    return peers.make_environment(sources / "peers")


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_answers_as_on_flask(name, python, tmp_path):
    source, requests = APPLICATIONS[name]
    (tmp_path / "served_here.py").write_text(source)
    (tmp_path / "ledger.beancount").write_text(LEDGER)
    answers = {}
    for kind in SERVED:
        with served(kind, python, tmp_path) as port:
            answers[kind] = [(request, *answer(port, request)) for request in requests]
    assert {status for _, status, *_ in answers["flask"]} >= {200, 404}
    for kind in ("wsgi", "asgi"):
        for expected, got in zip(answers["flask"], answers[kind], strict=True):
            assert got == expected, kind


@contextlib.contextmanager
def served(kind: str, python: Path, folder: Path, extensions: str = "none") -> Iterator[int]:
    """The port of a server; `extensions` says whose places rooms of ours take."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What an application makes of a set of texts comes in the same order on each.
    variables = {"DEMIJOHN_COMPAT_EXTENSIONS": extensions, "SERVED_AS": kind, "PYTHONHASHSEED": "0"}
    if kind != "flask":
        variables["DEMIJOHN_APP"] = "served_here:app"
    command = SERVED[kind].format(port=port, app="served_here:app").split()
    with (folder / f"{kind}.log").open("w") as log:
        server = subprocess.Popen(
            [str(python), *command], cwd=folder, env=suites.environment(**variables), stdout=log, stderr=log
        )
        try:
            for _ in range(300):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                assert server.poll() is None, (folder / f"{kind}.log").read_text()
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=20)


def answer(port: int, request: Ask) -> tuple[int, dict[str, list[str]], bytes]:
    """Status, comparable header fields and comparable body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Host": f"127.0.0.1:{port}", "User-Agent": "test", **dict(request.headers)}
    connection.request(request.method, request.path, request.body, headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    encoding = response.getheader("Content-Encoding")
    if encoding and request.method != "HEAD":
        body = zlib.decompress(body, wbits=31 if encoding == "gzip" else 15)
    fields: dict[str, list[str]] = {}
    for field, value in response.getheaders():
        if field.lower() not in UNEQUAL_FIELDS:
            # Werkzeug lists methods in the order of a set.
            listed = ", ".join(sorted(value.split(", "))) if field.lower() == "allow" else value
            fields.setdefault(field.lower(), []).append(_comparable(listed.encode()).decode())
    return response.status, fields, body if b"\0" in body[:100] else _comparable(body)


def _comparable(data: bytes) -> bytes:
    for pattern, stand_in in PASSING:
        data = re.sub(pattern, stand_in, data)
    return data
