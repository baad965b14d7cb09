"""Imports stand at the top of a file, go down the floors, and rooms use the public face only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imports import Imported, imports_of, module_name

# The modules whose names users of Flask import from; a room in ext/ may do the same.
FLASK_NAMED_MODULES = frozenset(
    f"demijohn.{name}"
    for name in (
        "app blueprints cli config ctx extend globals helpers json json.provider json.tag logging sessions "
        "sessions.server_side signals templating testing typing views wrappers"
    ).split()
)
# A module that is put off: shown to readers and checkers, loaded when used (demijohn/later.py).
PUT_OFF = re.compile(r'\blater\("([\w.]+)"\)')
SAYS_WHY = re.compile(r"\b(import|heavy|late|lazy|lazily|optional|extra)", re.IGNORECASE)
# Rooms that may stand on another room.
ROOMS_ON_ROOMS = {"migrations": {"database"}}


def own(imported: Imported) -> bool:
    return imported.module == "demijohn" or imported.module.startswith("demijohn.")


def hidden_imports(path: Path, source_root: Path) -> list[str]:
    """Imports of our own modules that a reader of the file's head does not see, but those put off by `later`."""
    put_off = set(PUT_OFF.findall(path.read_text()))
    return [
        f"{path.relative_to(source_root)}:{found.line} imports {found.target} "
        + ("inside a function" if found.in_function else "under TYPE_CHECKING")
        for found in imports_of(path, source_root)
        if own(found) and (found.in_function or (found.type_checking and found.target not in put_off))
    ]


def unexplained_imports(path: Path, source_root: Path) -> list[str]:
    """Deferred imports of other people's modules in a function that nowhere says why they are deferred.

    The reason is a comment in the function up to the import, or a word on importing in its docstring.
    """
    lines = path.read_text().splitlines()
    return [
        f"{path.relative_to(source_root)}:{found.line} defers {found.target} without saying why"
        for found in imports_of(path, source_root)
        if found.in_function
        and not own(found)
        and not any("#" in line for line in lines[found.function_line - 1 : found.line])
        and not SAYS_WHY.search(found.function_docstring)
    ]


def imports_of_the_face(path: Path, source_root: Path) -> list[str]:
    """Imports of public names from `demijohn` itself by a module that stands below it."""
    module = module_name(path, source_root)
    if module == "demijohn" or module.split(".")[1] in {"ext", "compat"}:
        return []
    return [
        f"{path.relative_to(source_root)}:{found.line} imports {found.target} from above"
        for found in imports_of(path, source_root)
        if found.module == "demijohn" and not is_module(source_root, found.target)
    ]


def imports_past_the_face(path: Path, source_root: Path) -> list[str]:
    """Imports by a room in ext/ of anything but itself, the public face and the rooms it may stand on."""
    module = module_name(path, source_root)
    parts = module.split(".")
    if parts[1:2] != ["ext"] or len(parts) < 3:
        return []
    rooms = {parts[2], *ROOMS_ON_ROOMS.get(parts[2], set())}
    allowed = tuple(f"demijohn.ext.{room}" for room in rooms)
    return [
        f"{path.relative_to(source_root)}:{found.line} imports {found.target} past the public face"
        for found in imports_of(path, source_root)
        if own(found)
        and found.module != "demijohn"
        and found.module not in FLASK_NAMED_MODULES
        and not any(f"{found.target}.".startswith(f"{room}.") for room in allowed)
    ]


def is_module(source_root: Path, name: str) -> bool:
    path = source_root.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


RULES = [hidden_imports, unexplained_imports, imports_of_the_face, imports_past_the_face]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_import_rules(rule, root):
    source_root = root / "src"
    broken = [line for path in (source_root / "demijohn").rglob("*.py") for line in rule(path, source_root)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (hidden_imports, "app.py", "def f():\n    from demijohn.http import dates\n"),
        (hidden_imports, "app.py", "async def f():\n    from .http import dates\n"),
        (hidden_imports, "app.py", "import typing\nif typing.TYPE_CHECKING:\n    from .cli import main\n"),
        (unexplained_imports, "app.py", "def f():\n    import granian\n"),
        (imports_of_the_face, "app.py", "from demijohn import request_proxy\n"),
        (imports_of_the_face, "app.py", "from . import request_proxy\n"),
        (imports_past_the_face, "ext/forms/extension.py", "from demijohn.dispatch import run\n"),
        (imports_past_the_face, "ext/forms/extension.py", "from ..login import current_user\n"),
        (imports_past_the_face, "ext/forms/extension.py", "from demijohn.ext import login\n"),
    ],
)
def test_a_rule_sees_what_breaks_it(rule, name, text, tmp_path):
    path = tmp_path / "demijohn" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert len(rule(path, tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.py", "from .http import dates\nfrom demijohn import http\n"),
        (
            "app.py",
            'if TYPE_CHECKING:\n    from demijohn.http import dates\nelse:\n    dates = later("demijohn.http.dates")\n',
        ),
        (
            "app.py",
            "def f():\n    # Heavy, and only the development server needs it.\n    import granian\n",
        ),
        ("ext/migrations/extension.py", "from demijohn import Flask\nfrom ..database import SQLAlchemy\n"),
        ("ext/forms/extension.py", "from .fields import Field\nfrom demijohn.cli import AppGroup\n"),
    ],
)
def test_no_rule_minds_what_is_allowed(name, text, tmp_path):
    path = tmp_path / "demijohn" / name
    path.parent.mkdir(parents=True)
    (tmp_path / "demijohn" / "http").mkdir()
    path.write_text(text)
    assert [line for rule in RULES for line in rule(path, tmp_path)] == []
