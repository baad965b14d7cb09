"""The pages everybody may see: racks, bottles, search, sort, leafing, the spreadsheet."""

from __future__ import annotations

import csv
import io
import re

import pytest

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
    client = app.test_client(protocol=protocol)
    try:
        with client.get(path) as answer, app.test_client().get(path) as expected:
            assert answer.data == expected.data
    finally:
        client.close()


def test_the_front_page_draws_every_place_and_counts_the_bottles(client, database):
    page = client.get("/").text
    (bottles,) = database.execute("SELECT count(*) FROM slot").fetchone()
    (places,) = database.execute("SELECT sum(shelves * places) FROM rack").fetchone()
    assert page.count('id="slot-') == places
    assert f'<b data-total="bottles">{bottles}</b>' in page


def test_the_first_run_fills_the_cellar_and_the_second_leaves_it(app, folder, database):
    from cellar import create_app

    before = database.execute("SELECT count(*) FROM bottle").fetchone()
    create_app({"TESTING": True, "SECRET_KEY": "another one", "DATA_FOLDER": folder})
    assert database.execute("SELECT count(*) FROM bottle").fetchone() == before
    assert before[0] > 30


def test_a_bottle_page_says_where_it_lies_and_what_it_tasted_of(client):
    number = client.get("/api/bottles?q=C%C3%B4te+Brune").json["items"][0]["id"]
    page = client.get(f"/bottles/{number}").text
    assert "Decanting was right." in page
    assert "slot--this" in page


def names(client, query):
    page = client.get(f"/bottles/?{query}").text
    return re.findall(r'<h2><a href="/bottles/\d+">(.+?) <span', page)


def test_search_finds_every_word_in_any_column(client):
    assert names(client, "q=rhone") == []  # as typed: o is not ô
    assert names(client, "q=Vasselin+Syrah") == ["Côte Brune"]
    assert set(names(client, "q=mosel")) == {"Schieferberg", "Goldkapsel"}


def test_search_takes_wildcards_and_quotes_literally(client):
    assert names(client, "q=%25") == []
    assert names(client, "q=_") == []
    assert names(client, "q='%3B--") == []


def test_search_shows_what_was_typed_harmlessly(client):
    page = client.get("/bottles/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_colour_and_ready_filter(client):
    assert len(names(client, "colour=rose")) == 2
    ready = client.get("/api/bottles?ready=1").json["items"]
    assert {bottle["window"] for bottle in ready} <= {"ready", "last"}


def test_sort_by_window_puts_the_first_to_close_in_front(client):
    years = [bottle["drink_until"] for bottle in client.get("/api/bottles?sort=window").json["items"]]
    assert years == sorted(years, key=lambda year: (year is None, year))


def test_leafing_shows_every_bottle_once(client):
    seen = [name for page in (1, 2, 3) for name in names(client, f"sort=name&page={page}")]
    assert len(seen) == len(set(seen)) == client.get("/api/bottles").json["total"]


def test_links_to_other_pages_keep_the_search(client):
    page = client.get("/bottles/?sort=name&q=a").text
    assert re.search(r'href="/bottles/\?[^"]*q=a[^"]*page=2|href="/bottles/\?[^"]*page=2[^"]*q=a', page)


def test_a_page_past_the_end_is_the_last(client):
    assert names(client, "page=999999") == names(client, "page=3")


@pytest.mark.parametrize("query", ["sort=id;DROP+TABLE+bottle", "colour=blue", "page=0", "page=-1", "page=x"])
def test_case_70_what_cannot_be_sorted_or_filtered_by_is_a_400(client, query):
    assert client.get(f"/bottles/?{query}").status_code == 400
    assert client.get(f"/api/bottles?{query}").status_code == 400


def test_a_page_number_of_5000_digits_is_a_400(client):
    assert client.get(f"/bottles/?page={'9' * 5000}").status_code == 400


@pytest.mark.parametrize(
    "path", ["/bottles/0", "/bottles/99999", f"/bottles/{2**31}", f"/racks/{10**30}", "/racks/x"]
)
def test_a_number_that_is_no_bottle_is_a_404(client, path):
    assert client.get(path).status_code == 404


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
    database.execute("UPDATE bottle SET name = '=HYPERLINK(\"http://evil\")' WHERE colour = 'rose'")
    database.commit()
    rows = list(csv.reader(io.StringIO(client.get("/bottles/bottles.csv?colour=rose").text)))
    assert all(row[0].startswith("'=") for row in rows[1:])


def test_health_tells_of_a_database_that_is_gone(client, folder):
    assert client.get("/healthz").json == {"status": "ok"}
    for file in folder.glob("cellar.sqlite3*"):
        file.unlink()
    assert client.get("/healthz").status_code == 503
