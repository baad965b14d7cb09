"""Errors of resources: what is told of them, and whose answer counts."""

from __future__ import annotations

import logging

import pytest
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, Unauthorized

from demijohn import Blueprint, Flask, Response, got_request_exception, make_response
from demijohn import abort as flask_abort
from demijohn.ext.rest import Api, Resource, abort, reqparse


def raising(error):
    def method(self, **values):
        raise error

    return method


class Broken(Exception):
    """An error of the application's own."""


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"message": "No bottle 7."}, {"detail": "No bottle 7.", "message": "No bottle 7."}),
        ({"message": {"name": "Missing."}}, {"detail": "name: Missing.", "message": {"name": "Missing."}}),
        ({"bottle": 7}, {"bottle": 7}),
    ],
)
def test_an_error_is_a_problem_that_keeps_its_members(site, members, told):
    site.api().add_resource(site.resource(get=lambda self: abort(404, **members)), "/")
    answer = site.client.get("/")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {"type": "about:blank", "title": "Not Found", "status": 404, **told}


def test_flasks_abort_has_its_description_as_message(site):
    site.api().add_resource(site.resource(get=lambda self: flask_abort(409, "Taken.")), "/")
    assert site.client.get("/").json["message"] == "Taken."


def test_a_method_that_a_resource_has_not_is_told_with_what_is_allowed(site):
    site.api().add_resource(site.resource(get=1), "/")
    answer = site.client.delete("/")
    assert (answer.status_code, answer.json["status"]) == (405, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_an_unexpected_error_is_logged_sent_and_told_without_its_text(site, caplog):
    sent = []

    def receive(sender, exception):
        sent.append(exception)

    error = Broken("a secret")
    site.api().add_resource(site.resource(get=raising(error)), "/")
    with got_request_exception.connected_to(receive, site.app), caplog.at_level(logging.ERROR):
        answer = site.client.get("/")
    assert (answer.status_code, answer.json["message"]) == (500, "Internal Server Error")
    assert "secret" not in answer.text
    assert sent == [error]
    assert [record.exc_info[1] for record in caplog.records] == [error]


def test_an_unexpected_error_is_raised_in_tests(site):
    site.app.testing = True
    site.api().add_resource(site.resource(get=raising(Broken("here"))), "/")
    with pytest.raises(Broken, match="here"):
        site.client.get("/")


def test_an_expected_error_is_neither_sent_nor_logged(site, caplog):
    sent = []

    def receive(sender, exception):
        sent.append(exception)

    site.api().add_resource(site.resource(get=lambda self: abort(503)), "/")
    with got_request_exception.connected_to(receive, site.app):
        assert site.client.get("/").status_code == 503
    assert (sent, caplog.records) == ([], [])


# Whose answer counts.


@pytest.mark.parametrize("answers", ["here", "everywhere", "500"])
def test_the_applications_handler_answers_for_a_resource(site, answers):
    which = {"here": Broken, "everywhere": Exception, "500": 500}[answers]

    @site.app.errorhandler(which)
    def handle(error):
        return {
            "by": "the application",
            "cause": type(getattr(error, "original_exception", error)).__name__,
        }, 418

    site.api().add_resource(site.resource(get=raising(Broken())), "/")
    answer = site.client.get("/")
    assert (answer.status_code, answer.json) == (418, {"by": "the application", "cause": "Broken"})


@pytest.mark.parametrize("which", [404, NotFound, HTTPException])
def test_the_applications_handler_of_an_http_error_answers_for_a_resource(site, which):
    @site.app.errorhandler(which)
    async def handle(error):
        return "the application's", 404

    site.api().add_resource(site.resource(get=lambda self: abort(404)), "/")
    assert site.client.get("/").text == "the application's"


def test_the_blueprints_handler_answers_for_its_resources(site):
    blueprint = Blueprint("rack", __name__)
    blueprint.errorhandler(Broken)(lambda error: ("the blueprint's", 418))
    Api(blueprint).add_resource(site.resource(get=raising(Broken())), "/in")
    site.api().add_resource(site.resource("Other", get=raising(Broken())), "/out")
    site.app.register_blueprint(blueprint)
    assert site.client.get("/in").text == "the blueprint's"
    assert site.client.get("/out").json["status"] == 500


def test_no_foreign_route_is_touched(site):
    @site.app.get("/page")
    def page():
        flask_abort(410)

    @site.app.get("/broken")
    def broken():
        raise Broken

    other = Blueprint("other", __name__)
    Api(other, errors={"Broken": {"message": "the other's"}}).add_resource(
        site.resource("Other", get=1), "/other"
    )
    site.app.register_blueprint(other)
    site.api(errors={"Broken": {"message": "ours"}}).add_resource(site.resource(get=1), "/thing")
    client = site.client
    for path, method, status in [
        ("/page", "GET", 410), ("/page", "POST", 405), ("/broken", "GET", 500), ("/nowhere", "GET", 404),
    ]:  # fmt: skip
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.mimetype) == (status, "text/html"), path


def test_of_several_apis_each_answers_for_its_own(site):
    blueprint = Blueprint("rack", __name__)
    Api(blueprint, errors={"Broken": {"status": 409, "message": "theirs"}}).add_resource(
        site.resource(get=raising(Broken())), "/theirs"
    )
    site.app.register_blueprint(blueprint)
    site.api(errors={"Broken": {"status": 410, "message": "ours"}}).add_resource(
        site.resource("Ours", get=raising(Broken())), "/ours"
    )
    assert [site.client.get(path).json["message"] for path in ("/theirs", "/ours")] == ["theirs", "ours"]


def test_a_url_that_is_nowhere_is_told_where_all_404s_are_caught(site):
    @site.app.get("/page")
    def page():
        flask_abort(404)

    site.api(catch_all_404s=True)
    client = site.client
    assert client.get("/nowhere").json["message"].startswith("The requested URL was not found")
    assert client.get("/page").mimetype == "text/html"


def test_a_hook_that_refuses_a_request_for_a_resource_is_told_as_one_of_its_errors(site):
    site.app.before_request(lambda: flask_abort(403, "Not you."))
    site.api().add_resource(site.resource(get=1), "/")
    assert site.client.get("/").json["message"] == "Not you."


# What is told.


def test_errors_are_told_by_the_names_of_their_classes(site):
    site.app.testing = True
    errors = {"Broken": {"message": "Out of order.", "status": 409, "extra": 1}, "Bare": {"message": "?"}}
    api = site.api(errors=errors)
    api.add_resource(site.resource(get=raising(Broken("x"))), "/")
    api.add_resource(site.resource("Other", get=raising(type("Bare", (Exception,), {})())), "/bare")
    answer = site.client.get("/")
    assert (answer.status_code, answer.json["extra"], answer.json["detail"]) == (409, 1, "Out of order.")
    assert site.client.get("/bare").status_code == 500
    assert "title" not in errors["Broken"]


def test_a_subclass_answers_for_errors_of_its_own(site):
    class OurApi(Api):
        def handle_error(self, e):
            if isinstance(e, Broken):
                return self.make_response({"by": "the subclass"}, 418)
            return super().handle_error(e)

    api = OurApi(site.app)
    api.add_resource(site.resource(get=raising(Broken())), "/")
    api.add_resource(site.resource("Other", get=lambda self: abort(404, message="no")), "/other")
    api.add_resource(site.resource("Worse", get=raising(KeyError("x"))), "/worse")
    client = site.client
    assert (client.get("/").status_code, client.get("/").json) == (418, {"by": "the subclass"})
    assert client.get("/other").json["message"] == "no"
    assert client.get("/worse").json["message"] == "Internal Server Error"


def test_for_what_a_subclass_leaves_the_applications_handler_of_500_answers(site):
    class OurApi(Api):
        def handle_error(self, e):
            return super().handle_error(e)

    site.app.errorhandler(500)(lambda error: ("the application's", 500))
    OurApi(site.app).add_resource(site.resource(get=raising(Broken())), "/")
    assert site.client.get("/").text == "the application's"


def test_a_response_that_an_error_brings_is_left_alone(site):
    site.api().add_resource(
        site.resource(get=lambda self: flask_abort(Response("brought", 403, {"X-Rack": "7"}))), "/"
    )
    answer = site.client.get("/")
    assert (answer.text, answer.status_code, answer.headers["X-Rack"]) == ("brought", 403, "7")


def test_header_fields_of_an_error_are_sent_once(site):
    class Busy(HTTPException):
        code, description = 429, "Later."

        def get_headers(self, *args, **kwargs):
            return [*super().get_headers(*args, **kwargs), ("Retry-After", "7")]

    site.api().add_resource(site.resource(get=raising(Busy())), "/")
    headers = site.client.get("/").headers
    for name, value in {"Retry-After": "7", "Content-Type": "application/problem+json"}.items():
        assert headers.getlist(name) == [value]
    assert len(headers.getlist("Content-Length")) == 1


@pytest.mark.parametrize("realm", [None, 'The "old" cellar'])
def test_a_challenge_is_sent_where_it_is_wanted(site, realm):
    if realm is not None:
        site.app.config["HTTP_BASIC_AUTH_REALM"] = realm
    site.api(serve_challenge_on_401=True).add_resource(site.resource(get=raising(Unauthorized())), "/")
    expected = r"The \"old\" cellar" if realm else "flask-restful"
    assert site.client.get("/").headers["WWW-Authenticate"] == f'Basic realm="{expected}"'


def test_no_challenge_is_sent_otherwise(site):
    site.api().add_resource(site.resource(get=raising(Unauthorized())), "/")
    answer = site.client.get("/")
    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, False)


def test_what_is_refused_by_a_parser_is_told_for_each_argument(site):
    parser = reqparse.RequestParser(bundle_errors=True)
    parser.add_argument("name", required=True).add_argument("year", type=int, location="args")
    site.api().add_resource(site.resource(get=lambda self: parser.parse_args()), "/")
    answer = site.client.get("/?year=old")
    assert answer.status_code == 400
    assert set(answer.json["message"]) == {"name", "year"}


# Media types.


def as_text(data, code, headers=None):
    response = make_response(f"<{data}>", code)
    response.headers.extend(headers or {})
    return response


def test_data_is_written_in_the_media_type_that_the_client_likes_best(site):
    api = site.api()
    api.representation("application/xml")(as_text)
    api.add_resource(site.resource(get=("a", 201, {"X-Rack": "7"})), "/")
    for accept, mimetype in [
        ("application/xml", "application/xml"), ("application/json, application/xml;q=0.5", "application/json"),
        ("*/*", "application/json"), ("text/csv", "application/json"),
    ]:  # fmt: skip
        answer = site.client.get("/", headers={"Accept": accept})
        assert (answer.mimetype, answer.status_code, answer.headers["X-Rack"]) == (mimetype, 201, "7")


def test_an_error_is_written_in_it_too(site):
    api = site.api()
    api.representation("application/xml")(as_text)
    api.add_resource(site.resource(get=lambda self: abort(404, message="no")), "/")
    answer = site.client.get("/", headers={"Accept": "application/xml"})
    assert answer.mimetype == "application/xml"
    assert "'message': 'no'" in answer.text


def test_without_a_default_a_media_type_that_is_not_there_is_refused(site):
    api = site.api(default_mediatype=None)
    api.add_resource(site.resource(get="a", post=lambda self: abort(404, message="no")), "/")
    client = site.client
    assert client.get("/").json == "a"
    refused = client.get("/", headers={"Accept": "text/csv"})
    assert (refused.status_code, refused.json["title"]) == (406, "Not Acceptable")
    # An error is told in any case.
    assert client.post("/", headers={"Accept": "text/csv"}).json["message"] == "no"


def test_without_representations_errors_are_text(site):
    api = site.api(default_mediatype=None)
    api.representations = {}
    api.add_resource(site.resource(get="a"), "/")
    answer = site.client.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (406, "text/plain")


def test_a_default_that_is_no_representation_is_an_error_of_the_server():
    app = Flask("cellar")
    api = Api(app, default_mediatype="text/csv")
    with app.test_request_context("/", headers={"Accept": "image/png"}), pytest.raises(InternalServerError):
        api.make_response("a", 200)


def test_a_resource_has_representations_of_its_own(site):
    class Own(site.resource(get=("a", 201, {"X-Rack": "7"}))):
        representations = {"text/csv": as_text}

    site.api().add_resource(Own, "/")
    answer = site.client.get("/", headers={"Accept": "text/csv"})
    assert (answer.text, answer.mimetype, answer.status_code) == ("<a>", "text/csv", 201)
    assert site.client.get("/", headers={"Accept": "image/png"}).mimetype == "application/json"


def test_a_resource_knows_what_the_request_asks_for(site):
    site.api().add_resource(site.resource(get=lambda self: self.mediatypes()), "/")
    answer = site.client.get("/", headers={"Accept": "text/csv;q=0.5, text/html"})
    assert answer.json == ["text/html", "text/csv", "application/json"]


def test_a_resource_without_the_method_it_was_added_for_says_so():
    app = Flask("cellar")
    app.testing = True
    Api(app).add_resource(type("Empty", (Resource,), {}), "/", methods=["PUT"])
    with pytest.raises(AssertionError, match=r"'PUT': Empty .* no put\(\)"):
        app.test_client().put("/")
