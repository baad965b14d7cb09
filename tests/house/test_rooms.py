"""Every integration comes with tests, a page of documentation and an example."""

from __future__ import annotations

from pathlib import Path


def missing_parts(root: Path) -> list[str]:
    """What the rooms below src/demijohn/ext lack, one sentence each."""
    missing = []
    for package in sorted((root / "src" / "demijohn" / "ext").glob("*/__init__.py")):
        room = package.parent.name
        tests = root / "tests" / "ext"
        if not any(tests.glob(f"{room}/**/test_*.py")) and not (tests / f"test_{room}.py").is_file():
            missing.append(f"{room} has no tests in tests/ext/{room}/")
        if not any((root / "docs" / name).is_file() for name in (f"{room}.md", f"ext/{room}.md")):
            missing.append(f"{room} has no page docs/{room}.md")
        if not any((root / base / room).is_dir() for base in ("docs/examples", "examples")):
            missing.append(f"{room} has no example in docs/examples/{room}/")
    return missing


def test_every_room_has_tests_a_page_and_an_example(root):
    assert missing_parts(root) == []


def test_a_bare_room_is_seen_to_lack_all_three(tmp_path):
    (tmp_path / "src/demijohn/ext/forms").mkdir(parents=True)
    (tmp_path / "src/demijohn/ext/forms/__init__.py").write_text("")
    assert len(missing_parts(tmp_path)) == 3


def test_a_complete_room_lacks_nothing(tmp_path):
    for name in ("src/demijohn/ext/forms", "tests/ext/forms", "docs/examples/forms"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("src/demijohn/ext/forms/__init__.py", "tests/ext/forms/test_csrf.py", "docs/forms.md"):
        (tmp_path / name).write_text("")
    assert missing_parts(tmp_path) == []
