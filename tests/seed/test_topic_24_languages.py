"""Topic 24: extract, init, translate, compile, and the text is on the page in Spanish."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.seed.project import Project, names

SAMPLE = "topic_24_languages"


def test_the_sample_shows_its_text(visit):
    assert visit.get("/").text == "Welcome to my app!"
    assert visit.get("/template").text == "<h1>Welcome to my app!</h1>"
    assert visit.get("/?lang=../../x").text == "Welcome to my app!"


SHOWN = """
from topic import app
client = app.test_client()
print(client.get("/?lang=es").text, client.get("/template?lang=es").text, client.get("/").text, sep="|")
"""
UNDER_COMPATIBILITY = "import demijohn.compat\ndemijohn.compat.install()\n"
SPANISH = "¡Bienvenido!|<h1>¡Bienvenido!</h1>|Welcome to my app!"


def translate(folder):
    catalogue = folder / "translations" / "es" / "LC_MESSAGES" / "messages.po"
    text = catalogue.read_text()
    assert 'msgid "Welcome to my app!"\nmsgstr ""' in text
    catalogue.write_text(text.replace('app!"\nmsgstr ""', 'app!"\nmsgstr "¡Bienvenido!"'))


@pytest.mark.slow
@names
def test_the_text_is_in_spanish_after_our_commands(tmp_path, command):
    project = Project(tmp_path, SAMPLE, command)
    project.run("i18n", "extract")
    project.run("i18n", "init", "en")
    project.run("i18n", "init", "es")
    translate(tmp_path)
    project.run("i18n", "compile")
    program = SHOWN if command == "demijohn" else UNDER_COMPATIBILITY + SHOWN
    assert project.run_file(program).strip() == SPANISH


@pytest.mark.slow
@names
def test_the_text_is_in_spanish_after_the_printed_commands(tmp_path, command):
    project = Project(tmp_path, SAMPLE, command)
    (tmp_path / "babel.cfg").write_text("[python: **.py]\n[jinja2: **/templates/**.html]\n")

    def pybabel(*arguments):
        line = [sys.executable, "-m", "babel.messages.frontend", *arguments]
        subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, timeout=60, env=dict(os.environ))

    pybabel("extract", "-F", "babel.cfg", "-o", "messages.pot", ".")
    pybabel("init", "-i", "messages.pot", "-d", "translations", "-l", "en")
    pybabel("init", "-i", "messages.pot", "-d", "translations", "-l", "es")
    translate(tmp_path)
    pybabel("compile", "-d", "translations")
    program = SHOWN if command == "demijohn" else UNDER_COMPATIBILITY + SHOWN
    assert project.run_file(program).strip() == SPANISH
