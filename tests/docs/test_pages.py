"""A page says all that its own commands and listings need."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
import tomllib
from collections.abc import Iterable

import pytest
from tests.support import pages
from tests.support.pages import DOCS, Command, File

import listings

PROJECT = tomllib.loads((listings.ROOT / "pyproject.toml").read_text())["project"]
CORE = {"blinker", "click", "itsdangerous", "jinja2", "markupsafe", "msgspec", "werkzeug"}
#: Where the name that is imported is not that of the package.
PACKAGES = {
    "alembic": "alembic",
    "attr": "attrs",
    "opentelemetry": "opentelemetry-api",
    "socketio": "python-socketio",
}
#: What an extension needs when it is imported; the others need nothing.
EXTENSIONS = {
    "database": "sqlalchemy",
    "forms": "wtforms",
    "i18n": "babel",
    "migrations": "alembic",
    "oauth": "authlib",
    "ratelimit": "limits",
    "realtime": "python-socketio",
    "tasks": "celery",
    "tracing": "opentelemetry-api",
}
COMMANDS = {
    r"\bdemijohn\b.* run\b": "granian",
    r"\bdemijohn db\b": "alembic",
    r"\bdemijohn i18n\b": "babel",
    r"\bdemijohn tasks\b": "celery",
    r"^(?:python -m )?pytest\b": "pytest",
    r"^granian\b": "granian",
    r"^gunicorn\b": "gunicorn",
    r"^hypercorn\b": "hypercorn",
    r"^uvicorn\b": "uvicorn",
}
#: What a page shows and does not run: the application as it was, under another framework or before.
SHOWN_ONLY = {("coming-from-fastapi", "before.py")}
FOLLOWED = pages.followed()
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def brought(line: str) -> set[str]:
    """The packages that a line installs by name, as the extras of pyproject.toml have them."""
    found = pages.INSTALL.search(line)
    assert found, line
    extras = PROJECT["optional-dependencies"]
    ahead, packages = set(filter(None, (found["extras"] or "").split(","))), set(found["others"].split())
    done: set[str] = set()
    while ahead:
        done.add(extra := ahead.pop())
        for requirement in extras[extra]:
            name, more = re.match(r"([\w-]+)(?:\[([\w,-]+)\])?", requirement).groups()
            if name == "demijohn":
                ahead |= set(more.split(",")) - done
            packages.add(name)
    return packages


def needed(sources: dict[str, str], commands: Iterable[str]) -> dict[str, str]:
    """Packages that files and commands use, each with what uses it."""
    own = {name.partition("/")[0].removesuffix(".py") for name in sources}
    found: dict[str, str] = {}
    for name, text in sources.items():
        for module in imported(text):
            top, _, rest = module.partition(".")
            if top == "demijohn" and rest.startswith("ext."):
                if extension := EXTENSIONS.get(rest.split(".")[1]):
                    found[extension] = name
            elif top not in own | CORE | {"demijohn", "flask"} | set(sys.stdlib_module_names):
                found[PACKAGES.get(top, top)] = name
    for line in commands:
        found |= {package: line for pattern, package in COMMANDS.items() if re.search(pattern, line)}
    return found


def imported(text: str) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def lines_that_install(page: str) -> list[str]:
    return [command.line for command in pages.commands(page) if command.installs]


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_opens_with_the_line_that_installs_what_it_uses(page):
    first = next(step for step in pages.steps(page) if isinstance(step, Command) or page != "index")
    if page == "installation":
        first = next(command for command in pages.commands(page) if command.installs)
    assert isinstance(first, Command), f"docs/{page}.md shows {first.name} before it says what to install"
    assert first.installs, f"docs/{page}.md does this before it says what to install: {first.line}"
    packages = set().union(*(brought(line) for line in lines_that_install(page) if "demijohn" in line))
    packages |= {word for line in lines_that_install(page) for word in line.split()[2:]}
    shown = [file for file in pages.files(page) if (page, file.name) not in SHOWN_ONLY]
    sources = {file.name: file.text for file in shown if file.name.endswith(".py")}
    used = needed(sources, [command.line for command in pages.commands(page)])
    missing = {f"{package}, for {user}" for package, user in used.items() if package not in packages}
    assert not missing, f"docs/{page}.md: `{first.line}` does not bring {missing}"


@pytest.mark.parametrize(
    "readme", sorted(listings.ROOT.glob("examples/*/README.md")), ids=lambda readme: readme.parent.name
)
def test_an_example_says_what_it_needs(readme):
    text = readme.read_text()
    lines = re.findall(r"^(?:    |\$ )((?:pip|demijohn) .*)$", text, re.MULTILINE)
    files = {str(file.relative_to(readme.parent)): file.read_text() for file in readme.parent.rglob("*.py")}
    assert lines[0].startswith("pip install "), f"the first command of {readme}: {lines[0]}"
    # What a setting needs stands beside the setting.
    named = [f'pip install "{extra}"' for extra in re.findall(r"demijohn\[[\w,-]+\]", text)]
    packages = set().union(*(brought(line) for line in named))
    used = needed(files, lines)
    missing = {f"{package}, for {user}" for package, user in used.items() if package not in packages}
    assert not missing, f"{readme} does not bring {missing}"


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_has_every_file_that_its_files_name(page):
    """A template, a static file or a module of the example that only the repository has."""
    names = [file.name for file in pages.files(page)]
    has = set(names)
    assert len(names) == len(has), f"two files of one name: {names}"
    for shown in listings.listed(DOCS / f"{page}.md"):
        folder = shown.parent
        if shown.suffix != ".py" or (page, shown.name) in SHOWN_ONLY:
            continue
        text = shown.read_text()
        named = {f"{module}.py" for module in imported(text)} | set(
            re.findall(r"[\"']([\w/.-]+\.\w+)[\"']", text)
        )
        for name in named:
            for place in (name, f"templates/{name}", f"static/{name}"):
                if (folder / place).is_file() and any(file.endswith(shown.name) for file in has):
                    assert any(file.endswith(place) for file in has), f"{shown.name} names {place}"


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_command_names_an_application_of_its_page(page):
    modules = {file.name.removesuffix(".py").removesuffix("/__init__") for file in pages.files(page)}
    for command in pages.commands(page):
        if command.line.startswith("demijohn new"):
            modules.add("wsgi")  # which that command has written
        for name in re.findall(r"--app (\w+)", command.line):
            assert name in modules, command.line


@pytest.mark.parametrize("page", [page.stem for page in listings.pages()])
def test_a_page_defines_or_imports_the_names_that_its_code_uses(page):
    """Above the block, or in it: a reader has nothing else."""
    folder = DOCS if page != "README" else DOCS.parent
    known = {*dir(builtins), "__name__", "__file__"}
    for block in PYTHON_BLOCK.findall((folder / f"{page}.md").read_text()):
        table = symtable.symtable(block, page, "exec")
        known |= {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}
        assert asked(table) <= known, block


def asked(table: symtable.SymbolTable) -> set[str]:
    """The names of a module that its code looks up."""
    names = {
        name.get_name()
        for name in table.get_symbols()
        if name.is_referenced() and (name.is_global() or table.get_type() == "module")
    }
    return names.union(*(asked(child) for child in table.get_children()))


@pytest.mark.parametrize(
    "page", [page.stem for page in listings.pages() if page.stem not in ("README", "design")]
)
def test_a_page_says_nothing_in_words_of_the_house(page):
    """A room is an extension, and a hop a change to a thread and back; only the design explains them."""
    assert re.findall(r"\bthis\s+room\b|\bhops?\b", (DOCS / f"{page}.md").read_text()) == []


def test_a_file_that_is_linked_is_one_to_fetch():
    assert File("provider.py", (listings.ROOT / "examples/oauth/provider.py").read_text()) in pages.files(
        "oauth"
    )
