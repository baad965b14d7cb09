"""Which files count, and that what is installed is not watched."""

from __future__ import annotations

import os
import sys

import pytest

from demijohn.devserver.watch import Watcher, watchable_modules


@pytest.fixture
def watcher(tmp_path):
    extra = tmp_path / "extra"
    extra.mkdir()
    (tmp_path / "settings.toml").touch()
    return Watcher(lambda path: None, [extra, tmp_path / "settings.toml"], ["*/ignored*"])


@pytest.mark.parametrize(
    "name", ["a.py", "pack/b.py", "settings.toml", "extra/anything", "extra/deep/x.html"]
)
def test_source_files_and_extra_files_count(watcher, tmp_path, name):
    assert watcher.counts(os.path.join(os.path.realpath(tmp_path), name))


@pytest.mark.parametrize(
    "name", ["a.pyc", "a.html", "ignored.py", "node_modules/a.py", "x/site-packages/a.py"]
)
def test_other_files_do_not_count(watcher, tmp_path, name):
    assert not watcher.counts(os.path.join(os.path.realpath(tmp_path), name))


def test_a_package_is_a_tree_and_a_module_is_a_directory(tmp_path):
    package = tmp_path / "pack" / "inner"
    package.mkdir(parents=True)
    for directory in (package, package.parent):
        (directory / "__init__.py").touch()
    (tmp_path / "single").mkdir()
    found = watchable_modules([str(package / "a.py"), str(tmp_path / "single" / "m.py")])
    assert os.path.realpath(tmp_path / "pack") in found["trees"]
    assert os.path.realpath(tmp_path / "single") in found["directories"]


def test_installed_packages_and_the_standard_library_are_not_watched():
    found = watchable_modules()
    places = found["trees"] + found["directories"]
    assert not any(path.startswith(os.path.dirname(os.path.realpath(os.__file__))) for path in places)
    assert not any(path.startswith(os.path.realpath(sys.prefix) + os.sep) for path in places)
