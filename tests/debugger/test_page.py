"""The page of an error: what it shows and in which order, its size, its time, and what it says to do."""

from __future__ import annotations

import re
import sqlite3
import sys
import time

import pytest

from demijohn import render_template, session, url_for


def usual(app):
    @app.get("/usual")
    def view():
        total = {"price": 3, "password": "hunter2"}
        return total["price"] + total["amount"]


def test_the_exception_that_was_raised_is_on_top_with_its_notes_and_its_causes_are_below(app, client):
    @app.get("/")
    def view():
        try:
            int("x")
        except ValueError as e:
            error = RuntimeError("second")
            error.add_note("a note\nof two lines")
            raise error from e

    text = client.failed("/").text
    assert (
        text.index("<h1>RuntimeError</h1>")
        < text.index('"message">second')
        < text.index("a note\nof two lines")
    )
    assert text.index("a note") < text.index("direct cause") < text.index("<h2>ValueError: invalid literal")


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_each_member_of_a_group_has_its_own_frames(app, client, kind):
    names = {"app": app}
    exec(
        f"{kind} view():\n"
        "    found = []\n"
        "    for function in (first, second):\n"
        "        try:\n            function()\n        except Exception as e:\n            found.append(e)\n"
        "    raise ExceptionGroup('both', found)\n"
        "def first(): raise ValueError('one')\ndef second(): raise KeyError('two')\n",
        names,
    )
    app.add_url_rule("/", view_func=names["view"])
    text = client.failed("/").text
    members = text.split('class="member"')[1:]
    for member, texts in zip(
        members, (("ValueError: one", "first"), ("KeyError: &#x27;two&#x27;", "second")), strict=True
    ):
        assert texts[0] in member
        assert f"<code>{texts[1]}</code>" in member


def test_the_last_own_call_is_open_and_the_part_of_its_line_that_failed_is_marked(app, client):
    usual(app)
    text = client.failed("/usual").text
    opened = re.findall(r'<details class="own"[^>]* open>.*?</details>', text, re.DOTALL)
    assert len(opened) == 1
    assert 'return total["price"] + <mark>total["amount"]</mark></s>' in opened[0]


def test_equal_calls_in_a_row_are_one_with_their_count(app, client):
    @app.get("/")
    def view():
        def down(n):
            return down(n + 1)

        return down(0)

    page = client.failed("/")
    assert re.search(r"<b>9\d\d times in a row</b>", page.text)
    assert len(page.text) < 25_000
    assert len(page.own) < 5


def test_calls_of_a_template_show_the_template_s_line(app, client, tmp_path):
    app.template_folder = str(tmp_path)
    (tmp_path / "base.html").write_text("<body>\n{% block body %}{% endblock %}\n</body>")
    (tmp_path / "page.html").write_text(
        "{% extends 'base.html' %}\n{% block body %}\n<p>\n{{ wine.grape.name }}\n</p>\n{% endblock %}"
    )
    app.add_url_rule("/", view_func=lambda: render_template("page.html", wine={"year": 1999}))
    text = client.failed("/").text
    opened = re.findall(r'<details class="own"[^>]* open>.*?</details>', text, re.DOTALL)[0]
    assert f"{tmp_path}/page.html, line 4" in opened
    assert '<s class="hit"><i>4</i>{{ wine.grape.name }}</s>' in opened
    assert "{&#x27;year&#x27;: 1999}" in opened or "{'year': 1999}" in opened


def test_beside_it_are_request_route_session_and_settings_without_secrets(app, client):
    app.config["SHELF"] = "top"
    app.config["MAIL_PASSWORD"] = "hunter5"

    @app.get("/bottles/<int:number>")
    def bottle(number):
        session["who"] = "ada"
        session["csrf_token"] = "hunter6"
        raise ValueError(number)

    client.install()
    seventh, eighth = "hunter7", "hunter8"
    text = client.client.get(
        f"/bottles/3?colour=red&token={seventh}", headers={"Accept": "text/html", "X-Api-Key": eighth}
    ).text
    beside = text.partition("<aside>")[2]
    for shown in ("/bottles/&lt;int:number&gt;", "ada", "?colour", "red", "SHELF", "top", "bottle"):
        assert shown in beside, shown
    for secret in ("hunter5", "hunter6", "hunter7", "hunter8", app.secret_key):
        assert secret not in beside  # the source of this test is on the page too


def test_statements_of_sql_are_shown_with_their_times(app, client):
    import sqlalchemy as sa

    engine = sa.create_engine("sqlite://")

    @app.get("/")
    def view():
        with engine.connect() as connection:
            connection.execute(sa.text("select 40 + 2 as answer"))
        raise ValueError("after it")

    text = client.failed("/").text
    assert re.search(r"<td>\d+\.\d ms</td><td>select 40 \+ 2 as answer</td>", text)


@pytest.mark.parametrize("held", ["connection", "attribute", "driver"])
def test_kept_frames_hold_no_connection_of_a_database(app, client, tmp_path, held):
    import sqlalchemy as sa

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'a.db'}", pool_size=1, max_overflow=0, pool_timeout=0.5)
    with engine.begin() as connection:
        connection.execute(sa.text("create table t (x int)"))

    class Holder:
        pass

    @app.get("/")
    def view():
        if held == "driver":
            mine = sqlite3.connect(
                tmp_path / "a.db", timeout=0.5, isolation_level=None, check_same_thread=False
            )
            mine.execute("begin immediate")
        elif held == "attribute":
            holder = Holder()
            holder.connection = engine.connect()
            holder.connection.execute(sa.text("insert into t values (1)"))
        else:
            mine = engine.connect()
            mine.execute(sa.text("insert into t values (1)"))
        raise ValueError("now")

    for _ in range(3):
        assert "<h1>ValueError</h1>" in client.failed("/").text


# What it says to do.


def said(text):
    found = re.search(r'<p class="advice">(.*?)</p>', text, re.DOTALL)
    return found[1] if found else ""


def test_of_a_missing_template_it_says_where_was_searched_and_what_there_is(app, client, tmp_path):
    app.template_folder = str(tmp_path)
    (tmp_path / "bottles.html").write_text("x")
    app.add_url_rule("/", view_func=lambda: render_template("bottle.html"))
    advice = said(client.failed("/").text)
    assert "bottle.html" in advice
    assert str(tmp_path) in advice
    assert "bottles.html" in advice


def test_of_a_url_that_cannot_be_built_it_says_near_names_or_missing_values(app, client):
    app.add_url_rule("/bottles/<int:number>", view_func=lambda number: "", endpoint="bottle")
    app.add_url_rule("/near", view_func=lambda: url_for("bottel"), endpoint="near")
    app.add_url_rule("/lacks", view_func=lambda: url_for("bottle"), endpoint="lacks")
    assert "&#x27;bottle&#x27;" in said(client.failed("/near").text)
    assert "&#x27;number&#x27;" in said(client.failed("/lacks").text)


def test_of_a_missing_extra_it_says_what_to_install(app, client, monkeypatch):
    monkeypatch.setitem(sys.modules, "alembic", None)

    @app.get("/")
    def view():
        import alembic  # noqa: F401

    assert "pip install &quot;demijohn[migrations]&quot;" in said(client.failed("/").text)


@pytest.mark.parametrize(
    ("extensions", "wanted"), [({"migrate": 1}, "demijohn db upgrade"), ({}, "create_all")]
)
def test_of_a_table_that_is_not_there_it_says_that_a_migration_is_pending(app, client, extensions, wanted):
    import sqlalchemy as sa

    app.extensions.update(extensions)
    engine = sa.create_engine("sqlite://")

    @app.get("/")
    def view():
        with engine.connect() as connection:
            connection.execute(sa.text("select * from bottles"))

    assert wanted in said(client.failed("/").text)


def test_of_a_usual_error_it_says_nothing(app, client):
    usual(app)
    assert said(client.failed("/usual").text) == ""


# Figures.


def test_a_usual_page_is_small(app, client):
    usual(app)
    client.failed("/usual")
    assert len(client.failed("/usual").text.encode()) < 25_000


def deep(n):
    return deeper(n + 1, "y" * 300)


def deeper(n, filler):
    return deep(n + 1)


def hostile(name):
    if name == "recursion":
        deep(0)
    if name == "message":
        raise ValueError("<&>" * 1_000_000)
    if name == "notes":
        error = ValueError("noted")
        for _ in range(1000):
            error.add_note("<" * 10_000)
        raise error
    if name == "group":
        raise ExceptionGroup(
            "all", [ExceptionGroup("some", [ValueError("<" * 5000)] * 50) for _ in range(100)]
        )
    if name == "chain":
        error = None
        for n in range(500):
            try:
                try:
                    raise ValueError(str(n) * 1000) from error
                except ValueError as e:
                    error = e
                    raise
            except ValueError:
                pass
        raise error
    if name == "names":
        exec("\n".join(f"name{n} = '<' * 1000" for n in range(1000)) + "\nraise ValueError('names')", {})
    if name == "line":
        exec(f"x = {'1 + ' * 20_000} 1\nraise ValueError({'1, ' * 50_000})", {})
    if name == "values":
        big = list(range(10**6)), {str(n): n for n in range(10**5)}, "<" * 10**7, 10**5000  # noqa: F841
        raise ValueError("values")


@pytest.mark.parametrize(
    "name", ["recursion", "message", "notes", "group", "chain", "names", "line", "values"]
)
def test_no_error_makes_a_page_of_more_than_200_kb(app, client, name):
    app.add_url_rule("/", view_func=lambda: hostile(name))
    size = len(client.failed("/").text.encode())
    assert size < 200_000
    for accept in ("application/json", "*/*"):
        assert len(client.get("/", accept).data) < 250_000


class Sleeping:
    def __repr__(self):
        time.sleep(5)
        return "never shown"


class Spinning:
    def __repr__(self):
        while True:
            pass


class Huge:
    def __repr__(self):
        return "x" * 50_000_000


class Raising:
    def __repr__(self):
        raise SystemExit("no")


class Recursing:
    def __repr__(self):
        return repr(self)


def test_values_whose_repr_misbehaves_cost_little_and_show_as_their_types(app, client):
    @app.get("/")
    def view():
        a, b, c, d = Huge(), Raising(), Recursing(), Sleeping()
        e, f = Spinning(), [Sleeping() for _ in range(20)]
        fine = "a usual value"
        raise ValueError(str(bool((a, b, c, d, e, f, fine))))

    began = time.perf_counter()
    text = client.failed("/").text
    assert time.perf_counter() - began < 2.5  # 2 of them for the values
    for name in ("Huge", "Raising", "Recursing", "Sleeping", "Spinning"):
        assert f"{name}&gt; (" in text, name
    assert "a usual value" in text
    assert "never shown" not in text
