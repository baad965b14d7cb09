"""What reads a body that is in a content coding: parsers refuse it, raw readers and hooks that unpack it do not."""

from __future__ import annotations

import gzip

import pytest

from demijohn import Flask, request

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def send(request):
    protocol = request.param

    def send(view, body=b"a=1", kind=FORM, before=None, **options):
        app = Flask(__name__)
        app.add_url_rule("/", "view", view, methods=["POST"], **options)
        if before is not None:
            app.before_request(before)
        headers = {"Content-Encoding": "gzip", "Content-Type": kind}
        return app.test_client(protocol=protocol).post(
            "/", data=body and gzip.compress(body), headers=headers
        )

    return send


READERS = {
    "form": lambda: request.form,
    "files": lambda: request.files,
    "values": lambda: request.values,
    "forced json": lambda: request.get_json(force=True),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", READERS)
def test_case_25_each_parser_refuses(send, name, stream):
    answer = send(lambda: str(READERS[name]()), stream=stream)
    assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "identity")
    assert "gzip" in answer.text


def test_silent_json_is_none(send):
    assert send(lambda: repr(request.get_json(silent=True)), b"1", "application/json").text == "None"


@pytest.mark.parametrize("kind", [FORM, "application/json", "text/plain"])
def test_data_is_the_bytes(send, kind):
    assert gzip.decompress(send(lambda: request.data, kind=kind).data) == b"a=1"


def test_what_is_no_form_is_read_as_none(send):
    assert send(lambda: str(len(request.form)), kind="text/plain").text == "0"


def test_an_empty_body_is_in_no_coding(send):
    assert send(lambda: str(len(request.form)), b"").text == "0"


def unpack():
    """A hook that reads the body out of its coding."""
    request.stream = gzip.GzipFile(fileobj=request.stream)
    request.environ["HTTP_CONTENT_ENCODING"] = "identity"


@pytest.mark.parametrize("name", ["form", "forced json"])
def test_a_hook_may_unpack(send, name):
    body = b"a=1" if name == "form" else b"[1]"
    assert send(lambda: str(len(READERS[name]())), body, before=unpack).text == "1"


@pytest.mark.parametrize("name", ["form", "forced json"])
def test_case_25_a_hook_that_unpacks_a_bomb_gets_no_more_than_the_limit(send, name):
    bomb = b"a=" + b"1" * 40_000_000
    assert send(lambda: str(len(READERS[name]())), bomb, before=unpack).status_code == 413
