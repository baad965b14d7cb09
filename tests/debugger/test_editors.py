"""Links to the developer's editor."""

from __future__ import annotations

import pytest

from demijohn.debugger.editors import editor_link


@pytest.mark.parametrize(
    ("editor", "link"),
    [
        ("vscode", "vscode://file{path}:7"),
        ("cursor", "cursor://file{path}:7"),
        ("zed", "zed://file{path}:7"),
        ("sublime", "subl://open?url=file://{path}&line=7"),
        ("pycharm", "pycharm://open?file={path}&line=7"),
        ("idea", "idea://open?file={path}&line=7"),
        ("x-mine://{path}?at={line}", "x-mine://{path}?at=7"),
    ],
)
def test_an_editor_is_named_or_given_as_a_link(editor, link):
    make = editor_link({"DEMIJOHN_EDITOR": editor})
    assert make(__file__, 7) == link.format(path=__file__)


def test_a_container_s_paths_become_those_of_the_developer_s_machine():
    make = editor_link(
        {"DEMIJOHN_EDITOR": "vscode", "DEMIJOHN_EDITOR_PATHS": "/app=/srv/my shop,/app/lib=/opt/lib"}
    )
    assert make("/app/views/a.py", 1) == "vscode://file/srv/my%20shop/views/a.py:1"
    assert make("/app/lib/b.py", 2) == "vscode://file/opt/lib/b.py:2"
    assert make("/application/c.py", 3) == ""  # no file here, and below none of the folders


@pytest.mark.parametrize("editor", ["", "notepad", "javascript:alert('{path}')", "data:{path}"])
def test_without_one_there_is_no_link(editor):
    assert editor_link({"DEMIJOHN_EDITOR": editor}) is None


def test_what_is_no_file_has_no_link():
    assert editor_link({"DEMIJOHN_EDITOR": "vscode"})("<string>", 1) == ""
