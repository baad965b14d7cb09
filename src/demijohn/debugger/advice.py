"""What to do about an error, where that can be told from it. Nothing of it is ever done from here.

This module must not know how it is shown.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from jinja2 import TemplateNotFound, TemplateSyntaxError
from werkzeug.routing import BuildError

from demijohn.debugger.ports import Application
from demijohn.later import extra_of
from demijohn.templating import Templated

_NO_TABLE = re.compile(
    r"no such (?:table|column)|has no column named|UndefinedTable|UndefinedColumn|"
    r"(?:relation|column) \S+ does not exist|Table '[^']+' doesn't exist|Unknown column",
    re.IGNORECASE,
)


def advise(error: BaseException, app: Application | None = None) -> str:
    """A sentence or two, or an empty text where there is nothing to say.

    :param app: The application, for what it knows of its templates and routes.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        said = _about(current, app)
        if said:
            return said
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return ""


def _about(error: BaseException, app: Application | None) -> str:
    if isinstance(error, TemplateSyntaxError):
        name = error.name or error.filename or "(a text)"
        return f"Mend line {error.lineno} of the template {name}: {error.message}."
    if isinstance(error, SyntaxError) and error.filename:
        return (
            f"Mend line {error.lineno} of {error.filename}: {error.msg}."
            " The server loads the application again as soon as the file is saved."
        )
    if isinstance(error, TemplateNotFound):
        return _missing_template(error, app)
    if isinstance(error, BuildError):
        return _unbuildable(error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error.name)
    if type(error).__module__.startswith(("sqlalchemy.", "psycopg", "sqlite3", "pymysql", "asyncpg")):
        return _missing_table(error, app)
    return ""


def _missing_template(error: TemplateNotFound, app: Application | None) -> str:
    names = list(getattr(error, "templates", None) or [error.name])
    places: list[str] = []
    known: list[str] = []
    owners: list[Templated] = [] if app is None else [app, *app.iter_blueprints()]
    for owner in owners:
        loader = owner.jinja_loader
        places += [str(place) for place in getattr(loader, "searchpath", [])]
        try:
            known += loader.list_templates() if loader is not None else []
        except Exception:  # a loader that cannot list what it has
            continue
    near = [match for name in names for match in get_close_matches(str(name), known, 3)]
    where = f" Searched: {', '.join(dict.fromkeys(places))}." if places else ""
    return f"Create the template {' or '.join(str(name) for name in names)} in one of its folders.{where}" + (
        f" There is {_listed(near)}." if near else ""
    )


def _unbuildable(error: BuildError) -> str:
    adapter = error.adapter
    rules = [] if adapter is None else list(adapter.map.iter_rules())
    of_name = [rule for rule in rules if rule.endpoint == error.endpoint]
    if of_name:
        lacking = [sorted(rule.arguments - set(error.values or {})) for rule in of_name]
        missing = min(lacking, key=len)
        if missing:
            return f"url_for({error.endpoint!r}) needs {_listed(missing)} as well: {of_name[0].rule}"
        return f"No rule of {error.endpoint!r} takes these values or this method: {of_name[0].rule}"
    names = sorted({str(rule.endpoint) for rule in rules})
    near = get_close_matches(str(error.endpoint), names, 3, 0.5)
    near += [name for name in names if name.rpartition(".")[2] == error.endpoint and name not in near]
    said = f"There is no endpoint {error.endpoint!r}."
    if near:
        return f"{said} Near it: {_listed(near[:4])}."
    return f"{said} demijohn routes lists those that there are."


def _missing_module(name: str) -> str:
    top = name.partition(".")[0]
    if top == "flask":
        return (
            "demijohn takes the place of Flask where it is asked to: type demijohn run --compat, or import from"
            " demijohn instead. Other ways in are on the page Running Flask applications as they are."
        )
    if top.startswith("flask_"):
        return (
            f"demijohn run --compat has what takes the place of Flask and of many of its extensions; {top} has to"
            " be installed where it is not among them."
        )
    extra = extra_of(top)
    if extra is not None:
        return f'Install what brings it: pip install "demijohn[{extra}]"'
    return f"Install what brings {top}, or mend its name where it is imported."


def _missing_table(error: BaseException, app: Application | None) -> str:
    if not _NO_TABLE.search(f"{type(error).__name__} {error}"):
        return ""
    extensions = getattr(app, "extensions", {})
    if "migrate" in extensions:
        return (
            "The database lacks a table or a column that the models have. A migration is pending:"
            " look with demijohn db current, and run demijohn db upgrade; where there is none yet,"
            " write it with demijohn db migrate first."
        )
    return (
        "The database lacks a table or a column that the models have: create it (db.create_all() makes missing"
        " tables, no columns)."
    )


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in dict.fromkeys(names))
