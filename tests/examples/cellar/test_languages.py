"""The cellar in four languages: whole catalogues, no word left over, plurals, dates, numbers and direction."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from cellar.web.words import ago

from demijohn.ext.i18n import format_decimal, ngettext

from .conftest import KEY, ROOT, Visitor

CELLAR = ROOT / "examples" / "cellar"
CATALOGUES = CELLAR / "cellar" / "translations"
PATHS = [
    "/", "/bottles/", "/bottles/?q=riesling", "/bottles/?q=nothing+at+all", "/bottles/1", "/bottles/1/edit",
    "/bottles/1/remove", "/bottles/new", "/racks/1", "/racks/new", "/live/", "/auth/sign-in", "/auth/sign-up",
    "/nowhere",
]  # fmt: skip


def test_the_catalogues_have_every_text_of_the_code_and_of_the_templates(tmp_path, folder):
    place = tmp_path / "cellar"
    shutil.copytree(CELLAR, place, ignore=shutil.ignore_patterns("instance", "__pycache__"))
    done = subprocess.run(
        [sys.executable, "-m", "demijohn", "--app", "cellar", "i18n", "extract"],
        cwd=place,
        env={"PYTHONPATH": str(ROOT / "src"), "CELLAR_SECRET_KEY": KEY, "CELLAR_DATA_FOLDER": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    template = read_po(BytesIO((place / "cellar" / "translations" / "messages.pot").read_bytes()))
    wanted = {message.id for message in template if message.id}
    assert len(wanted) > 200
    for code in ("de", "es", "ar"):
        catalogue = read_po(
            BytesIO((CATALOGUES / code / "LC_MESSAGES" / "messages.po").read_bytes()), locale=code
        )
        there = {
            message.id for message in catalogue if message.id and not message.fuzzy and _whole(message.string)
        }
        assert there == wanted, code


def _whole(text):
    return all(text) if isinstance(text, tuple) else bool(text)


class Words(HTMLParser):
    """What a page says to people: its texts, and the attributes that are read out."""

    SAID = {"aria-label", "title", "placeholder", "alt"}

    def __init__(self):
        super().__init__()
        self.found, self._inside = [], []

    def handle_starttag(self, tag, attributes):
        if tag in {"script", "style", "time", "text"}:  # moments are Babel's, drawn labels have initials
            self._inside.append(tag)
            return
        self.found += [value for name, value in attributes if name in self.SAID and value]

    def handle_endtag(self, tag):
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside and data.strip():
            self.found.append(data)


@pytest.fixture
def marked(make_app, tmp_path):
    """The cellar in a language in which each translated text stands between brackets: Esperanto's place."""
    pot = read_po(BytesIO((CATALOGUES / "messages.pot").read_bytes()))
    made = Catalog(locale="eo")
    for message in pot:
        if isinstance(message.id, tuple):
            made.add(message.id, tuple(f"⟦{text}⟧" for text in message.id))
        elif message.id:
            made.add(message.id, f"⟦{message.id}⟧")
    folder = tmp_path / "translations" / "eo" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, made)
    return make_app(BABEL_TRANSLATION_DIRECTORIES=str(tmp_path / "translations"), BABEL_LOCALES=["en", "eo"])


def test_no_word_of_a_page_is_left_untranslated(marked, database):
    client = marked.test_client()
    assert client.post("/language/eo").status_code == 303
    visitor = Visitor(client)
    visitor.sign_up()
    tables = ("person", "bottle", "rack", "activity", "tasting")
    rows = [row for table in tables for row in database.run(f"SELECT * FROM {table}")]  # noqa: S608 - our names
    data = " ".join(str(cell) for row in rows for cell in row).casefold()
    known = data + " demijohn nv csv english esperanto angla"
    for path in PATHS:
        page = client.get(path)
        assert '<html lang="eo"' in page.text, path
        assert_translated(page.text, known, path)
    client.post("/auth/sign-out", data={"csrf_token": visitor.token})
    for path in ("/auth/sign-in", "/auth/sign-up", "/live/", "/bottles/1"):
        assert_translated(client.get(path).text, known, path)


def assert_translated(page, known, path):
    words = Words()
    words.feed(page)
    # Tags may stand within a text, so brackets are looked for over the whole page.
    text = " ".join(words.found)
    rest = re.sub(r"⟦[^⟦⟧]*(?:⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧", " ", text)
    left = [word for word in re.findall(r"[^\W\d_]{2,}", rest) if word.casefold() not in known]
    assert not left, (path, left)


@pytest.mark.parametrize(
    ("code", "direction", "texts"),
    [
        ("en", "ltr", ["Bottles", "Ready now"]),
        ("de", "ltr", ["Weine", "Flaschen", "Jetzt trinkreif"]),
        ("es", "ltr", ["vinos", "Botellas", "Listas ahora"]),
        ("ar", "rtl", ["جاهزة الآن", "إضافة زجاجة"]),
    ],
)
def test_a_page_is_in_the_language_of_the_browser(client, code, direction, texts):
    page = client.get("/bottles/", headers={"Accept-Language": code}).text
    assert f'<html lang="{code}" dir="{direction}">' in page
    for text in texts:
        assert text in page


@pytest.mark.parametrize(
    ("code", "count", "words"),
    [
        ("en", 1, "1 wine"), ("en", 3, "3 wines"), ("de", 1, "1 Wein"), ("es", 2, "2 vinos"),
        ("ar", 0, "لا نبيذ"), ("ar", 1, "نبيذ واحد"), ("ar", 2, "نبيذان"), ("ar", 5, "5 أنبذة"), ("ar", 20, "20 نبيذًا"),
        ("ar", 100, "100 نبيذ"),
    ],
)  # fmt: skip
def test_a_number_of_things_has_the_form_of_its_language(app, code, count, words):
    with app.test_request_context(headers={"Accept-Language": code}):
        assert ngettext("%(num)d wine", "%(num)d wines", count) == words


@pytest.mark.parametrize(
    ("code", "words", "rated"),
    [
        ("en", "3 days ago", "4.5"),
        ("de", "vor 3 Tagen", "4,5"),
        ("es", "hace 3 días", "4,5"),
        ("ar", "قبل 3 أيام", "4.5"),
    ],
)
def test_moments_and_numbers_are_written_as_the_language_does(app, code, words, rated):
    with app.test_request_context(headers={"Accept-Language": code}):
        assert ago(datetime.now(UTC) - timedelta(days=3, hours=1)) == words
        assert format_decimal(4.5, "0.0") == rated


def test_an_error_is_in_the_language_of_the_browser(client):
    page = client.get("/nowhere", headers={"Accept-Language": "de"})
    assert page.status_code == 404
    assert "Dieses Fach ist leer" in page.text
    page = client.post("/bottles/1", headers={"Accept-Language": "es"})
    assert page.status_code == 405
    answer = client.get("/api/bottles?sort=x", headers={"Accept-Language": "de"}).json
    assert answer["title"] == "Nicht verarbeitbar"
    assert answer["detail"] == "1 Wert ist ungültig."
