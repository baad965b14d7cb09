"""What a project may be called: its folder, its distribution, and the package that is imported.

This module must not know what is in a project.
"""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata

__all__ = ["package_of", "what_is_wrong", "would_do"]

#: What a project imports, with any rooms and in its tests, and what stands beside its package.
TAKEN = frozenset({
    "aiomysql", "aiosqlite", "alembic", "app", "argon2", "attr", "attrs", "authlib", "babel", "blinker",
    "celery", "click", "demijohn", "dotenv", "flask", "granian", "httpx", "itsdangerous", "jinja2",
    "joserfc", "kombu", "limits", "markupsafe", "msgspec", "mypy", "obstore", "opentelemetry", "orjson",
    "packaging", "psycopg", "pydantic", "pymysql", "pytest", "redis", "requests", "ruff", "socketio",
    "sqlalchemy", "test_app", "tests", "uvicorn", "watchfiles", "werkzeug", "wsgi", "wtforms", "yaml",
})  # fmt: skip
#: Folders that a project's .gitignore leaves out.
IGNORED = frozenset({"build", "dist", "instance", "venv"})


def package_of(name: str) -> str:
    """The name that is imported."""
    return name.replace("-", "_")


def what_is_wrong(name: str) -> str | None:
    """Why nothing can be called that; None where it can.

    What merely could be imported from the folder of the moment is no reason: it is not there when the project runs.
    """
    package = package_of(name)
    if not package.isascii() or not package.isidentifier() or not name[0].isalpha() or not name[-1].isalnum():
        return "is no name for a package: letters, digits, - and _, a letter first"
    if keyword.iskeyword(package):
        return "is a keyword of Python"
    folded = package.lower()  # some file systems do not tell Json from json
    if folded == "test" or folded in {module.lower() for module in sys.stdlib_module_names}:
        return "is a module of Python's standard library, which nobody could import any more"
    if folded in TAKEN:
        return "is a module that the project itself needs"
    if folded in IGNORED:
        return "is a folder that is not kept with the source"
    return None


def would_do(name: str) -> str:
    """The nearest name that a project may have."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    for near in (words, f"my-{words}"):
        if near and what_is_wrong(near) is None:
            return near
    return "my-site"
