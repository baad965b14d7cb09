"""Each difference of a policy is asked for by its name, whenever and wherever the policy was set."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import (
    BadRequest,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from demijohn import Flask, Response, render_template, request, send_file, send_from_directory, session
from demijohn.compat.policy import FLASK
from demijohn.policy import Policy


def reads_nan(app, folder):
    try:
        app.json.loads("NaN")
    except ValueError:
        return False
    return True


def finds_no_host(app, folder):
    with app.test_request_context(headers={"Host": "a,b"}):
        try:
            return request.host == ""
        except BadRequest:
            return False


def keeps_why_json_was_refused(app, folder):
    with app.test_request_context(data="{", content_type="application/json"), pytest.raises(BadRequest) as e:
        request.get_json()
    return e.value.description == BadRequest.description


def keeps_which_limit_was_passed(app, folder):
    app.config["MAX_CONTENT_LENGTH"] = 1
    with app.test_request_context(data="long"), pytest.raises(RequestEntityTooLarge) as e:
        request.get_data()
    return e.value.description == RequestEntityTooLarge.description


def keeps_how_many_parts_a_form_may_have(app, folder):
    app.config["MAX_FORM_PARTS"] = 1
    with app.test_request_context(data={"a": "1", "b": "2"}), pytest.raises(RequestEntityTooLarge) as e:
        request.form  # noqa: B018
    return e.value.description == RequestEntityTooLarge.description


def keeps_where_a_template_was_looked_for(app, folder):
    with app.app_context(), pytest.raises(Exception, match="page.html") as e:
        render_template("page.html")
    return str(e.value) == "page.html"


def leaves_the_session_to_caches(app, folder):
    with app.test_request_context():
        session["a"] = 1
        return "Cache-Control" not in app.process_response(Response("body")).headers


def keeps_the_folder_of_a_download(app, folder):
    (folder / "file.txt").write_text("text")
    with app.test_request_context():
        response = send_file(folder / "file.txt", as_attachment=True, download_name="../name.txt")
        response.close()
    return "../name.txt" in response.headers["Content-Disposition"]


def follows_a_link_that_leads_out(app, folder):
    (folder / "inside").mkdir()
    (folder / "secret.txt").write_text("text")
    (folder / "inside" / "link.txt").symlink_to(folder / "secret.txt")
    with app.test_request_context():
        try:
            send_from_directory(folder / "inside", "link.txt").close()
        except Exception:
            return False
    return True


def refuses_a_range_in_another_unit(app, folder):
    (folder / "file.txt").write_text("text")
    with app.test_request_context(headers={"Range": "items=0-3"}):
        try:
            send_file(folder / "file.txt").close()
        except RequestedRangeNotSatisfiable:
            return True
    return False


def sets_a_cookie_of_any_name(app, folder):
    app.config["SESSION_COOKIE_NAME"] = "séance"
    try:
        with app.test_request_context():
            session["a"] = 1
            sent = app.process_response(Response("body")).headers["Set-Cookie"]
            response = Response("body")
            response.set_cookie("café", "v")
    except ValueError:
        return False
    return sent.startswith("s") and response.headers["Set-Cookie"].startswith("caf")


def reads_a_form_in_a_coding(app, folder):
    headers = {"Content-Encoding": "gzip"}
    with app.test_request_context(data={"a": "1"}, headers=headers):
        try:
            return request.form["a"] == "1"
        except UnsupportedMediaType:
            return False


def reads_json_in_a_coding(app, folder):
    with app.test_request_context(json=[1], headers={"Content-Encoding": "br"}):
        try:
            return request.json == [1]
        except UnsupportedMediaType:
            return False


def names_static_files_as_they_lie_there(app, folder):
    (folder / "cellar.css").write_text("p { margin: 0 }")
    app.static_folder = folder
    with app.test_request_context():
        return app.url_for("static", filename="cellar.css") == "/static/cellar.css"


#: Difference -> functions that say whether an application behaves as Flask's does there.
PROBES = [
    ("strict_json", reads_nan),
    ("strict_hosts", finds_no_host),
    ("explained_errors", keeps_why_json_was_refused),
    ("explained_errors", keeps_which_limit_was_passed),
    ("explained_errors", keeps_how_many_parts_a_form_may_have),
    ("explained_errors", keeps_where_a_template_was_looked_for),
    ("private_sessions", leaves_the_session_to_caches),
    ("codings_refused", reads_a_form_in_a_coding),
    ("codings_refused", reads_json_in_a_coding),
    ("clean_download_names", keeps_the_folder_of_a_download),
    ("ranges_ignored", refuses_a_range_in_another_unit),
    ("strict_cookie_names", sets_a_cookie_of_any_name),
    ("links_stay_inside", follows_a_link_that_leads_out),
    ("hashed_static", names_static_files_as_they_lie_there),
]


def make_app(cls=Flask):
    app = cls("demijohn", root_path="/")
    app.secret_key = "a key"
    return app


@pytest.mark.parametrize(("difference", "as_flask"), PROBES)
def test_natively_there_is_the_difference(difference, as_flask, tmp_path):
    assert not as_flask(make_app(), tmp_path)


@pytest.mark.parametrize(("difference", "as_flask"), PROBES)
def test_a_policy_assigned_to_an_application_that_was_used_counts(difference, as_flask, tmp_path):
    app = make_app()
    app.json.loads("1")
    with app.test_request_context():
        assert request.host == "localhost"
    app.policy = app.policy.replace(**{difference: False})
    assert as_flask(app, tmp_path)


@pytest.mark.parametrize(("difference", "as_flask"), PROBES)
def test_a_subclass_may_have_another_policy(difference, as_flask, tmp_path):
    class Own(Flask):
        policy = Policy(**{difference: False})

    assert as_flask(make_app(Own), tmp_path)


def test_a_policy_is_not_changed_in_place():
    with pytest.raises(AttributeError):
        make_app().policy.strict_json = False


def test_the_policy_of_flask_has_no_difference():
    assert not any(getattr(FLASK, difference) for difference in Policy.__slots__)
