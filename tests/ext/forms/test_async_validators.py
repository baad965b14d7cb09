"""Validators of both kinds, in forms of every shape, in views of both kinds: none is skipped, each is awaited."""

from __future__ import annotations

import asyncio
import threading
from functools import partial, wraps

import pytest
import wtforms
from wtforms import FieldList, FormField, StringField
from wtforms.validators import DataRequired, StopValidation, ValidationError

from demijohn import Flask, g, request
from demijohn.ext.forms import CSRFProtect, FlaskForm, Form
from demijohn.extend import nonblocking, running_loop
from demijohn.waiting.pool import ThreadPool

SAME = {"Sec-Fetch-Site": "same-origin"}
PROTOCOLS = ("wsgi", "asgi", "rsgi")


async def not_bad(form, field):
    await asyncio.sleep(0)
    g.setdefault("seen", []).append(field.name)
    if field.data == "bad":
        raise ValidationError(f"Not {field.data}.")


class NotBad:
    async def __call__(self, form, field):
        await not_bad(form, field)


def wrapped(function):
    @wraps(function)
    def call(*args):
        return function(*args)

    return call


def disguised(form, field):
    """Nobody can tell before it is called."""
    return not_bad(form, field)


class Inner(FlaskForm):
    word = StringField()

    async def validate_word(self, field):
        await not_bad(self, field)


class PlainInner(wtforms.Form):
    word = StringField("Word", [not_bad])

    async def validate_word(self, field):
        await not_bad(self, field)


class WithInline(FlaskForm):
    word = StringField("Word", [DataRequired()])

    async def validate_word(self, field):
        await not_bad(self, field)


def form_of(field):
    return type("Made", (FlaskForm,), {"word": field})


SHAPES = {
    "inline": (WithInline, "word"),
    "function": (form_of(StringField(validators=[not_bad])), "word"),
    "object": (form_of(StringField(validators=[NotBad()])), "word"),
    "partial": (form_of(StringField(validators=[partial(not_bad)])), "word"),
    "wrapped": (form_of(StringField(validators=[wrapped(not_bad)])), "word"),
    "disguised": (form_of(StringField(validators=[disguised])), "word"),
    "list": (form_of(FieldList(StringField(validators=[not_bad]))), "word-0"),
    "form": (form_of(FormField(Inner)), "word-word"),
    "plain form": (form_of(FormField(PlainInner)), "word-word"),
    "list of forms": (form_of(FieldList(FormField(Inner))), "word-0-word"),
    "list of plain forms": (form_of(FieldList(FormField(PlainInner))), "word-0-word"),
}


@pytest.fixture(params=list(SHAPES))
def shape(request):
    return SHAPES[request.param]


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    return request.param


def answers(app, protocol, shape, path):
    name = shape[1]
    with app.test_client(protocol=protocol) as client:
        found = [client.post(path, data={name: word}, headers=SAME).json for word in ("good", "bad")]
        client.close()
    return found


def make_app(view_form):
    app = Flask(__name__)
    app.secret_key, app.testing = "the key of these tests, which is long", True

    @app.post("/async")
    async def in_async():
        form = view_form()
        valid = await form.validate_on_submit_async()
        return {"valid": valid, "seen": g.get("seen", []), "errors": form.errors}

    @app.post("/sync")
    def in_sync():
        form = view_form()
        return {"valid": form.validate_on_submit(), "seen": g.get("seen", []), "errors": form.errors}

    return app


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_each_async_validator_is_awaited_and_counts(shape, protocol, path):
    good, bad = answers(make_app(shape[0]), protocol, shape, path)
    assert (good["valid"], good["errors"]) == (True, {})
    assert good["seen"]
    assert bad["valid"] is False
    assert "Not bad." in str(bad["errors"])
    assert good["seen"] == bad["seen"]


def test_on_the_loop_sync_validation_is_an_error_that_names_the_async_method(shape, protocol):
    if shape is SHAPES["wrapped"] or shape is SHAPES["disguised"]:
        expected = r"\(not_bad\)|\(disguised\)"
    else:
        expected = r"(word|0) \((validate_word|not_bad|NotBad|partial)\)"
    app = Flask(__name__)
    app.secret_key, app.testing = "the key of these tests, which is long", True

    @app.post("/")
    async def view():
        return str(shape[0]().validate_on_submit())

    client = app.test_client(protocol=protocol)
    with pytest.raises(RuntimeError, match=rf"{expected}.*validate_on_submit_async"):
        client.post("/", data={shape[1]: ""}, headers=SAME)
    client.close()


def test_sync_validation_of_sync_validators_is_at_home_on_the_loop(every_site, name_form):
    every_site.route("/", lambda: str(name_form().validate_on_submit()))
    assert every_site.client().post("/", data={"name": "a"}, headers=SAME).text == "True"


def test_a_chain_that_was_stopped_awaits_nothing_more(protocol):
    async def stop(form, field):
        raise StopValidation("Stopped.")

    form = form_of(StringField(validators=[stop, not_bad]))
    good, _ = answers(make_app(form), protocol, (form, "word"), "/async")
    assert good == {"valid": False, "seen": [], "errors": {"word": ["Stopped."]}}


def test_extra_validators_may_be_async(site):
    class Plain(FlaskForm):
        word = StringField()

    async def view():
        form = Plain()
        return [await form.validate_async({"word": [not_bad]}), form.word.errors]

    site.app.add_url_rule("/", view_func=view, methods=["POST"])
    assert site.client().post("/", data={"word": "bad"}, headers=SAME).json == [False, ["Not bad."]]


def test_a_form_may_extend_sync_validation(every_site):
    class Extended(WithInline):
        def validate(self, extra_validators=None):
            return super().validate(extra_validators) and self.word.data != "worse"

    app = make_app(Extended)
    for path in ("/async", "/sync"):
        client = app.test_client(protocol=every_site.protocol)
        valid = [
            client.post(path, data={"word": w}, headers=SAME).json["valid"] for w in ("good", "bad", "worse")
        ]
        assert valid == [True, False, False]
        client.close()


def test_a_form_may_extend_async_validation(protocol):
    class Extended(WithInline):
        async def validate_async(self, extra_validators=None):
            return await super().validate_async(extra_validators) and self.word.data != "worse"

    app = make_app(Extended)
    client = app.test_client(protocol=protocol)
    words = ("good", "bad", "worse")
    assert [client.post("/async", data={"word": w}, headers=SAME).json["valid"] for w in words] == [
        True,
        False,
        False,
    ]
    client.close()


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_form_whose_validate_is_async_is_awaited(protocol, path):
    class Extended(WithInline):
        async def validate(self, extra_validators=None):
            return await super().validate_async(extra_validators) and self.word.data != "worse"

    client = make_app(Extended).test_client(protocol=protocol)
    words = ("good", "bad", "worse")
    assert [client.post(path, data={"word": w}, headers=SAME).json["valid"] for w in words] == [
        True,
        False,
        False,
    ]
    client.close()


def test_in_async_code_validators_run_where_they_hurt_nobody():
    where = {}

    async def on_loop(form, field):
        where["async"] = (running_loop(), threading.get_ident())

    def blocks(form, field):
        where["sync"] = (running_loop(), threading.get_ident())

    async def validate(form):
        assert await form.validate_async()
        return running_loop(), threading.get_ident()

    Mixed = type("Mixed", (Form,), {"word": StringField(validators=[blocks, on_loop])})
    loop, thread = asyncio.run(validate(Mixed()))
    assert where["async"] == (loop, thread)
    assert where["sync"][0] is None
    assert where["sync"][1] != thread


@pytest.mark.parametrize(
    ("validators", "hops"),
    [
        ([DataRequired()], False),
        ([nonblocking(lambda form, field: None)], False),
        ([lambda form, field: None], True),
        ([DataRequired(), not_bad], True),
    ],
)
def test_no_thread_is_taken_for_what_only_computes(validators, hops, monkeypatch):
    taken = []
    to_thread = asyncio.to_thread

    async def counted(*args, **kwargs):
        taken.append(args)
        return await to_thread(*args, **kwargs)

    def counted_job(pool, *args):
        taken.append(args)
        return run(pool, *args)

    run = ThreadPool.run
    monkeypatch.setattr(
        ThreadPool, "run", counted_job
    )  # a loop that serves sync views has threads of its own
    monkeypatch.setattr(asyncio, "to_thread", counted)
    app = make_app(form_of(StringField(validators=validators)))
    assert app.test_client().post("/async", data={"word": "good"}, headers=SAME).json["valid"]
    assert bool(taken) is hops


def test_validators_see_the_request_and_its_namespace(protocol):
    async def sees(form, field):
        g.path = request.path

    def sees_too(form, field):
        g.endpoint = request.endpoint

    form = form_of(StringField(validators=[sees, sees_too]))
    app = Flask(__name__)
    app.secret_key = "the key of these tests, which is long"
    CSRFProtect(app)

    @app.post("/here")
    async def here():
        return [await form().validate_on_submit_async(), g.path, g.endpoint]

    client = app.test_client(protocol=protocol)
    assert client.post("/here", headers=SAME).json == [True, "/here", "here"]
    client.close()


def test_an_error_of_an_async_validator_is_the_requests(protocol):
    async def fails(form, field):
        raise LookupError("no database")

    app = make_app(form_of(StringField(validators=[fails])))
    for path in ("/async", "/sync"):
        client = app.test_client(protocol=protocol)
        with pytest.raises(LookupError, match="no database"):
            client.post(path, data={}, headers=SAME)
        client.close()
