"""What the pages show is true of the repository: code blocks, commands, links."""

from __future__ import annotations

import ast
import importlib
import re

import pytest

import listings

PYTHON_BLOCK = re.compile(r"^```(?:python|py)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def pages(repository_texts) -> dict[str, str]:
    return {name: text for name, text in repository_texts.items() if name.endswith(".md")}


def test_the_code_of_the_readme_is_a_tested_example(root):
    [block] = PYTHON_BLOCK.findall((root / "README.md").read_text())
    assert block == (root / "docs/examples/quickstart/hello.py").read_text()


def test_code_on_a_page_is_python(pages):
    for name, text in pages.items():
        for block in PYTHON_BLOCK.findall(text):
            try:
                ast.parse(block)
            except SyntaxError as error:
                pytest.fail(f"{name}: {error} in\n{block}")


def test_names_that_a_page_imports_from_the_package_exist(pages):
    missing = []
    for name, text in pages.items():
        for block in PYTHON_BLOCK.findall(text):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "demijohn":
                    module = importlib.import_module(node.module)
                    missing += [
                        f"{name}: {node.module}.{alias.name}"
                        for alias in node.names
                        if not hasattr(module, alias.name)
                    ]
    assert not missing, "\n".join(missing)


def test_links_between_pages_lead_somewhere(pages, root):
    broken = [
        f"{name}: {target}"
        for name, text in pages.items()
        for target in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        if not (root / name).parent.joinpath(target).exists()
    ]
    assert not broken, "\n".join(broken)


def test_every_example_of_the_documentation_is_run_by_a_test(root):
    """A folder docs/examples/<page> is named by some test in tests/docs."""
    tests = "\n".join(path.read_text() for path in (root / "tests").rglob("*.py"))
    folders = [
        path
        for path in (root / "docs" / "examples").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    ]
    untested = [folder.name for folder in folders if not re.search(rf"\b{folder.name}\b", tests)]
    assert not untested


def test_pages_show_the_files_of_their_examples_as_they_are():
    different = [page.name for page in listings.pages() if page.read_text() != listings.filled(page)]
    assert not different, f"python tools/listings.py --write mends {different}"


def test_a_listing_is_its_file_or_its_lines(tmp_path):
    (tmp_path / "shop.py").write_text("one\ntwo\nthree\n")
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- listing: shop.py -->\n```python\nold\n```\n\n<!-- listing: shop.py 2- -->\n\nText.\n"
    )
    page.write_text(listings.filled(page))
    first, second = PYTHON_BLOCK.findall(page.read_text())
    assert (first, second) == ("one\ntwo\nthree\n", "two\nthree\n")
    assert listings.filled(page) == page.read_text()
    (tmp_path / "shop.py").write_text("four\n")
    assert listings.filled(page) != page.read_text()


def test_pages_are_read_where_they_lie(pages):
    """No directive or role that stands for code or for a link: in the repository nobody carries it out."""
    found = [
        f"{name}: {written}"
        for name, text in pages.items()
        if name.startswith(("docs/", "README"))
        for written in re.findall(
            r"^```\{(?!toctree)[\w-]+\}.*|(?<![`\w])\{[a-z]+\}`[^`\n]+`|^\([\w-]+\)=$", text, re.MULTILINE
        )
    ]
    assert not found, "\n".join(["write <!-- listing: FILE --> and [text](page.md):", *found])


def test_readme_leads_to_every_page_and_its_code(root):
    """By links alone; and where a page has a listing of Python, there it is."""
    seen, ahead = set(), [root / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        text = page.read_text()
        for file in listings.listed(page):
            assert file.suffix != ".py" or PYTHON_BLOCK.search(text), f"{page.name} does not show {file.name}"
        targets = LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        ahead += [(page.parent / target).resolve() for target in targets]
    unlinked = {page.name for page in (root / "docs").glob("*.md")} - {page.name for page in seen}
    assert not unlinked, f"docs/index.md has no link to {unlinked}"
