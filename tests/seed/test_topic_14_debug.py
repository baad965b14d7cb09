"""Topic 14: `app.run(debug=True)` shows errors in the browser and reloads when the code changes."""

from __future__ import annotations

import shutil
import time

import pytest
from tests.seed.conftest import SAMPLES, served
from tests.support.web import OverSocket

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("seed")]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A copy of the sample, to be changed while it runs."""
    return shutil.copy(SAMPLES / "topic_14_debug.py", tmp_path_factory.mktemp("debug"))


@pytest.fixture(scope="module")
def visit(file, tmp_path_factory):
    where = tmp_path_factory.mktemp("log")
    with served(where, str(file), FLASK_SERVER_NAME="127.0.0.1:{port}") as server:
        yield OverSocket(server)


def test_the_file_serves_itself_in_debug_mode(visit):
    assert visit.get("/").text == "debug: True"


def test_an_error_is_shown_in_detail_and_escaped(visit):
    answer = visit.get("/fails", [("Accept", "text/html")])
    assert answer.status == 500
    assert "ValueError" in answer.text
    assert "&lt;b&gt;shown&lt;/b&gt; a local name" in answer.text
    assert "<b>shown</b>" not in answer.text
    assert "harmless" in answer.text  # the name of a local variable in the source shown


def test_a_change_of_the_code_is_served_without_a_restart_by_hand(visit, file):
    with open(file) as source:
        text = source.read()
    with open(file, "w") as source:
        source.write(text.replace('f"debug: {app.debug}"', '"changed"'))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if visit.get("/").text == "changed":
                return
        except Exception:  # between the old worker and the new one, nobody may be listening
            pass
        time.sleep(0.1)
    pytest.fail(f"the change was not served:\n{visit.server.log}")
