"""The commands, as they are typed; and `pybabel` and Hatch over the same files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
APP = """
from demijohn import Flask, render_template
from demijohn.ext.i18n import Babel, gettext as _, lazy_gettext, lazy_ngettext, npgettext, pgettext

app = Flask(__name__)
app.config["BABEL_LOCALES"] = ["en", "es"]
babel = Babel(app)
label = lazy_gettext("A label")
some = lazy_ngettext("%(num)d label", "%(num)d labels", 2)

@app.get("/")
def index():
    # TRANSLATORS: said to who comes in
    return render_template("index.html", hello=_("Hello %(name)s!", name="Ada"), may=pgettext("month", "May"))
"""
TEMPLATE = """<p>{{ hello }} {{ may }} {{ _('Get 50% off') }}
{% trans %}Only <b>20%</b>{% endtrans %}{% trans n=3 %}{{ n }} bottle{% pluralize %}{{ n }} bottles{% endtrans %}</p>"""
SPANISH = {
    "A label": "Una etiqueta",
    "Hello %(name)s!": "¡Hola %(name)s!",
    "May": "mayo",
    "Get 50% off": "50% de descuento",
    "Only <b>20%</b>": "Sólo <b>20%</b>",
    "%(num)d label": ("%(num)d etiqueta", "%(num)d etiquetas"),
    "%(n)s bottle": ("%(n)s botella", "%(n)s botellas"),
}


def project(folder):
    (folder / "templates").mkdir()
    (folder / "templates" / "index.html").write_text(TEMPLATE)
    (folder / "app.py").write_text(APP)
    (folder / ".venv" / "lib").mkdir(parents=True)
    (folder / ".venv" / "lib" / "other.py").write_text("_('Nobody asked for this')")
    return folder


def run_in(folder, *arguments, code=0):
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "DEMIJOHN_"))}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=100,
        env={**variables, "PYTHONPATH": f"{ROOT / 'src'}", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path):
    return project(tmp_path)


@pytest.fixture
def run(folder):
    return partial(run_in, folder)


@pytest.fixture
def i18n(folder):
    return partial(run_in, folder, "demijohn", "i18n")


@pytest.fixture(scope="module")
def begun_once(tmp_path_factory):
    folder = project(tmp_path_factory.mktemp("begun"))
    run_in(folder, "demijohn", "i18n", "extract")
    run_in(folder, "demijohn", "i18n", "init", "es")
    return folder / "translations"


@pytest.fixture
def begun(begun_once, folder):
    """A catalogue that was collected and begun, and what puts translations into it."""
    shutil.copytree(begun_once, folder / "translations")
    return folder / "translations" / "es" / "LC_MESSAGES" / "messages.po"


def translate(path, texts):
    lines, source = [], None
    for line in path.read_text().splitlines():
        name, _, value = line.partition(" ")
        value = value[1:-1].replace('\\\\"', '"')
        if name == "msgid":
            source = value
        text = texts.get(source) if source else None
        if text is not None and name.startswith("msgstr"):
            index = int(name[7]) if "[" in name else None
            value = text if index is None else text[min(index, len(text) - 1)]
            line = f'{name} "{value}"'
        lines.append(line)
    path.write_text("\n".join(lines) + "\n")


READ = "from app import app; print(app.test_client().get('/', headers={'Accept-Language': 'es'}).text)"


def ask(folder):
    done = subprocess.run(
        [sys.executable, "-c", READ], cwd=folder, capture_output=True, text=True, timeout=100,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_from_the_source_to_a_spanish_page(i18n, begun, folder):
    translate(begun, SPANISH)
    assert "messages.mo" in i18n("compile")
    assert i18n("status") == "es messages 7/7 translated, 0 fuzzy, 0 missing\n"
    assert ask(folder) == "<p>¡Hola Ada! mayo 50% de descuento\nSólo <b>20%</b>3 botellas</p>"


def test_everything_that_is_marked_is_collected_with_its_place(begun):
    with begun.open("rb") as stream:
        catalogue = read_po(stream)
    found = {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue
        if message.id
    }
    assert found.keys() == SPANISH.keys()
    assert found["A label"].locations == [("app.py", 8)]
    assert found["Get 50% off"].locations == [("templates/index.html", 1)]
    assert found["May"].context == "month"
    assert found["Hello %(name)s!"].auto_comments == ["said to who comes in"]


def test_a_mapping_of_the_project_is_used(i18n, folder):
    (folder / "babel.cfg").write_text("[python: **.py]\n")
    i18n("extract")
    assert "50%" not in (folder / "translations" / "messages.pot").read_text()
    (folder / "other.cfg").write_text("[jinja2: templates/**.html]\n")
    i18n("extract", "-F", "other.cfg")
    assert "A label" not in (folder / "translations" / "messages.pot").read_text()
    assert "there is no such file" in i18n("extract", "-F", "none.cfg", code=1)


def test_an_update_keeps_what_is_translated_and_marks_what_has_changed(i18n, begun, folder):
    translate(begun, SPANISH)
    source = folder / "app.py"
    source.write_text(
        source.read_text().replace('"A label"', '"The label"').replace("%(num)d label", "%(num)d tag")
    )
    i18n("extract")
    assert i18n("update").startswith("es messages ")
    assert i18n("update", "es").startswith("es messages ")
    said = i18n("status", "--check", code=1)
    assert said == i18n("status")
    assert said == "es messages 5/7 translated, 2 fuzzy, 0 missing\n"
    assert "Run 'demijohn i18n init fr'" in i18n("update", "fr", code=1)


def test_the_status_counts_and_fails_when_asked_to(i18n, begun):
    assert i18n("status") == "es messages 0/7 translated, 0 fuzzy, 7 missing\n"
    translate(begun, {"A label": "Una etiqueta"})
    assert "1/7 translated, 0 fuzzy, 6 missing" in i18n("status", "--check", code=1)
    translate(begun, SPANISH)
    i18n("status", "--check")


@pytest.mark.parametrize(
    ("source", "wrong", "said"),
    [
        ("Hello %(name)s!", "¡Hola %(nombre)s!", "it has %(nombre), and the source text has %(name)"),
        ("Hello %(name)s!", "¡Hola %(name)d!", "it cannot be filled in"),
        ("Hello %(name)s!", "100% %(name)s", "it cannot be filled in"),
        ("A label", "Una %(x)s", "it has %(x), and the source text has no placeholder"),
        ("%(num)d label", ("%(num)d etiqueta", "%(n)d etiquetas"), "it has %(n)"),
    ],
)
def test_a_translation_that_does_not_fit_is_not_compiled_and_its_line_is_said(
    i18n, begun, source, wrong, said
):
    translate(begun, {**SPANISH, source: wrong})
    line = next(
        number for number, text in enumerate(begun.read_text().splitlines(), 1) if text == f'msgid "{source}"'
    )
    output = i18n("compile", code=1)
    assert (
        f"translations/es/LC_MESSAGES/messages.po:{line}: the translation of '{source}' does not fit: "
        in output
    )
    assert said in output
    assert not begun.with_suffix(".mo").exists()


def test_percent_signs_that_are_no_placeholders_are_let_be(i18n, begun):
    translate(begun, {**SPANISH, "Get 50% off": "Ahorra un 50%", "Only <b>20%</b>": "20% sólo"})
    i18n("compile")


def test_a_catalogue_that_would_be_left_out_fails(i18n, begun):
    begun.write_text("#, fuzzy\n" + begun.read_text())
    assert "messages.po:1: the whole catalogue is marked fuzzy" in i18n("compile", code=1)
    i18n("compile", "--use-fuzzy")


def test_a_catalogue_that_cannot_be_read_fails_with_its_line_and_others_are_compiled(i18n, begun):
    translate(begun, SPANISH)
    i18n("init", "fr")
    broken = begun.parents[2] / "fr" / "LC_MESSAGES" / "messages.po"
    broken.write_text(broken.read_text() + "\nmsgid nothing\n")
    assert "translations/fr/LC_MESSAGES/messages.po:" in i18n("compile", code=1)
    assert begun.with_suffix(".mo").exists()


def test_what_is_asked_for_too_early_or_twice_says_what_to_do(i18n, begun, folder):
    assert "Run 'demijohn i18n update es'" in i18n("init", "es", code=1)
    assert "is no locale that Babel knows" in i18n("init", "../../x", code=1)
    (folder / "translations" / "messages.pot").unlink()
    assert "Run 'demijohn i18n extract' first" in i18n("init", "fr", code=1)
    assert "Run 'demijohn i18n extract' first" in i18n("update", code=1)


def test_pybabel_reads_and_writes_the_same_files(run, i18n, folder):
    (folder / "babel.cfg").write_text("[python: **.py]\n[jinja2: templates/**.html]\n")
    command = ("babel.messages.frontend",)
    run(*command, "extract", "-F", "babel.cfg", "-k", "lazy_gettext", "-o", "messages.pot", ".")
    run(*command, "init", "-i", "messages.pot", "-d", "translations", "-l", "es")
    translate(folder / "translations" / "es" / "LC_MESSAGES" / "messages.po", SPANISH)
    run(*command, "compile", "-d", "translations")
    assert "50% de descuento\nSólo <b>20%</b>" in ask(folder)


PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "cellar"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["cellar"]
[tool.hatch.build.targets.wheel.hooks.demijohn-i18n]
"""
BUILD = """
import sys
from hatchling.builders.wheel import WheelBuilder
from hatchling.plugin.manager import PluginManager
from demijohn.ext.i18n import hatch
manager = PluginManager()
manager.build_hook  # hatchling's own are known from here on
manager.manager.register(hatch)
print(*WheelBuilder(".", plugin_manager=manager).build(directory="dist"))
"""


def test_a_wheel_has_the_catalogues_compiled_and_one_that_cannot_be_stops_the_build(run, i18n, begun, folder):
    translate(begun, SPANISH)
    project = folder / "project"
    (project / "cellar").mkdir(parents=True)
    (project / "cellar" / "__init__.py").touch()
    (project / "pyproject.toml").write_text(PROJECT)
    (project / ".gitignore").write_text("*.mo\n")
    (folder / "translations").rename(project / "cellar" / "translations")
    variables = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}

    def build():
        return subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=project,
            env=variables,
            capture_output=True,
            text=True,
            timeout=100,
        )

    done = build()
    assert done.returncode == 0, done.stderr
    (wheel,) = (project / "dist").glob("*.whl")
    assert "cellar/translations/es/LC_MESSAGES/messages.mo" in zipfile.ZipFile(wheel).namelist()
    translate(
        project / "cellar" / "translations" / "es" / "LC_MESSAGES" / "messages.po", {"A label": "%(x)s"}
    )
    done = build()
    assert done.returncode != 0
    assert "does not fit: it has %(x)" in done.stderr
