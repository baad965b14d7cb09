from __future__ import annotations

import asyncio
import functools
from inspect import iscoroutinefunction

import pytest

from demijohn import Flask
from demijohn.views import MethodView, View


@pytest.fixture
def app():
    app = Flask("demijohn", root_path="/")
    app.testing = True
    return app


def add(app, view, **kwargs):
    app.add_url_rule("/", view_func=view.as_view("index", **kwargs))
    return app.test_client()


def test_a_class_is_a_view(app):
    class Hello(View):
        methods = ["GET", "POST"]

        def dispatch_request(self):
            return "hello"

    client = add(app, Hello)
    assert client.get("/").text == client.post("/").text == "hello"
    assert client.put("/").status_code == 405


def test_variables_of_the_path_are_keyword_arguments(app):
    class Bottle(View):
        def dispatch_request(self, number):
            return str(number + 1)

    app.add_url_rule("/<int:number>", view_func=Bottle.as_view("bottle"))
    assert app.test_client().get("/41").text == "42"


def test_a_view_without_dispatch_request_is_not_implemented(app):
    client = add(app, View)
    with pytest.raises(NotImplementedError):
        client.get("/")


def test_the_constructor_gets_the_arguments_of_as_view(app):
    class Greeting(View):
        def __init__(self, word, *, mark):
            self.text = word + mark

        def dispatch_request(self):
            return self.text

    app.add_url_rule("/", view_func=Greeting.as_view("index", "hi", mark="!"))
    assert app.test_client().get("/").text == "hi!"


@pytest.mark.parametrize(("init_every", "made"), [(True, 3), (False, 1)])
def test_an_instance_serves_one_request_or_all(app, init_every, made):
    instances = []

    class Counted(View):
        init_every_request = init_every

        def __init__(self):
            instances.append(self)

        def dispatch_request(self):
            return "ok"

    client = add(app, Counted)
    for _ in range(3):
        client.get("/")
    assert len(instances) == made


def test_decorators_are_applied_in_order_to_the_function(app):
    def around(mark):
        def decorate(f):
            @functools.wraps(f)
            def decorated(**kwargs):
                return mark + f.__name__ + f(**kwargs) + mark

            return decorated

        return decorate

    class Decorated(View):
        decorators = [around("-"), around("=")]

        def dispatch_request(self):
            return "x"

    assert add(app, Decorated).get("/").text == "=index-indexx-="


def test_the_function_tells_its_class():
    class Shown(View):
        """Its text."""

        methods = ["PATCH"]
        provide_automatic_options = False

        def dispatch_request(self):
            return ""

    view = Shown.as_view("shown")
    assert (view.__name__, view.__doc__, view.__module__) == ("shown", "Its text.", __name__)
    assert (view.view_class, view.methods, view.provide_automatic_options) == (Shown, ["PATCH"], False)


def test_the_class_behind_the_function_can_be_replaced(app):
    class One(View):
        def dispatch_request(self):
            return "one"

    class Two(View):
        def dispatch_request(self):
            return "two"

    view = One.as_view("index")
    view.view_class = Two
    app.add_url_rule("/", view_func=view)
    assert app.test_client().get("/").text == "two"


class Both(MethodView):
    def get(self):
        return "got"

    def post(self):
        return "posted"


def test_a_method_view_calls_the_method_of_the_request(app):
    client = add(app, Both)
    assert client.get("/").text == "got"
    assert client.post("/").text == "posted"
    refused = client.put("/")
    assert refused.status_code == 405
    assert sorted(refused.allow) == ["GET", "HEAD", "OPTIONS", "POST"]


def test_head_falls_back_to_get(app):
    response = add(app, Both).head("/")
    assert (response.status_code, response.data) == (200, b"")


def test_head_may_have_a_method_of_its_own(app):
    class Headed(Both):
        def head(self):
            return "", 204

    assert add(app, Headed).head("/").status_code == 204


def test_a_route_for_a_method_the_class_lacks_is_explained(app):
    app.add_url_rule("/", view_func=Both.as_view("index"), methods=["PUT"])
    with pytest.raises(AssertionError, match=r"Unimplemented method 'PUT': Both .* has no put\(\)"):
        app.test_client().put("/")


def test_case_7_an_invented_method_finds_no_attribute(app):
    class Helped(Both):
        def helper(self):
            raise AssertionError("a helper is not a handler")

    assert add(app, Helped).open("/", method="HELPER").status_code == 405


def test_methods_follow_from_the_class_and_its_bases():
    class Child(Both):
        def delete(self):
            return ""

    class Fixed(Both):
        methods = ["GET"]

    class Empty(MethodView):
        pass

    assert Both.methods == {"GET", "POST"}
    assert Child.methods == {"DELETE", "GET", "POST"}
    assert Fixed.methods == ["GET"]
    assert Empty.methods is None


class Mixed(MethodView):
    def get(self):
        return "sync"

    async def post(self):
        await asyncio.sleep(0)
        return "async"


class Awaited(MethodView):
    async def get(self):
        await asyncio.sleep(0)
        return "async"


class AwaitedView(View):
    async def dispatch_request(self):
        await asyncio.sleep(0)
        return "async"


@pytest.mark.parametrize(
    ("view", "known"), [(Both, False), (Mixed, False), (Awaited, True), (AwaitedView, True)]
)
def test_a_function_that_must_be_awaited_says_so(view, known):
    assert iscoroutinefunction(view.as_view("index")) is known


@pytest.mark.parametrize("view", [Awaited, AwaitedView])
def test_an_async_class_is_a_view(app, view):
    assert add(app, view).get("/").text == "async"


def test_sync_and_async_methods_live_in_one_class(app):
    client = add(app, Mixed)
    assert client.get("/").text == "sync"
    assert client.post("/").text == "async"


def test_a_sync_override_of_an_async_class_works(app):
    class Answering(Awaited):
        def dispatch_request(self, **kwargs):
            return "sync"

    assert add(app, Answering).get("/").text == "sync"
