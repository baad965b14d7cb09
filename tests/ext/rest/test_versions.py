"""Versions side by side: which one a request is for, which view answers, what clients are told."""

from __future__ import annotations

import json
from datetime import date

import pytest
from openapi_spec_validator import validate

from demijohn import Blueprint, Flask, url_for
from demijohn.ext.rest import Api, Resource, Versions


@pytest.fixture
def versioned(site):
    """A site with an Api of three versions below /api."""
    versions = Versions(
        ["1", "2", "3"], path="/v{}", header="X-API-Version", query="version", accept=True, vendor="cellar", default="3"
    )  # fmt: skip
    versions.deprecate("1", since=date(2026, 1, 1), sunset=date(2026, 12, 31), link="https://example.com/old")
    site.api = Api(site.app, prefix="/api", versions=versions)

    @site.add("get", "/wines", version="1")
    def wines() -> str:
        return "first"

    @site.add("get", "/wines", version="3")
    def wines_again() -> str:
        return "third"

    @site.add("post", "/wines", version="2", until="2")
    def add(n: int) -> str:
        return f"added {n}"

    return site


@pytest.mark.parametrize(
    ("path", "headers", "status", "text"),
    [
        ("/v1/wines", {}, 200, "first"),
        ("/v2/wines", {}, 200, "first"),
        ("/v3/wines", {}, 200, "third"),
        ("/wines", {}, 200, "third"),
        ("/wines?version=2", {}, 200, "first"),
        ("/wines", {"X-API-Version": "1"}, 200, "first"),
        ("/wines", {"Accept": "application/json; version=2"}, 200, "first"),
        ("/wines", {"Accept": "application/json; version=v2"}, 200, "first"),
        ("/wines", {"Accept": "application/vnd.cellar.v2+json"}, 200, "first"),
        ("/wines?version=2", {"X-API-Version": "2"}, 200, "first"),
        ("/v9/wines", {}, 404, None),
        ("/wines?version=9", {}, 400, None),
        ("/wines", {"X-API-Version": "9"}, 400, None),
        ("/wines", {"Accept": "application/json; version=9"}, 406, None),
        ("/wines?version=2", {"X-API-Version": "1"}, 400, None),
        ("/v1/wines?version=2", {}, 400, None),
    ],
)
def test_the_version_of_a_request(versioned, path, headers, status, text):
    answer = versioned.client.get(f"/api{path}", headers=headers)
    assert answer.status_code == status, answer.text
    if text is None:
        assert answer.json["versions"] == ["1", "2", "3"]
    else:
        assert answer.text == text
        assert {"X-API-Version", "Accept"} <= set(answer.vary)


def test_a_known_path_with_another_method_is_405(versioned):
    assert versioned.client.post("/api/v2/wines?n=1").text == "added 1"
    for version in ("1", "3"):
        answer = versioned.client.post(f"/api/v{version}/wines?n=1")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert versioned.client.get("/api/v1/nothing").status_code == 404


def test_a_deprecated_version_says_so(versioned):
    headers = versioned.client.get("/api/v1/wines").headers
    assert headers["Deprecation"] == "@1767225600"
    assert headers["Sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"
    assert headers["Link"] == '<https://example.com/old>; rel="deprecation"'
    assert "Deprecation" not in versioned.client.get("/api/v2/wines").headers


def test_without_a_default_a_request_has_to_say(one):
    api = Api(one.app, prefix="/api", versions=Versions(["1", "2"], query="v"))
    api.get("/")(lambda: None)
    answer = one.client.get("/api/")
    assert (answer.status_code, answer.json["versions"]) == (400, ["1", "2"])
    assert one.client.get("/api/?v=1").status_code == 204


def test_each_version_has_its_document_and_the_page_a_chooser():
    app = Flask("cellar")
    api = Api(app, prefix="/api", versions=Versions(["1", "2"], path="/v{}", default="2"))
    api.get("/wines/<int:id>", version="1")(lambda id: None)
    api.get("/racks", version="2")(lambda: None)
    client = app.test_client()
    paths = {}
    for where in ("/v1", "/v2", ""):
        made = json.loads(client.get(f"/api{where}/openapi.json").text)
        validate(made)
        paths[where] = made["info"]["version"], sorted(made["paths"])
    assert paths["/v1"] == ("1", ["/api/v1/wines/{id}"])
    assert paths["/v2"] == paths[""] == ("2", ["/api/v2/racks", "/api/v2/wines/{id}"])
    page = client.get("/api/docs").text
    assert page.index('value="v2/openapi.json"') < page.index('value="v1/openapi.json"')
    run = app.test_cli_runner().invoke
    assert json.loads(run(args=["openapi", "--for-version", "1"]).output)["info"]["version"] == "1"


def test_addresses_are_built_for_a_version(versioned):
    with versioned.app.test_request_context():
        assert url_for("wines", api_version="2") == "/api/v2/wines"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Versions([]), "each once"),
        (lambda: Versions(["1", "1"], query="v"), "each once"),
        (lambda: Versions(["1"], path="/v"), "no place"),
        (lambda: Versions(["1"], query="v", default="2"), "not one of"),
        (lambda: Versions(["1"]), "Nothing names"),
        (lambda: Versions(["1"], query="v").deprecate("2", date(2026, 1, 1)), "no version '2'"),
    ],
)
def test_versions_that_make_no_sense(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_a_version_of_an_api_that_has_none():
    with pytest.raises(TypeError, match="no versions"):
        Api(Flask("cellar")).get("/", version="1")


@pytest.fixture(params=["app", "blueprint"])
def racks(site, request):
    """A site whose resources are other classes in other versions, of the application or a blueprint."""
    versions = Versions(
        ["1", "2", "3"], path="/v{}", header="X-API-Version", query="version", accept=True, vendor="cellar", default="3"
    )  # fmt: skip
    versions.deprecate("1", since=date(2026, 1, 1))
    owner = site.app if request.param == "app" else Blueprint("below", __name__)
    api = Api(owner, prefix="/api", versions=versions)

    class Racks(Resource):
        @site.kind
        def get(self):
            """The racks."""
            return "first"

    class RacksAgain(Resource):
        @site.kind
        def get(self):
            """The racks, again."""
            return "third"

        @site.kind
        def post(self):
            """One more."""
            return "made"

    class Shelves(Resource):
        def get(self):
            return "shelves"

    api.add_resource(Racks, "/racks", version="1")
    api.add_resource(RacksAgain, "/racks", version="3")
    api.add_resource(Shelves, "/shelves", version="2", until="2")
    if owner is not site.app:
        site.app.register_blueprint(owner)
    return site


@pytest.mark.parametrize(
    ("path", "headers", "status", "text"),
    [
        ("/v1/racks", {}, 200, "first"),
        ("/v2/racks", {}, 200, "first"),
        ("/v3/racks", {}, 200, "third"),
        ("/racks", {}, 200, "third"),
        ("/racks?version=2", {}, 200, "first"),
        ("/racks", {"X-API-Version": "1"}, 200, "first"),
        ("/racks", {"Accept": "application/json; version=2"}, 200, "first"),
        ("/racks", {"Accept": "application/vnd.cellar.v2+json"}, 200, "first"),
        ("/shelves?version=2", {}, 200, "shelves"),
        ("/shelves?version=1", {}, 404, None),
        ("/shelves", {"X-API-Version": "3"}, 404, None),
        ("/racks?version=9", {}, 400, None),
        ("/racks", {"Accept": "application/json; version=9"}, 406, None),
        ("/v1/racks?version=2", {}, 400, None),
    ],
)
def test_the_version_of_a_resource(racks, path, headers, status, text):
    answer = racks.client.get(f"/api{path}", headers=headers)
    assert answer.status_code == status, answer.text
    assert {"X-API-Version", "Accept"} <= set(answer.vary)
    if text is None:
        assert "versions" in answer.json
    else:
        assert answer.json == text


def test_a_resource_takes_the_methods_of_the_version(racks):
    assert racks.client.post("/api/v3/racks").json == "made"
    assert racks.client.post("/api/racks").json == "made"
    for refused in (racks.client.post("/api/v1/racks"), racks.client.post("/api/racks?version=1")):
        assert refused.status_code == 405


def test_a_deprecated_version_of_a_resource_says_so(racks):
    assert racks.client.get("/api/v1/racks").headers["Deprecation"].startswith("@")
    assert "Deprecation" not in racks.client.get("/api/v3/racks").headers


def test_the_documents_have_the_resources_of_their_version(racks):
    shown = {}
    for name in ("1", "3"):
        document = racks.client.get(f"/api/v{name}/openapi.json").json
        shown[name] = {
            path: {method: one["summary"] for method, one in methods.items()}
            for path, methods in document["paths"].items()
        }
    assert shown == {
        "1": {"/api/v1/racks": {"get": "The racks."}},
        "3": {"/api/v3/racks": {"get": "The racks, again.", "post": "One more."}},
    }
