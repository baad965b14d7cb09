"""Resources: what their methods return, where they are, and what stands around them."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from unittest.mock import Mock

import pytest

from demijohn import Blueprint, Flask, make_response, request
from demijohn.ext.rest import Api, Resource, marshal_with, marshal_with_field
from demijohn.ext.rest.fields import Integer, List, String
from demijohn.views import MethodView


@pytest.mark.parametrize(
    ("returned", "status", "told"),
    [
        ({"name": "Merlot"}, 200, {"name": "Merlot"}),
        (({"name": "Merlot"}, 201), 201, {"name": "Merlot"}),
        ((["a"], 202, {"X-Rack": "7"}), 202, ["a"]),
        ("text", 200, "text"),
        (None, 200, None),
        (("one",), 200, ["one"]),
    ],
)
def test_what_a_method_returns_is_data_with_a_status_and_header_fields(site, returned, status, told):
    site.api().add_resource(site.resource(get=returned), "/")
    answer = site.client.get("/")
    assert (answer.status_code, answer.json, answer.mimetype) == (status, told, "application/json")
    assert answer.headers.get("X-Rack") == ("7" if status == 202 else None)


def test_a_response_is_left_alone(site):
    site.api().add_resource(site.resource(get=lambda self: make_response("plain", 203)), "/")
    answer = site.client.get("/")
    assert (answer.status_code, answer.text) == (203, "plain")


def test_each_method_has_its_own_function_and_head_that_of_get(site):
    site.api().add_resource(site.resource(get="got", post=("posted", 201)), "/")
    client = site.client
    assert (client.get("/").json, client.post("/").json) == ("got", "posted")
    assert (client.head("/").status_code, client.head("/").text) == (200, "")
    assert client.delete("/").status_code == 405
    assert "POST" in client.options("/").headers["Allow"]


def test_the_variables_of_the_url_are_arguments(site):
    site.api().add_resource(
        site.resource(get=lambda self, rack, **more: [rack, more]),
        "/racks/<int:rack>",
        "/all/<int:rack>/<name>",
    )
    assert site.client.get("/racks/7").json == [7, {}]
    assert site.client.get("/all/7/old").json == [7, {"name": "old"}]


def test_sync_and_async_methods_stand_side_by_side():
    class Both(Resource):
        def get(self):
            return "sync"

        async def post(self):
            return "async", 201

    app = Flask("cellar")
    Api(app).add_resource(Both, "/")
    for protocol in ("wsgi", "asgi", "rsgi"):
        with app.test_client(protocol=protocol) as client:
            assert (client.get("/").json, client.post("/").json) == ("sync", "async")


def test_marshalled_results_keep_their_status_and_header_fields(site):
    class Bottles(Resource):
        get = marshal_with({"name": String})(
            site.method(lambda self: ({"name": 7, "price": 1}, 201, {"X-Rack": "7"}))
        )
        put = marshal_with({"name": String}, envelope="bottles")(site.method(lambda self: [{"name": "a"}]))
        post = marshal_with_field(List(Integer))(site.method(lambda self: ["1", 2.0]))

    site.api().add_resource(Bottles, "/")
    got = site.client.get("/")
    assert (got.json, got.status_code, got.headers["X-Rack"]) == ({"name": "7"}, 201, "7")
    assert site.client.put("/").json == {"bottles": [{"name": "a"}]}
    assert site.client.post("/").json == [1, 2]


def test_a_marshalled_method_says_by_what(site):
    made, field = {"name": String}, List(Integer)
    by = marshal_with(made, envelope="all")(site.method(lambda self: 1)).marshalled_by
    assert (by.fields, by.envelope) == (made, "all")
    assert marshal_with_field(field)(site.method(lambda self: 1)).marshalled_by.field is field


def loud(function):
    """A decorator of methods, sync or async."""
    from demijohn.ext.rest.utils.results import changing

    return changing(function, str.upper)


def test_decorators_of_methods_are_for_all_or_for_each_by_name(site):
    class All(site.resource(get="a", post="b")):
        method_decorators = [loud]

    class Some(site.resource(get="a", post="b")):
        method_decorators: Mapping = {"get": [loud]}

    api = site.api()
    api.add_resource(All, "/all")
    api.add_resource(Some, "/some")
    client = site.client
    assert [
        client.open(path, method=method).json for path in ("/all", "/some") for method in ("GET", "POST")
    ] == [
        "A",
        "B",
        "A",
        "b",
    ]


def test_decorators_of_the_api_stand_around_each_view(site):
    seen = []

    def note(view):
        from functools import wraps

        @wraps(view)
        def noting(**values):
            seen.append(request.path)
            return view(**values)

        return noting

    api = site.api(decorators=[note])
    api.add_resource(site.resource("One", get=1), "/one")
    api.add_resource(site.resource("Two", get=2), "/two")
    assert (site.client.get("/one").json, site.client.get("/two").json) == (1, 2)
    assert seen == ["/one", "/two"]


def test_a_constructor_gets_its_arguments():
    class Rack(Resource):
        def __init__(self, *places, size):
            self.known = [*places, size]

        def get(self):
            return self.known

    app = Flask("cellar")
    Api(app).add_resource(Rack, "/", resource_class_args=(1, 2), resource_class_kwargs={"size": 12})
    assert app.test_client().get("/").json == [1, 2, 12]


def test_a_plain_method_view_may_be_added():
    class Plain(MethodView):
        def get(self):
            return {"plain": True}, 201

    app = Flask("cellar")
    api = Api(app)
    api.add_resource(Plain, "/plain")
    assert app.test_client().get("/plain").status_code == 201
    with app.test_request_context():
        assert api.url_for(Plain) == "/plain"
    assert not hasattr(MethodView, "mediatypes")


def test_an_endpoint_of_another_class_is_not_taken_over():
    app = Flask("cellar")
    api = Api(app)
    api.add_resource(type("One", (Resource,), {"get": lambda self: 1}), "/one", endpoint="bottle")
    with pytest.raises(ValueError, match=r"'bottle'.*One.*endpoint="):
        api.add_resource(type("Two", (Resource,), {"get": lambda self: 2}), "/two", endpoint="bottle")


def test_what_json_does_not_know_is_written_as_the_application_writes_it(site):
    site.api().add_resource(site.resource(get={"price": decimal.Decimal("1.20")}), "/")
    assert site.client.get("/").text == '{"price": "1.20"}\n'


def test_json_has_the_settings_of_the_application(site):
    site.app.config["RESTFUL_JSON"] = {"indent": 1, "sort_keys": True}
    site.api().add_resource(site.resource(get={"b": 1, "a": 2}), "/")
    assert site.client.get("/").text == '{\n "a": 2,\n "b": 1\n}\n'


def test_debug_mode_indents_json_and_leaves_the_settings_alone():
    app = Flask("cellar")
    app.debug, app.config["RESTFUL_JSON"] = True, {}
    Api(app).add_resource(type("A", (Resource,), {"get": lambda self: {"a": 1}}), "/")
    assert app.test_client().get("/").text == '{\n    "a": 1\n}\n'
    assert app.config["RESTFUL_JSON"] == {}


# Where resources are.


def test_a_resource_is_added_by_a_decorator_and_found_by_url_for(site):
    api = site.api(prefix="/api")

    @api.resource("/bottles/<int:number>", endpoint="bottle")
    class Bottle(site.resource(get=lambda self, number: api.url_for(type(self), number=number + 1))):
        pass

    assert site.client.get("/api/bottles/7").json == "/api/bottles/8"
    assert Bottle.endpoint == "bottle"


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("by_blueprint", [True, False])
def test_resources_may_be_added_before_the_application_is_known_and_after(early, by_blueprint):
    app, api, thing = Flask("cellar"), Api(), type("Thing", (Resource,), {"get": lambda self: 1})
    blueprint = Blueprint("rack", __name__)
    if early:
        api.add_resource(thing, "/thing")
    api.init_app(blueprint if by_blueprint else app)
    if by_blueprint:
        app.register_blueprint(blueprint)
    if not early:
        api.add_resource(thing, "/thing")
    assert app.test_client().get("/thing").json == 1
    assert api.owns_endpoint("rack.thing" if by_blueprint else "thing")
    assert not api.owns_endpoint("racks.thing")


def test_one_api_serves_several_applications():
    api = Api(prefix="/v1")
    api.add_resource(type("Thing", (Resource,), {"get": lambda self: 1}), "/thing", endpoint="it")
    for name in ("one", "two"):
        app = Flask(name)
        api.init_app(app)
        assert app.test_client().get("/v1/thing").json == 1
        assert "it" in app.view_functions


@pytest.mark.parametrize(
    ("order", "url"), [("bae", "/rack/api/thing"), ("abe", "/api/rack/thing"), ("aeb", "/api/thing/rack")]
)
def test_the_parts_of_a_url_are_put_in_order(site, order, url):
    blueprint = Blueprint("rack", __name__, url_prefix="/rack")
    api = Api(blueprint, prefix="/api", url_part_order=order)
    api.add_resource(site.resource(get=lambda self: api.url_for(type(self))), "/thing")
    site.app.register_blueprint(blueprint)
    assert site.client.get(url).json == url


def test_a_blueprint_may_be_nested_and_registered_twice(site):
    outer, inner = Blueprint("outer", __name__, url_prefix="/outer"), Blueprint("rack", __name__)
    api = Api(inner, prefix="/api")
    api.add_resource(
        site.resource(get=lambda self: [api.url_for(type(self)), api.owns_endpoint(request.endpoint)]), "/"
    )
    outer.register_blueprint(inner, url_prefix="/in")
    site.app.register_blueprint(outer)
    site.app.register_blueprint(inner, url_prefix="/own", name="own")
    for url in ("/outer/in/api/", "/own/api/"):
        assert site.client.get(url).json == [url, True]


def test_defaults_and_subdomain_of_a_blueprint_are_those_of_its_resources():
    app = Flask("cellar", subdomain_matching=True)
    app.config["SERVER_NAME"] = "cellar.example"
    blueprint = Blueprint("rack", __name__, subdomain="api", url_defaults={"rack": 7})
    Api(blueprint).add_resource(
        type("T", (Resource,), {"get": lambda self, **values: values}), "/", defaults={"x": 1}
    )
    app.register_blueprint(blueprint)
    client = app.test_client()
    assert client.get("/", base_url="http://api.cellar.example").json == {"rack": 7, "x": 1}
    assert client.get("/", base_url="http://cellar.example").status_code == 404


def test_a_resource_of_another_api_has_no_url_here():
    app = Flask("cellar")
    with app.test_request_context(), pytest.raises(ValueError, match="Resource was not added"):
        Api(app).url_for(Resource)


@pytest.mark.parametrize("spec", [None, Flask], ids=["any", "application"])
def test_what_stands_for_an_application_gets_the_routes_of_resources(spec):
    stand_in = Mock(spec)
    stand_in.view_functions = {}
    Api(stand_in).add_resource(Resource, "/things", endpoint="things")
    assert stand_in.add_url_rule.call_args.args == ("/things",)
