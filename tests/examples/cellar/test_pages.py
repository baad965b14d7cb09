"""The pages everybody may see: racks, bottles, search, sort, leafing, the spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import quote

import pytest

from demijohn.ext.database import get_recorded_queries

from .conftest import ON_BOTH

PUBLIC = ["/", "/bottles/", "/bottles/1", "/racks/1", "/live/", "/auth/sign-in", "/auth/sign-up"]


@pytest.mark.parametrize("path", PUBLIC)
def test_everybody_may_see(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize("path", PUBLIC)
def test_pages_hold_nothing_inline_that_the_policy_would_block(client, path):
    page = client.get(path).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)", page)


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize(
    "path", ["/", "/bottles/1", "/healthz", "/bottles/bottles.csv", "/static/cellar.css"]
)
def test_pages_are_the_same_over_every_protocol(app, protocol, path):
    client = app.test_client(protocol=protocol, lifespan=True)
    try:
        with client.get(path) as answer, app.test_client().get(path) as expected:
            assert answer.data == expected.data
    finally:
        client.close()


@ON_BOTH
def test_the_front_page_draws_every_place_and_counts_the_bottles(client, database):
    page = client.get("/").text
    [(bottles, places)] = database.run(
        "SELECT (SELECT count(*) FROM slot), (SELECT sum(shelves * places) FROM rack)"
    )
    assert page.count('id="slot-') == places
    assert f'<b data-total="bottles">{bottles}</b>' in page


# Everything of a kind comes with one query: what a page shows more of never makes it ask more often.
QUERIES = {
    "/": 5,  # totals, racks, their slots, what to drink soon, journal
    "/bottles/": 2,  # a page of them, and how many there are
    "/bottles/1": 5,  # bottle, racks to lay it in, racks that hold it, their slots, tasting notes
    "/racks/1": 2,
    "/live/": 2,
    "/bottles/bottles.csv": 1,
    "/api/bottles": 2,
    "/api/bottles/1": 1,
    "/api/racks": 1,
    "/auth/sign-in": 0,
}


@ON_BOTH
@pytest.mark.parametrize("path", QUERIES)
def test_a_page_asks_the_database_as_often_however_much_it_shows(make_app, path):
    app = make_app(SQLALCHEMY_RECORD_QUERIES=True)
    asked = []
    app.teardown_request(lambda error: asked.append(len(get_recorded_queries())))
    app.test_client().get(path).get_data()
    assert asked == [QUERIES[path]]


def test_a_visitor_costs_one_query_more(make_app):
    app = make_app(SQLALCHEMY_RECORD_QUERIES=True)
    asked = []
    app.teardown_request(lambda error: asked.append(len(get_recorded_queries())))
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "3"
    client.get("/")
    assert asked[-1] == QUERIES["/"] + 1


def test_a_bottle_page_says_where_it_lies_and_what_it_tasted_of(client):
    number = client.get("/api/bottles?q=C%C3%B4te+Brune").json["items"][0]["id"]
    page = client.get(f"/bottles/{number}").text
    assert "Decanting was right." in page
    assert "slot--this" in page


def names(client, query):
    page = client.get(f"/bottles/?{query}").text
    return re.findall(r'<h2><a href="/bottles/\d+">(.+?) <span', page)


@ON_BOTH
def test_search_finds_every_word_in_any_column(client):
    assert names(client, "q=rhone") == []  # as typed: o is not ô
    assert names(client, "q=Vasselin+Syrah") == ["Côte Brune"]
    assert set(names(client, "q=mosel")) == {"Schieferberg", "Goldkapsel"}


@ON_BOTH
def test_search_takes_wildcards_and_quotes_literally(client):
    assert names(client, "q=%25") == []
    assert names(client, "q=_") == []
    assert names(client, "q='%3B--") == []


def test_search_shows_what_was_typed_harmlessly(client):
    page = client.get("/bottles/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@ON_BOTH
def test_colour_and_ready_filter(client):
    assert len(names(client, "colour=rose")) == 2
    ready = client.get("/api/bottles?ready=1").json["items"]
    assert {bottle["window"] for bottle in ready} <= {"ready", "last"}


def test_sort_by_window_puts_the_first_to_close_in_front(client):
    years = [bottle["drink_until"] for bottle in client.get("/api/bottles?sort=window").json["items"]]
    assert years == sorted(years, key=lambda year: (year is None, year))


@ON_BOTH
def test_leafing_shows_every_bottle_once(client):
    seen = [name for page in (1, 2, 3) for name in names(client, f"sort=name&page={page}")]
    assert len(seen) == len(set(seen)) == client.get("/api/bottles").json["total"]


def test_links_to_other_pages_keep_the_search(client):
    page = client.get("/bottles/?sort=name&q=a").text
    assert re.search(r'href="/bottles/\?[^"]*q=a[^"]*page=2|href="/bottles/\?[^"]*page=2[^"]*q=a', page)


@pytest.mark.parametrize("page", ["4", "999999", "0", "-1", "x", "9" * 30, "9" * 5000])
def test_a_page_that_there_is_not_is_a_404(client, page):
    assert client.get(f"/bottles/?page={page}").status_code == 404
    assert client.get(f"/api/bottles?page={page}").status_code in {404, 422}


@ON_BOTH
@pytest.mark.parametrize("words", ["\x00", "\ud800", "%", "'", "a" * 5000, "\u202e", "NV " * 500])
def test_any_words_can_be_searched_for(client, words):
    for path in ("/bottles/", "/api/bottles", "/bottles/bottles.csv"):
        query = quote(words, errors="surrogatepass")
        assert client.get(f"{path}?q={query}").status_code == 200


@pytest.mark.parametrize("query", ["sort=id;DROP+TABLE+bottle", "colour=blue"])
def test_case_70_what_cannot_be_sorted_or_filtered_by_is_a_400(client, query):
    assert client.get(f"/bottles/?{query}").status_code == 400
    assert client.get(f"/api/bottles?{query}").status_code == 422


@pytest.mark.parametrize(
    "path", ["/bottles/0", "/bottles/99999", f"/bottles/{2**31}", f"/racks/{10**30}", "/racks/x"]
)
def test_a_number_that_is_no_bottle_is_a_404(client, path):
    assert client.get(path).status_code == 404


@ON_BOTH
def test_the_spreadsheet_has_a_row_for_each_bottle_of_the_search(client):
    answer = client.get("/bottles/bottles.csv?colour=rose")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert re.fullmatch(
        r"attachment; filename=\"?cellar-[\d-]+\.csv\"?", answer.headers["Content-Disposition"]
    )
    assert rows[0][0] == "name"
    assert {row[0] for row in rows[1:]} == {"Heure Bleue", "Rosa di Mare"}


def test_the_spreadsheet_runs_no_formula(client, database):
    database.run("UPDATE bottle SET name = :name WHERE colour = 'rose'", name='=HYPERLINK("http://evil")')
    rows = list(csv.reader(io.StringIO(client.get("/bottles/bottles.csv?colour=rose").text)))
    assert all(row[0].startswith("'=") for row in rows[1:])


@ON_BOTH
def test_health_tells_of_a_database_that_is_gone(client, database):
    assert client.get("/healthz").json == {"status": "ok"}
    database.run("ALTER TABLE bottle RENAME TO elsewhere")
    assert client.get("/healthz").status_code == 503
