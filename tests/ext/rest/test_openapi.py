"""The document of an Api, the page that shows it, and the command that prints it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import pydantic
import pytest
import yaml
from msgspec import UNSET, Meta, Struct, UnsetType
from openapi_spec_validator import validate
from werkzeug.datastructures import FileStorage

from demijohn import Blueprint, Flask
from demijohn.ext.rest import Api, ApiKeyAuth, BearerAuth, Bulk, Cookie, Form, Header, Query, typed


class Wine(Struct):
    name: Annotated[str, Meta(min_length=1)]
    note: str | None
    year: int = 2000
    label: str | UnsetType = UNSET


class Where(Struct):
    shelf: int
    dry: bool = False


class Out(pydantic.BaseModel):
    name: str


def model(name: str, **fields: type) -> type:
    return type(name, (Struct,), {"__annotations__": fields, "__module__": f"models_{next(iter(fields))}"})


def document(app, path="/openapi.json", **options):
    answer = app.test_client().get(path, **options)
    assert answer.status_code == 200
    made = json.loads(answer.text)
    validate(made)
    return made


def test_what_a_typed_view_says_is_in_the_document():
    app = Flask("cellar")
    api = Api(app, title="Cellar", version="1.4")

    @api.post("/racks/<int:rack>/wines", status=201, tags=["wines"], errors={409: "Taken."}, deprecated=True)
    def add(
        rack: int, wine: Wine, where: Annotated[Where, Query()], key: Annotated[str, Header("X-Key")] = "k",
        visit: Annotated[int | None, Cookie()] = None,
    ) -> Wine | None:  # fmt: skip
        """Put a bottle in.

        At the front.
        """

    made = document(app)
    assert (made["openapi"], made["info"]) == ("3.1.0", {"title": "Cellar", "version": "1.4"})
    assert (made["servers"], made["tags"]) == ([{"url": "/"}], [{"name": "wines"}])
    operation = made["paths"]["/racks/{rack}/wines"]["post"]
    assert operation["summary"] == "Put a bottle in."
    assert (operation["description"], operation["operationId"]) == ("At the front.", "add")
    assert (operation["tags"], operation["deprecated"]) == (["wines"], True)
    assert {(one["name"], one["in"], one["required"]) for one in operation["parameters"]} == {
        ("rack", "path", True), ("shelf", "query", True), ("dry", "query", False), ("X-Key", "header", False),
        ("visit", "cookie", False),
    }  # fmt: skip
    assert set(operation["responses"]) == {"201", "204", "400", "409", "415", "422", "default"}
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Wine"
    }


def test_required_and_nullable_are_told_apart():
    app = Flask("cellar")
    Api(app).post("/")(typed_view(Wine))
    schema = document(app)["components"]["schemas"]["Wine"]
    assert schema["required"] == ["name", "note"]
    assert schema["properties"]["note"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert schema["properties"]["label"] == {"type": "string"}
    assert schema["properties"]["year"] == {"type": "integer", "default": 2000}


def typed_view(takes: type, name: str = "view"):
    def view(value):
        return None

    view.__annotations__ = {"value": takes, "return": None}
    view.__name__ = name
    return view


def test_two_models_of_one_name_are_two_schemas_named_whatever_the_order():
    first, second = model("Wine", a=int), model("Wine", b=str)
    names = []
    for order in ((first, second), (second, first)):
        app = Flask("cellar")
        api = Api(app)
        for number, one in enumerate(order):
            api.post(f"/{number}")(typed_view(one, f"view{number}"))
        schemas = document(app)["components"]["schemas"]
        names.append({name: tuple(schemas[name]["properties"]) for name in schemas if name != "Problem"})
    assert names[0] == names[1] == {"models_a.Wine": ("a",), "models_b.Wine": ("b",)}


def test_operation_ids_stay_unique():
    app = Flask("cellar")
    inner, outer = Blueprint("inner", __name__, url_prefix="/in"), Blueprint("outer", __name__)
    Api(app)

    @inner.route("/<int:n>", methods=["GET", "POST"])
    @typed
    def view(n: int) -> int:
        return n

    outer.register_blueprint(inner)
    app.register_blueprint(outer, url_prefix="/a")
    app.register_blueprint(outer, url_prefix="/b", name="again")
    made = document(app)
    names = [operation["operationId"] for path in made["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) == 4


def test_plain_views_are_there_by_their_docstring_and_hidden_ones_are_not():
    app = Flask("cellar")
    api = Api(app)

    @app.get("/plain/<uuid:key>")
    def plain(key):
        """Says hello."""

    @app.get("/undocumented")
    def undocumented(): ...

    @api.get("/hidden", hidden=True)
    def hidden() -> None:
        """Not for all."""

    made = document(app)
    assert list(made["paths"]) == ["/plain/{key}"]
    operation = made["paths"]["/plain/{key}"]["get"]
    assert operation["summary"] == "Says hello."
    assert operation["parameters"][0]["schema"] == {"type": "string", "format": "uuid"}


def test_forms_files_guards_and_bulk():
    app = Flask("cellar")
    api = Api(app)

    @api.post("/form", auth=[BearerAuth(str), ApiKeyAuth(str)])
    def form(name: Annotated[str, Form()], label: FileStorage) -> Bulk[Out]: ...

    made = document(app)
    operation = made["paths"]["/form"]["post"]
    assert list(operation["requestBody"]["content"]) == ["multipart/form-data"]
    assert operation["security"] == [{"bearer": []}, {"apiKey": []}]
    assert "401" in operation["responses"]
    assert set(made["components"]["securitySchemes"]) == {"bearer", "apiKey"}
    parts = operation["responses"]["207"]["content"]["application/json"]["schema"]["items"]["properties"]
    assert parts["body"] == {"$ref": "#/components/schemas/Out"}


def test_hooks_change_the_document():
    app = Flask("cellar")
    api = Api(app, servers=["https://api.example"])

    @api.openapi_hook
    def change(document):
        document["info"]["contact"] = {"name": "Ada"}

    made = document(app)
    assert made["info"]["contact"] == {"name": "Ada"}
    assert made["servers"] == [{"url": "https://api.example"}]


def test_json_and_yaml_are_the_same_document_below_a_prefix():
    app = Flask("cellar")
    api = Api(app, prefix="/api")
    api.post("/")(typed_view(Wine))
    made = document(app, "/api/openapi.json", environ_overrides={"SCRIPT_NAME": "/mounted"})
    assert made["servers"] == [{"url": "/mounted"}]
    answer = app.test_client().get("/api/openapi.yaml")
    assert answer.content_type == "application/yaml"
    assert yaml.safe_load(answer.text) == {**made, "servers": [{"url": "/"}]}


@pytest.mark.parametrize(
    ("options", "served"), [({"openapi_url": None}, []), ({"docs_url": None}, ["/openapi.json"])]
)
def test_neither_has_to_be_served(options, served):
    app = Flask("cellar")
    Api(app, **options)
    client = app.test_client()
    assert [path for path in ("/openapi.json", "/docs") if client.get(path).status_code == 200] == served


def test_the_page_fetches_nothing_from_elsewhere_and_runs_under_a_strict_policy():
    app = Flask("cellar")
    Api(app, prefix="/api", title="<Cellar>")
    client = app.test_client()
    page = client.get("/api/docs")
    assert "&lt;Cellar&gt;" in page.text
    assert "//" not in page.text.replace("<!doctype html>", "")  # no address of a host
    assert "default-src 'none'; script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "page.js", "page.css", "LICENSE"):
        answer = client.get(f"/api/docs/{name}", buffered=True)
        assert answer.status_code == 200
        answer.close()
    assert client.get("/api/docs/..%2fpage.py").status_code == 404


def test_the_command_prints_writes_and_compares(tmp_path):
    app = Flask("cellar")
    Api(app).post("/")(typed_view(Wine))
    run = app.test_cli_runner().invoke
    printed = run(args=["openapi"])
    assert json.loads(printed.output) == document(app)
    for name in ("api.json", "api.yaml"):
        file = tmp_path / name
        assert run(args=["openapi", "--output", str(file)]).exit_code == 0
        assert run(args=["openapi", "--check", str(file)]).exit_code == 0
        file.write_text(file.read_text().replace("Wine", "Beer"))
        changed = run(args=["openapi", "--check", str(file)])
        assert changed.exit_code == 1
        assert "Beer" in changed.output
    assert Path(tmp_path / "api.yaml").read_text().startswith("openapi:")


@pytest.mark.parametrize(("options", "status"), [({}, 404), ({"openapi_url": "/openapi.json"}, 200)])
def test_by_a_policy_as_flask_s_it_is_served_where_it_is_said(options, status):
    app = Flask("cellar")
    app.policy = app.policy.replace(documented_apis=False)
    Api(app, **options)
    assert app.test_client().get("/openapi.json").status_code == status


def test_an_api_of_a_blueprint_is_documented_below_it():
    app, bp = Flask("cellar"), Blueprint("cellar", __name__, url_prefix="/cellar")
    Api(bp).post("/")(typed_view(Wine))
    app.register_blueprint(bp)
    made = document(app, "/cellar/openapi.json")
    assert list(made["paths"]) == ["/cellar/"]
    assert app.test_client().get("/cellar/docs").status_code == 200
