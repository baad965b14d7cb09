"""The files of a project, made from the texts that lie beside this module.

This module must not know where they are written from, nor why a name is refused.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

import demijohn
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demijohn.cli.docker.files import dockerfile, dockerignore
from demijohn.cli.docker.needs import DEPENDENCIES, Needs
from demijohn.cli.new.names import package_of

__all__ = ["ROOMS", "minimal", "whole", "write"]

#: What can be asked for, with the module that each brings, the first line of its docstring, and its extras.
ROOMS = {
    "database": ("notes", ("migrations",)),
    "login": ("accounts", ()),
    "forms": ("contact", ("forms",)),
    "rest": ("api", ()),
    "realtime": ("live", ("realtime",)),
    "i18n": ("languages", ("i18n",)),
    "oauth": ("sign_in", ("oauth",)),
    "tasks": ("jobs", ("tasks",)),
}
#: Rooms whose module has a template of its own, or a script.
_WITH_PAGE = {"database", "login", "forms", "realtime", "tasks"}
_WITH_SCRIPT = {"realtime", "tasks"}

#: Files of every project, by where they go; `package` is the package.
_ALWAYS = (
    ".env", ".env.example", ".gitignore", "README.md", "pyproject.toml", "wsgi.py", "package/__init__.py",
    "package/pages.py", "package/static/style.css", "package/templates/layout.html", "package/templates/index.html",
    "tests/conftest.py", "tests/test_pages.py",
)  # fmt: skip
_OF_DATABASE = ("package/database.py", "package/migrations/versions/0001_first.py")
#: What `db init` would write, by the file that it is a copy of; those stand in the room and need not be filled in.
_MIGRATIONS = Path(demijohn.__file__).parent / "ext" / "migrations" / "templates" / "flask"
_COPIED = {"env.py": "env.txt", "alembic.ini": "alembic.ini.mako", "script.py.mako": "script.py.mako"}
_MINIMAL = ("app.py", "test_app.py", "pyproject.toml", "README.md")

#: As wide as ruff's formatter makes a line.
_WIDTH = 88


def minimal(name: str) -> dict[str, str]:
    """A project of one file: the texts, by their paths."""
    texts = _texts("minimal")
    return {path: texts.get_template(f"{path}.jinja").render(name=name) for path in _MINIMAL}


def whole(name: str, asked: Iterable[str]) -> dict[str, str]:
    """A project with these rooms: the texts, by their paths.

    :param name: The name of the distribution, checked.
    :param asked: Keys of :data:`ROOMS`.
    """
    rooms = set(asked)
    if "login" in rooms:
        rooms.add("database")
    translated = "i18n" in rooms
    package = package_of(name)
    modules = [module for room, (module, _) in ROOMS.items() if room in rooms]
    values = {
        "name": name,
        "package": package,
        "title": name.replace("-", " ").replace("_", " ").capitalize(),
        "prefix": package.upper(),
        "key": secrets.token_urlsafe(32),
        "python": "{}.{}".format(*sys.version_info),
        "rooms": rooms,
        "modules": modules,
        "extras": sorted({"server", "dotenv", *(e for room in rooms for e in ROOMS[room][1])}),
        "imported": lambda line, names: _imported(line, sorted(names)),
        # A text that visitors see: as it is, or handed to the translations.
        "said": lambda text: f"{{{{ _({text!r}) }}}}" if translated else text,
        "quoted": lambda text, lazy=False: _quoted(
            text, ("lazy_gettext" if lazy else "gettext") if translated else ""
        ),
    }
    texts = _texts("project")
    made = {}
    for path in _paths(rooms):
        text = texts.get_template(f"{path}.jinja").render(values)
        made[path.replace("package/", f"{package}/", 1)] = text
    if "database" in rooms:
        for path, source in _COPIED.items():
            made[f"{package}/migrations/{path}"] = (_MIGRATIONS / source).read_text(encoding="utf-8")
    needs = Needs(
        app="wsgi",
        dependencies=next(way for way in DEPENDENCIES if way.files == ("pyproject.toml",)),
        prefix=values["prefix"] if isinstance(values["prefix"], str) else "",
        translations=translated,
        static=True,
        data="instance" if "database" in rooms else None,
    )
    return made | {"Dockerfile": dockerfile(needs), ".dockerignore": dockerignore(needs)}


def _paths(rooms: set[str]) -> Iterable[str]:
    yield from _ALWAYS
    if "database" in rooms:
        yield from _OF_DATABASE
    for room, (module, _) in ROOMS.items():
        if room in rooms:
            yield f"package/{module}.py"
            yield f"tests/test_{module}.py"
            if room in _WITH_PAGE:
                yield f"package/templates/{module}.html"
            if room in _WITH_SCRIPT:
                yield f"package/static/{module}.js"


def _imported(line: str, names: list[str]) -> str:
    """An import as ruff's formatter writes it: in one line, or one name in each."""
    in_one = f"{line} import {', '.join(names)}"
    if len(in_one) <= _WIDTH:
        return in_one
    return f"{line} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _quoted(text: str, function: str) -> str:
    """A text in Python, handed to the function that translates it."""
    return f'{function}("{text}")' if function else f'"{text}"'


def _texts(folder: str) -> Environment:
    return Environment(  # noqa: S701 - these are no pages
        loader=FileSystemLoader(Path(__file__).parent / folder),
        variable_start_string="[[", variable_end_string="]]", block_start_string="[%", block_end_string="%]",
        comment_start_string="[#", comment_end_string="#]", trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, undefined=StrictUndefined,
    )  # fmt: skip


def write(folder: Path, made: dict[str, str]) -> None:
    """Write the texts below a folder; ``.env`` for nobody else's eyes."""
    for path, text in made.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if path == ".env":
            file.chmod(0o600)
