"""Option types of ``demijohn run``."""

from __future__ import annotations

import os
import ssl
import sys
from types import ModuleType

import click
import pytest

from demijohn.cli import run_command


def cert_of(*arguments):
    return run_command.make_context("run", list(arguments)).params["cert"]


@pytest.mark.parametrize("order", [("--cert", "--key"), ("--key", "--cert")])
def test_a_certificate_file_and_its_key_in_either_order(order):
    assert cert_of(order[0], __file__, order[1], __file__) == (__file__, __file__)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cert", __file__],
        ["--key", __file__],
        ["--cert", "adhoc", "--key", __file__],
        ["--cert", "no.such.module"],
        ["--cert", "demijohn"],
        ["--cert", "no such file"],
    ],
)
def test_what_does_not_go_together_is_refused(arguments):
    with pytest.raises(click.BadParameter):
        cert_of(*arguments)


def test_adhoc_needs_the_cryptography_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(click.BadParameter, match="cryptography"):
        cert_of("--cert", "adhoc")
    monkeypatch.setitem(sys.modules, "cryptography", ModuleType("cryptography"))
    assert cert_of("--cert", "ADHOC") == "adhoc"


def test_a_context_object_by_its_import_name_needs_no_key(monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "my_context", context)
    assert cert_of("--cert", "my_context") is context
    with pytest.raises(click.BadParameter, match="not used"):
        cert_of("--cert", "my_context", "--key", __file__)


def test_a_python_without_ssl_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "ssl", None)
    with pytest.raises(click.BadParameter, match="SSL support"):
        cert_of("--cert", "adhoc")


def test_paths_are_separated_as_in_path():
    context = run_command.make_context("run", ["--extra-files", os.pathsep.join(["a", "b"])])
    assert context.params["extra_files"] == ["a", "b"]


def test_run_options_are_read_in_both_spellings_and_ours_wins(monkeypatch):
    def port():
        return run_command.make_context("run", [], auto_envvar_prefix="FLASK_RUN").params["port"]

    monkeypatch.setenv("FLASK_RUN_PORT", "1111")
    assert port() == 1111
    monkeypatch.setenv("DEMIJOHN_RUN_PORT", "2222")
    assert port() == 2222
