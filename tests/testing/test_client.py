"""What the clients know of an application: its defaults, contexts, session, errors; the same on every protocol."""

from __future__ import annotations

import asyncio
import gc
import warnings
from io import BytesIO

import pytest

from demijohn import Flask, g, has_request_context, redirect, request, session, stream_with_context
from demijohn.testing import AsyncFlaskClient, FlaskClient

PROTOCOLS = ["wsgi", "asgi", "rsgi"]


@pytest.fixture
def app():
    made = Flask(__name__)
    made.config.update(SECRET_KEY="a-key-for-the-tests-of-the-client-0123456789", SESSION_COOKIE_SECURE=False)
    made.testing = True

    @made.route("/", methods=["GET", "POST"])
    def home():
        g.seen = "by the view"
        return request.form.get("word", request.args.get("word", "nothing"))

    @made.route("/count", methods=["GET", "POST"])
    def count():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    @made.route("/old", methods=["GET", "POST"])
    def old():
        return redirect("/?word=new")

    @made.route("/moved", methods=["GET", "POST"])
    def moved():
        return redirect("/", 307)

    @made.route("/stream")
    def stream():
        g.seen = "by the view"
        return stream_with_context(iter(["one ", "two ", g.seen]))

    @made.route("/json", methods=["POST"])
    def json():
        return {"got": request.json, "url": request.url}

    @made.route("/boom")
    def boom():
        raise KeyError("from the view")

    @made.route("/quit")
    async def quit_now():
        raise KeyboardInterrupt

    return made


@pytest.fixture(params=PROTOCOLS)
def client(app, request):
    made = app.test_client(protocol=request.param)
    yield made
    made.close()


def test_the_application_makes_its_clients(app):
    assert isinstance(app.test_client(), FlaskClient)
    assert app.test_client().protocol == "wsgi"
    assert isinstance(app.async_test_client(), AsyncFlaskClient)
    assert app.async_test_client().protocol == "asgi"


def test_a_form_is_posted(client):
    assert client.post("/", data={"word": "caf\u00e9"}).text == "caf\u00e9"


def test_json_goes_and_comes_through_the_applications_provider(client):
    answer = client.post("/json", json={"a": 1}, base_url="https://own.example/root")
    assert answer.json == {"got": {"a": 1}, "url": "https://own.example/root/json"}


def test_the_context_of_the_last_request_is_kept_in_a_with_block(client):
    with client:
        client.get("/?word=first")
        assert (request.args["word"], g.seen) == ("first", "by the view")
        client.get("/?word=second")
        assert request.args["word"] == "second"
    assert not has_request_context()


def test_the_body_can_still_be_read_in_a_with_block(client):
    with client:
        client.post("/count", data={"word": "kept"})  # whose view does not read it
        assert request.form["word"] == "kept"


def test_the_context_of_a_streamed_answer_is_kept_once_it_was_read(client):
    with client:
        assert client.get("/stream").text == "one two by the view"
        assert g.seen == "by the view"
    assert not has_request_context()


def test_a_streamed_answer_that_is_closed_unread_leaves_no_context(client):
    with client:
        response = client.get("/stream")
    response.close()
    assert not has_request_context()


def test_no_context_is_left_without_a_with_block(client):
    client.get("/")
    assert not has_request_context()


def test_blocks_of_one_client_do_not_nest(client):
    with client, pytest.raises(RuntimeError, match="Cannot nest"), client:
        pass


def test_a_session_transaction_writes_what_the_next_request_reads(client):
    with client.session_transaction() as stored:
        stored["count"] = 41
    assert client.get("/count").text == "42"
    with client.session_transaction() as stored:
        assert stored["count"] == 42


def test_a_session_transaction_needs_cookies(app):
    with (
        pytest.raises(TypeError, match="use_cookies=True"),
        app.test_client(use_cookies=False).session_transaction(),
    ):
        pass


def test_redirects_are_followed_and_kept(client):
    answer = client.post("/old", data={"word": "lost"}, follow_redirects=True)
    assert (answer.text, len(answer.history)) == ("new", 1)


def test_a_redirect_that_keeps_the_method_sends_the_body_again(client):
    assert client.post("/moved", data={"word": "again"}, follow_redirects=True).text == "again"


def test_an_exception_of_the_view_reaches_the_test(client):
    with pytest.raises(KeyError, match="from the view"):
        client.get("/boom")


def test_an_interrupt_in_the_application_reaches_the_test_and_the_client_lives(client):
    with pytest.raises(KeyboardInterrupt):
        client.get("/quit")
    assert client.get("/").status_code == 200


def test_an_exception_is_an_answer_when_the_application_does_not_propagate(app, client):
    app.testing = False
    assert client.get("/boom").status_code == 500


def test_environ_keys_of_the_test_reach_the_view(app, client):
    @app.route("/key")
    def key():
        return request.environ["MY_KEY"]

    client.environ_base["MY_KEY"] = "base"
    assert client.get("/key").text == "base"
    assert client.get("/key", environ_overrides={"MY_KEY": "own"}).text == "own"


def test_the_remote_address_can_be_chosen(app, client):
    @app.route("/address")
    def address():
        return str(request.remote_addr)

    assert client.get("/address").text == "127.0.0.1"
    assert client.get("/address", environ_base={"REMOTE_ADDR": "192.0.2.7"}).text == "192.0.2.7"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_async_client_keeps_contexts_sessions_and_cookies(app, protocol):
    async def talk():
        client = app.async_test_client(protocol=protocol)
        async with client.session_transaction() as stored:
            stored["count"] = 1
        assert (await client.get("/count")).text == "2"
        async with client:
            await client.get("/?word=kept")
            assert request.args["word"] == "kept"
        assert not has_request_context()
        return await client.post("/old", follow_redirects=True)

    assert asyncio.run(talk()).text == "new"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_temporary_file_of_a_large_form_is_closed(protocol):
    """Else a suite that turns warnings into errors fails at some later test."""
    app = Flask("uploads")

    @app.post("/")
    def upload():
        return str(len(request.files["file"].read()))

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        client = app.test_client(protocol=protocol)
        answer = client.post("/", data={"file": (BytesIO(b"x" * 2_000_000), "a.png")})
        assert answer.text == "2000000"
        client.close()
        del answer, client
        gc.collect()
    assert [str(warning.message) for warning in told] == []
