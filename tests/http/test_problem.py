from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from demijohn.http.problem import prefers_json, problem, problem_response_parts

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def test_title_is_the_status_phrase_by_default():
    assert problem(404) == {"type": "about:blank", "title": "Not Found", "status": 404}
    assert problem(799)["title"].startswith("Unknown")


def test_all_members_and_extensions():
    made = problem(403, "No credit", "You have 30.", "https://a.example/no-credit", "/account/1", balance=30)
    assert made == {
        "type": "https://a.example/no-credit",
        "title": "No credit",
        "status": 403,
        "detail": "You have 30.",
        "instance": "/account/1",
        "balance": 30,
    }


def test_exception_is_told_as_a_problem_with_its_own_headers():
    body, headers = problem_response_parts(MethodNotAllowed(["GET", "PUT"]))
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": MethodNotAllowed.description,
    }
    assert headers[0] == ("Content-Type", "application/problem+json")
    assert sorted(dict(headers)["Allow"].split(", ")) == ["GET", "PUT"]
    assert len([name for name, _ in headers if name == "Content-Type"]) == 1


def test_description_is_not_html():
    body, _ = problem_response_parts(NotFound("<b>é</b>"))
    assert json.loads(body)["detail"] == "<b>é</b>"


def test_exception_without_code_or_description():
    assert json.loads(problem_response_parts(HTTPException())[0])["status"] == 500


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/problem+json",
        "application/vnd.api+json",
        "Application/JSON; charset=utf-8",
        "application/json, text/plain, */*",
        "application/json, text/html",
        "text/html;q=0.5, application/json;q=0.9",
        "application/json, text/html;q=0",
        "text/*;q=0.5, application/json",
        "application/json;q=0.5, text/html;q=0.1",
    ],
)
def test_api_callers_prefer_json(accept):
    assert prefers_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        BROWSER,
        BROWSER + ",application/json",
        "text/html, application/json",
        "application/json;q=0",
        "application/json;q=0, text/html;q=0",
        "application/json;q=bad",
        "application/json;q=0.1, */*",
        "application/json;q=0.1, text/html;q=0.2",
        "text/json-like",
        "jsonp/text",
    ],
)
def test_others_do_not(accept):
    assert not prefers_json(accept)


def test_most_exact_entry_for_html_counts():
    assert prefers_json("*/*, text/html;q=0.1, application/json;q=0.5")


@given(
    st.text(alphabet='json/*+;q=0.159, "appliction/texhm', max_size=80).map(lambda t: t + ",application/json")
)
def test_any_header_has_an_answer(accept):
    assert prefers_json(accept) in (True, False)


@pytest.mark.parametrize("unit", [",", ";", '"', ";q=", "application/json,", "a;q=0.5,", " "])
def test_case_20_only_the_first_entries_are_looked_at(unit, monkeypatch):
    from demijohn.http import problem as module

    looked = []
    real = module._quality_of
    monkeypatch.setattr(module, "_quality_of", lambda text: looked.append(1) or real(text))
    prefers_json("application/json," + (unit * 60_000)[:60_000])
    assert len(looked) <= module._MOST_ENTRIES
