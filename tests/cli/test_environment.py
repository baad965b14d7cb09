"""Settings from the environment and from dotenv files."""

from __future__ import annotations

import os
import sys

import pytest

from demijohn.cli import get_debug_flag, get_load_dotenv, load_dotenv


@pytest.fixture
def files(project, monkeypatch):
    for name in ("ONE", "TWO", "THREE", "SET"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    project(".flaskenv", "ONE=flaskenv\nTWO=flaskenv\nSET=flaskenv")
    project(".env", "TWO=env\nTHREE=env")
    project("mine.env", "THREE=火腿")


@pytest.mark.parametrize("value", ["0", "false", "NO", ""])
def test_debug_is_off_by_word_and_by_default(monkeypatch, value):
    monkeypatch.setenv("FLASK_DEBUG", value)
    assert get_debug_flag() is False


@pytest.mark.parametrize("name", ["FLASK_DEBUG", "DEMIJOHN_DEBUG"])
def test_debug_is_on_in_either_spelling(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    assert get_debug_flag() is True


def test_our_spelling_wins(monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    monkeypatch.setenv("DEMIJOHN_DEBUG", "0")
    assert get_debug_flag() is False


def test_env_wins_over_flaskenv_and_what_is_set_wins_over_both(files, monkeypatch):
    monkeypatch.setenv("SET", "before")
    assert load_dotenv() is True
    assert [os.environ[name] for name in ("ONE", "TWO", "THREE", "SET")] == [
        "flaskenv",
        "env",
        "env",
        "before",
    ]


def test_a_file_that_is_named_wins_over_the_default_ones(files):
    load_dotenv("mine.env")
    assert os.environ["THREE"] == "火腿"


def test_a_file_that_does_not_exist_loads_nothing(files):
    assert load_dotenv("no.such.file", load_defaults=False) is False


def test_without_the_package_a_tip_is_given_when_there_are_files(files, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "dotenv", None)
    assert load_dotenv() is False
    assert "ONE" not in os.environ
    assert "Install python-dotenv" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["FLASK_SKIP_DOTENV", "DEMIJOHN_SKIP_DOTENV"])
def test_default_files_can_be_skipped(monkeypatch, name):
    assert get_load_dotenv() is True
    monkeypatch.setenv(name, "1")
    assert get_load_dotenv() is False
