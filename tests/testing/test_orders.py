"""Contexts may be left in any order: a test client's, an application's, a request's, as tests leave them.

What is current is told by a model: one list of what was pushed and not yet popped. The last one is current;
under compat the last request in it stays visible above, as from Flask's two stacks.
"""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn import (
    Flask,
    current_app,
    g,
    has_app_context,
    has_request_context,
    redirect,
    request,
    request_ctx,
    session,
)
from demijohn.compat import app as compat
from demijohn.contexts.context import AppContext, current
from demijohn.testing import AsyncFlaskClient


def make(kind):
    made = kind(__name__)
    made.config.update(SECRET_KEY="a-key-for-the-tests-of-orders-0123456789", SESSION_COOKIE_SECURE=False)
    made.testing = True
    made.ended = []

    @made.route("/mark/<word>")
    def mark(word):
        g.mark = session["mark"] = word
        return word

    @made.route("/old/<word>")
    def old(word):
        g.mark = "old"
        return redirect(f"/mark/{word}")

    @made.route("/boom/<word>")
    def boom(word):
        g.mark = word
        raise KeyError(word)

    @made.teardown_request
    def end_request(error):
        made.ended.append(("request", request.path))

    @made.teardown_appcontext
    def end(error):
        made.ended.append(("app", g.get("mark")))

    return made


@pytest.fixture(params=[Flask, compat.Flask], ids=["native", "compat"])
def app(request):
    yield make(request.param)
    assert current.get(None) is None


# What tests do.


def test_an_application_context_entered_in_a_clients_block_ends_first(app):
    with app.test_client() as client:
        with app.app_context():
            client.get("/mark/a")
            assert request.path == "/mark/a"
        assert request.path == "/mark/a"
        assert session["mark"] == "a"
    assert not has_app_context()


def test_client_and_application_context_end_in_one_statement(app):
    with app.test_client() as client, app.app_context():
        client.get("/mark/a")
        client.get("/mark/b")
        assert g.mark == "b"
        assert request.path == "/mark/b"


def test_two_application_contexts_in_a_row_share_a_clients_block(app):
    with app.test_client() as client:
        for word in "ab":
            with app.app_context():
                client.get(f"/mark/{word}")
                assert (request.path, g.mark) == (f"/mark/{word}", word)
            assert session["mark"] == word


def test_contexts_are_popped_by_hand(app):
    client = app.test_client()
    client.__enter__()
    outer = app.app_context()
    outer.push()
    client.get("/mark/a")
    outer.pop()
    assert request.path == "/mark/a"
    inner = app.app_context()
    inner.push()
    client.__exit__(None, None, None)
    assert not has_request_context()
    assert current_app == app
    inner.pop()


def test_a_request_after_one_that_raised_has_its_own_g(app):
    with app.test_client() as client:
        with pytest.raises(KeyError):
            client.get("/boom/a")
        client.get("/mark/b")
        assert (request.path, g.get("mark")) == ("/mark/b", "b")


def test_a_request_after_a_redirect_has_its_own_g(app):
    with app.test_client() as client:
        client.get("/old/b", follow_redirects=True)
        assert (request.path, g.get("mark")) == ("/mark/b", "b")


@pytest.mark.parametrize("protocol", ["asgi", "rsgi"])
def test_the_order_is_free_over_every_protocol(app, protocol):
    with app.test_client(protocol=protocol, lifespan=True) as client:
        with app.app_context():
            client.get("/mark/a")
            client.get("/mark/b")
        assert (request.path, g.get("mark")) == ("/mark/b", "b")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
def test_the_order_is_free_for_the_async_client(app, protocol):
    async def main():
        async with AsyncFlaskClient(app, protocol=protocol) as client:
            with app.app_context():
                with suppress(KeyError):
                    await client.get("/boom/a")
                await client.get("/mark/b")
            assert (request.path, g.mark) == ("/mark/b", "b")

    asyncio.run(main())


def test_a_failed_way_out_leaves_nothing_behind(app):
    failing = []

    @app.teardown_request
    @app.teardown_appcontext
    def fail(error):
        if failing:
            raise ValueError("from the teardown")

    outer = app.app_context()
    client = app.test_client(lifespan=True)
    with client:
        outer.push()
        client.get("/mark/a")
        failing.append(True)
        with pytest.raises(ValueError, match="from the teardown"):
            outer.pop()
        with pytest.raises(ValueError, match="from the teardown"):
            client.__exit__(None, None, None)
    assert client._thread is None
    assert not has_app_context()


def test_what_was_never_pushed_cannot_be_popped(app):
    with app.app_context():
        for context in (app.app_context(), app.test_request_context("/mark/a")):
            with pytest.raises(AssertionError, match="never pushed"):
                context.pop()
        assert has_app_context()


def test_what_is_in_no_chain_cannot_be_popped(app):
    context = app.app_context()
    context.push()
    current.set(AppContext(app))  # by somebody who pushes nothing
    with pytest.raises(AssertionError, match="Popped wrong context"):
        context.pop()


def test_the_context_of_the_last_request_is_the_one_that_was_current(app):
    seen = []
    app.before_request(lambda: seen.append(request_ctx._get_current_object()))
    with app.test_client() as client:
        with app.app_context():
            client.get("/mark/a")
        assert request_ctx._get_current_object() is seen[0]


# Every order.


class Entry:
    """A push: which context, the request's path or None, and the marks of the scope that its ``g`` is."""

    def __init__(self, context, path, scope, owns):
        self.context, self.path, self.scope, self.owns = context, path, scope, owns


class Model:
    def __init__(self, app, reads_through):
        self.app = app
        self.reads_through = reads_through
        self.client = app.test_client()
        self.open = False
        self.kept = None
        self.stack = []
        self.count = 0

    def word(self):
        self.count += 1
        return str(self.count)

    def joined(self):
        return self.stack[-1].scope if self.stack else None

    def drop(self, entry):
        """Take an entry out of the list; what its end has to tell."""
        self.stack.remove(entry)
        again = any(other.context is entry.context for other in self.stack)
        told = []
        if entry.path is not None and not again:
            told.append(("request", entry.path))
        if entry.owns and not again:
            told.append(("app", entry.scope.get("mark")))
        return told

    # Steps, each with a number that says which of several.

    def toggle(self, _):
        if not self.open:
            self.client.__enter__()
        else:
            told = self.let_go()
            self.app.ended.clear()
            self.client.__exit__(None, None, None)
            assert self.app.ended == told
        self.open = not self.open

    def let_go(self):
        kept, self.kept = self.kept, None
        return [] if kept is None else self.drop(kept)

    def get(self, number):
        word = self.word()
        kind = ("mark", "boom", "old")[number % 3]
        told = self.let_go()
        for path in (f"/old/{word}", f"/mark/{word}") if kind == "old" else (f"/{kind}/{word}",):
            joined = self.joined()
            scope = {} if joined is None else joined
            scope["mark"] = "old" if path.startswith("/old") else word
            told.append(("request", path))
            if joined is None:
                told.append(("app", scope["mark"]))
        self.app.ended.clear()
        with suppress(KeyError):
            self.client.get(f"/{kind}/{word}", follow_redirects=True)
        assert self.app.ended == told
        if self.open and kind != "boom":
            self.kept = Entry(object(), path, scope, joined is None)
            self.stack.append(self.kept)

    def push_app(self, number):
        pushed = [entry for entry in self.stack if entry.path is None]
        if number % 3 == 0 and pushed:
            again = pushed[number % len(pushed)]
            again.context.push()
            self.stack.append(Entry(again.context, None, again.scope, True))
            return
        context = self.app.app_context()
        context.push()
        g.mark = word = self.word()
        self.stack.append(Entry(context, None, {"mark": word}, True))

    def push_request(self, number):
        pushed = [entry for entry in self.stack if entry.path is not None and entry is not self.kept]
        if number % 3 == 0 and pushed:
            again = pushed[number % len(pushed)]
            again.context.push()
            self.stack.append(Entry(again.context, again.path, again.scope, again.owns))
            return
        path = f"/mark/{self.word()}"
        context = self.app.test_request_context(path)
        joined = self.joined()
        context.push()
        self.stack.append(Entry(context, path, {} if joined is None else joined, joined is None))
        if number % 2:
            g.mark = self.stack[-1].scope["mark"] = self.word()

    def pop(self, number):
        pushed = [entry for entry in self.stack if entry is not self.kept]
        if pushed:
            chosen = pushed[number % len(pushed)]
            last = [entry for entry in pushed if entry.context is chosen.context][-1]
            told = self.drop(last)
            self.app.ended.clear()
            chosen.context.pop()
            assert self.app.ended == told

    def check(self):
        assert has_app_context() is bool(self.stack)
        paths = [entry.path for entry in self.stack]
        if not self.reads_through:
            paths = paths[-1:]
        visible = [path for path in paths if path is not None]
        assert has_request_context() is bool(visible)
        if visible:
            assert request.path == visible[-1]
            assert session.get("none") is None
        if self.stack:
            assert g.get("mark") == self.stack[-1].scope.get("mark")


STEPS = st.lists(
    st.tuples(st.sampled_from(["toggle", "get", "push_app", "push_request", "pop"]), st.integers(0, 11)),
    max_size=14,
)


@pytest.mark.parametrize("kind", [Flask, compat.Flask], ids=["native", "compat"])
@given(steps=STEPS)
def test_any_order_of_entering_and_leaving_is_the_models(kind, steps):
    def play():
        model = Model(make(kind), kind is compat.Flask)
        for step, number in steps:
            getattr(model, step)(number)
            model.check()
        while model.stack or model.open:
            for step in ("toggle",) if model.open else ("pop",):
                getattr(model, step)(model.count)
                model.check()

    contextvars.copy_context().run(play)
