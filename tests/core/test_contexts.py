"""One context object per request, the same everywhere a request's code can run, and never another one's."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from demijohn import (
    Flask,
    after_this_request,
    app_ctx,
    appcontext_popped,
    appcontext_pushed,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    request_ctx,
    session,
    stream_with_context,
)


def here():
    """The context object that is current."""
    return request_ctx._get_current_object()


def test_one_context_object_is_seen_by_every_part_of_a_request(app, client):
    seen = {}

    @app.before_request
    def before():
        seen["before"] = here()
        g.word = "kept"

    @app.before_request
    async def later():
        seen["async before"] = here()

    @app.route("/")
    async def index():
        seen["view"] = here()
        after_this_request(lambda response: seen.update(this=here()) or response)
        return await asyncio.to_thread(lambda: seen.update(thread=here()) or g.word)

    @app.after_request
    def after(response):
        seen["after"] = here()
        return response

    @app.teardown_request
    def teardown(exc):
        seen["teardown"] = here()

    assert client.get("/").text == "kept"
    assert len(seen) == 7
    assert len(set(map(id, seen.values()))) == 1


@pytest.mark.parametrize("hold", [lambda generator: generator, stream_with_context], ids=["plain", "held"])
def test_a_streamed_body_sees_the_context_of_its_request(app, client, hold):
    seen = []

    @app.route("/")
    def index():
        seen.append(here())
        g.word = "kept"

        def generate():
            for _ in range(3):
                seen.append(here())
                yield g.word

        return hold(generate())

    assert client.get("/").text == "kept" * 3
    assert len(set(map(id, seen))) == 1


@pytest.mark.parametrize("hold", [lambda generator: generator, stream_with_context], ids=["plain", "held"])
def test_an_async_streamed_body_sees_the_context_of_its_request(app, client, hold):
    seen = []

    @app.route("/")
    async def index():
        seen.append(here())
        g.word = "kept"

        async def generate():
            for _ in range(3):
                seen.append(here())
                await asyncio.sleep(0)
                yield g.word

        return hold(generate())

    assert client.get("/").text == "kept" * 3
    assert len(set(map(id, seen))) == 1


def test_a_background_task_sees_the_application_and_not_the_request(app, client):
    seen, done = {}, threading.Event()

    def work(word):
        seen.update(app=current_app._get_current_object(), request=has_request_context(), word=word)
        done.set()

    @app.route("/")
    def index():
        g.word = "of the request"
        app.add_background_task(work, "given")
        return "answer"

    client.get("/")
    assert done.wait(20)
    assert seen == {"app": app, "request": False, "word": "given"}


def test_an_async_background_task_has_a_g_of_its_own_and_its_teardown(app, client):
    seen, done = [], threading.Event()

    async def work():
        g.word = "task"
        await asyncio.sleep(0)
        seen.append(g.word)

    @app.teardown_appcontext
    def teardown(exc):
        seen.append(("teardown", g.get("word")))
        if g.get("word") == "task":
            done.set()

    @app.route("/")
    def index():
        g.word = "request"
        app.add_background_task(work)
        return "answer"

    client.get("/")
    assert done.wait(20)
    assert sorted(map(str, seen)) == sorted(["task", "('teardown', 'task')", "('teardown', 'request')"])


def test_a_thread_of_ones_own_sees_a_copied_context(app, client):
    @app.route("/<word>")
    def index(word):
        session["word"] = word

        @copy_current_request_context
        def work():
            return request.path, request.view_args["word"], session["word"]

        with ThreadPoolExecutor(1) as outside:
            return list(outside.submit(work).result(5))

    assert client.get("/ada").json == ["/ada", "ada", "ada"]


def test_a_thread_of_ones_own_sees_no_context_by_itself(app, client):
    @app.route("/")
    def index():
        with ThreadPoolExecutor(1) as outside:
            return str(outside.submit(has_request_context).result(5))

    assert client.get("/").text == "False"


def test_copied_contexts_of_one_request_work_at_once_in_several_threads(app, client):
    @app.route("/<word>")
    def index(word):
        def work(number):
            return f"{request.view_args['word']}{number}"

        with ThreadPoolExecutor(4) as outside:
            jobs = [outside.submit(copy_current_request_context(work), number) for number in range(8)]
            return " ".join(job.result(5) for job in jobs)

    assert client.get("/x").text == "x0 x1 x2 x3 x4 x5 x6 x7"


def test_an_async_function_can_be_given_a_copied_context(app, client):
    @app.route("/")
    def index():
        async def work():
            await asyncio.sleep(0)
            return request.path

        with ThreadPoolExecutor(1) as outside:
            return outside.submit(copy_current_request_context(work)).result(5)

    assert client.get("/").text == "/"


def test_tasks_made_by_an_async_view_see_its_request(app, client):
    @app.route("/<word>")
    async def index(word):
        async def part(number):
            await asyncio.sleep(0)
            return f"{request.view_args['word']}{number}"

        return " ".join(await asyncio.gather(*map(part, range(3))))

    assert client.get("/x").text == "x0 x1 x2"


def test_no_context_is_left_after_a_request(app, client):
    app.add_url_rule("/", "index", lambda: "answer")
    client.get("/")
    assert not has_app_context()
    assert not has_request_context()


def test_the_error_of_a_request_is_told_to_its_teardown_functions(app, client):
    told = []
    app.teardown_request(lambda exc: told.append(exc))
    app.teardown_appcontext(lambda exc: told.append(exc))
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)
    app.add_url_rule("/works", "works", lambda: "answer")
    client.get("/fails")
    assert [type(exc) for exc in told] == [ZeroDivisionError] * 2
    told.clear()
    client.get("/works")
    assert told == [None, None]


def test_an_error_that_was_handled_is_not_told(app, client):
    told = []
    app.teardown_request(lambda exc: told.append(exc))
    app.register_error_handler(ZeroDivisionError, lambda e: "handled")
    app.add_url_rule("/", "index", lambda: 1 / 0)
    assert client.get("/").text == "handled"
    assert told == [None]


def test_a_request_inside_an_application_context_of_its_app_shares_its_g(app):
    with app.app_context():
        g.word = "outer"
        with app.test_request_context("/"):
            assert g.word == "outer"
            g.other = "inner"
        assert g.other == "inner"


def test_a_request_inside_another_applications_context_has_its_own_g(app):
    other = Flask("other")
    with other.app_context():
        g.word = "outer"
        with app.test_request_context("/"):
            assert current_app.name == app.name
            assert "word" not in g
        assert (current_app.name, g.word) == ("other", "outer")


def test_contexts_nest_and_each_comes_back(app):
    with app.test_request_context("/one"):
        with app.test_request_context("/two"):
            assert request.path == "/two"
        assert request.path == "/one"


def test_a_context_that_is_not_the_current_one_may_be_popped(app):
    outer, inner = app.app_context(), app.app_context()
    outer.push()
    inner.push()
    outer.pop()
    assert app_ctx._get_current_object() is inner
    inner.pop()
    assert not has_app_context()


@pytest.mark.parametrize("use", [lambda: current_app.name, lambda: g.word], ids=["current_app", "g"])
def test_outside_of_an_application_the_error_says_what_to_do(use):
    with pytest.raises(RuntimeError, match="Working outside of application context") as caught:
        use()
    assert "with app.app_context()" in str(caught.value)


@pytest.mark.parametrize(
    "use",
    [lambda: request.path, lambda: session["a"], lambda: request_ctx.session],
    ids=["request", "session", "ctx"],
)
def test_outside_of_a_request_the_error_says_what_to_do(app, use):
    with app.app_context(), pytest.raises(RuntimeError, match="Working outside of request context") as caught:
        use()
    assert "test_request_context" in str(caught.value)


def test_after_this_request_outside_of_a_request_is_an_error():
    with pytest.raises(RuntimeError, match="after_this_request"):
        after_this_request(lambda response: response)


def test_g_is_a_namespace(app):
    with app.app_context():
        assert g.get("missing", 1) == 1
        assert g.setdefault("made", 2) == g.made == 2
        assert "made" in g
        assert list(g) == ["made"]
        assert g.pop("made") == 2
        with pytest.raises(KeyError):
            g.pop("made")
        with pytest.raises(AttributeError):
            g.made  # noqa: B018
        assert repr(g) == f"<flask.g of '{app.name}'>"


def test_the_signals_of_contexts_are_sent_once_each(app, client):
    order = []
    app.add_url_rule("/", "index", lambda: order.append("view") or "answer")
    pushed, popped = (lambda sender, word=word, **_: order.append(word) for word in ("pushed", "popped"))
    with appcontext_pushed.connected_to(pushed, app), appcontext_popped.connected_to(popped, app):
        client.get("/")
    assert order == ["pushed", "view", "popped"]


def test_one_function_with_a_copied_context_may_run_in_several_threads_at_once(app, client):
    """It is decorated once; each call has a context of its own."""
    barrier = threading.Barrier(3)

    @app.route("/<word>")
    def index(word):
        @copy_current_request_context
        def work(number):
            g.number = number
            barrier.wait(20)
            return f"{request.view_args['word']}{g.number}"

        with ThreadPoolExecutor(3) as outside:
            return " ".join(sorted(outside.map(work, range(3))))

    assert client.get("/x").text == "x0 x1 x2"


def test_async_functions_with_copied_contexts_are_tasks_with_a_teardown_each(app, client):
    order = []
    app.teardown_request(lambda exc: order.append("teardown"))

    @app.route("/")
    async def index():
        @copy_current_request_context
        async def work(number):
            await asyncio.sleep(0.02 * number)
            order.append(number)
            return request.path

        tasks = [asyncio.create_task(work(number)) for number in (1, 2)]
        return " ".join(await asyncio.gather(*tasks))

    assert client.get("/").text == "/ /"
    assert order == [1, "teardown", 2, "teardown", "teardown"]
