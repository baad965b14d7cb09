"""examples/i18n, used as its visitors use it; its catalogues and the package's own are compiled as they stand."""

from __future__ import annotations

import importlib.util
import re
import sys
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from demijohn.ext.i18n import messages, operations

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "i18n"


@pytest.fixture
def client(monkeypatch):
    spec = importlib.util.spec_from_file_location("i18n_example", EXAMPLE / "app.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "i18n_example", module)
    spec.loader.exec_module(module)
    module.app.testing = True
    return module.app.test_client()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", ["Get 50% off today.", "3 bottles", "€1,234.50", "April 12, 2026"]),
        ("es", ["Hoy, 50% de descuento.", "3 botellas", "1.234,50\xa0€", "12 de abril de 2026"]),
        ("ja", ["本日は50%オフです。", "ボトル3本", "2026年4月12日"]),
        ("ar", ['<html lang="ar" dir="rtl">', "خصم 50% اليوم.", "3 قوارير", "12 أبريل 2026"]),
    ],
)
def test_the_page_in_each_language(client, code, expected):
    answer = client.get("/", headers={"Accept-Language": code}, follow_redirects=True)
    assert answer.request.path == f"/{code}/cellar"
    for text in expected:
        assert text in answer.text


def test_one_chooses_a_language_and_orders_in_it(client):
    page = client.post("/language/es", headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=True)
    assert page.request.path == "/es/cellar"
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert "Este campo es obligatorio." in client.post("/es/cellar", data={"name": ""}, headers=headers).text
    thanks = client.post("/es/cellar", data={"name": "<Ada>"}, headers=headers, follow_redirects=True)
    assert "¡Gracias, &lt;Ada&gt;!" in thanks.text
    assert client.post("/language/tlh", headers=headers).status_code == 404


@pytest.mark.parametrize("folder", [messages.FOLDER, EXAMPLE / "translations"], ids=["package", "example"])
def test_every_catalogue_is_compiled_as_it_stands_and_complete(folder):
    paths = list(operations.catalogues([str(folder)]))
    assert paths
    for path in paths:
        catalogue = operations._read(path)
        assert [
            reason for message in catalogue if message.id for reason in operations._misfits(message)
        ] == []
        translated, fuzzy, missing, _ = operations._counts(catalogue)
        assert (fuzzy, missing) == (0, 0)
        with path.open("rb") as source, path.with_suffix(".mo").open("rb") as compiled:
            stream = BytesIO()
            write_mo(stream, read_po(source, locale=path.parts[-3]))
            stream.seek(0)
            fresh, kept = read_mo(stream), read_mo(compiled)
        texts = [
            {str(message.id): message.string for message in made if message.id} for made in (fresh, kept)
        ]
        assert texts[0] == texts[1]


def test_the_packages_catalogues_have_every_text_in_each_language():
    languages = {path.parent.parent.name for path in operations.catalogues([str(messages.FOLDER)])}
    assert languages == {"es", "fr", "de", "pt_BR", "zh_Hans", "ar", "hi", "ja"}


def test_the_page_names_what_the_extension_has():
    page = (ROOT / "docs" / "i18n.md").read_text()
    from demijohn.ext import i18n

    named = set(re.findall(r"\w+", page))
    missing = {name for name in i18n.__all__ if name not in named}
    assert missing <= {"BabelConfiguration", "LazyString", "get_babel", "get_domain", "get_translations"}
