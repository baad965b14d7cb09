"""What no file of the repository may hold, and what every clone must come with."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from importlib.metadata import version

import pytest

THIS_FILE = "tests/house/test_repository.py"
FORBIDDEN = {
    "a path of one machine": re.compile(r"/[w]ork/(main|shared)\b|\.\./[s]hared/|/home/(?!app\b|user\b)\w+/"),
    "the address of a package registry": re.compile(
        r"pypi\.org/simple|files\.pythonhosted\.org|registry\.(npmjs|yarnpkg)\.|--(extra-)?index-url|find-links"
    ),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a mark of unfinished work": re.compile(
        r"\b(TODO|FIXME|XXX|HACK|TBD|WIP)\b|\bnot implemented yet\b|\b(stub|placeholder) implementation\b"
    ),
    "a merge conflict": re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE),
}


def findings(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    """`file:line: text` for each match."""
    found = []
    for name, text in texts.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line}: {match.group()}")
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what, repository_texts):
    others = {name: text for name, text in repository_texts.items() if name != THIS_FILE}
    found = findings(others, FORBIDDEN[what])
    assert not found, f"{what} stands in:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", "see /" + "work/main/docs"),
        ("the address of a package registry", "pip install --index-url x"),
        ("a private key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("a mark of unfinished work", "# TODO: later"),
        ("a merge conflict", "a\n<<<<<<< HEAD\nb"),
    ],
)
def test_a_forbidden_thing_is_seen(what, text):
    assert findings({"x": text}, FORBIDDEN[what])


def gaps(name: str, text: str) -> list[str]:
    """Where NotImplementedError is raised other than by a documented method that subclasses write."""
    found = []
    tree = ast.parse(text)
    abstract = {
        id(function.body[1])
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(function)
        and len(function.body) == 2
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Raise) or node.exc is None or id(node) in abstract:
            continue
        explained = isinstance(node.exc, ast.Call) and node.exc.args
        if "NotImplementedError" in ast.unparse(node.exc) and not explained:
            found.append(f"{name}:{node.lineno}")
    return found


def test_a_method_left_to_subclasses_says_so(repository_texts):
    """A NotImplementedError in the middle of a function would hide a hole."""
    found = [
        line
        for name, text in repository_texts.items()
        if name.startswith("src/") and name.endswith(".py")
        for line in gaps(name, text)
    ]
    assert not found, "give these a docstring, or a message that says what to write:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("    raise NotImplementedError", 1),
        ("    if a:\n        raise NotImplementedError()\n    return a", 1),
        ("    'What it must return.'\n    raise NotImplementedError", 0),
        ("    raise NotImplementedError('write a save_session method')", 0),
    ],
)
def test_a_hole_is_told_from_an_abstract_method(body, count):
    assert len(gaps("x.py", f"def f(a):\n{body}\n")) == count


@pytest.mark.parametrize("name", ["check", "demo", ".ci/run", "tools/find-python"])
def test_the_commands_can_be_executed(name, root):
    assert os.access(root / name, os.X_OK)


def test_the_version_is_the_same_everywhere(root):
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    import demijohn

    assert demijohn.__version__ == declared == version("demijohn")


def test_every_requirement_names_its_lowest_version(root):
    document = tomllib.loads((root / "pyproject.toml").read_text())
    groups = [document["project"]["dependencies"], *document["project"]["optional-dependencies"].values()]
    groups += document["dependency-groups"].values()
    loose = [
        requirement
        for group in groups
        for requirement in group
        if isinstance(requirement, str)
        and ">=" not in requirement
        and not requirement.startswith("demijohn[")
    ]
    assert not loose


@pytest.mark.parametrize("suffix", [".py"])
def test_source_files_stay_short_or_say_why(suffix, repository_texts):
    """About 400 lines; past that the module docstring says what would be lost by splitting it."""
    long = []
    for name, text in repository_texts.items():
        if name.startswith("src/") and name.endswith(suffix) and text.count("\n") > 450:
            opening = text.split('"""')[1] if text.startswith('"""') else ""
            if not re.search(r"\bsplit", opening):
                long.append(f"{name}: {text.count(chr(10))} lines")
    assert not long, "\n".join(long)


def test_the_extra_all_is_every_other_one_and_the_page_has_a_row_for_each(root):
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (everything,) = extras.pop("all")
    assert everything == f"demijohn[{','.join(extras)}]"
    page = (root / "docs" / "installation.md").read_text()
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")] == [*extras, "all"]
