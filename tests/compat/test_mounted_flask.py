"""Flask itself, mounted in an application of this package: in an environment of its own, which has both."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.compat import peers

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

SCRIPT = """
import flask
from demijohn import Flask, url_for

old = flask.Flask("old")
old.secret_key = "for a test"

@old.route("/bottles/<int:id>", methods=["GET", "POST"])
def bottle(id):
    flask.session["last"] = id
    size = len(flask.request.get_data())
    return f"{flask.request.url} {flask.url_for('bottle', id=2)} {flask.url_for('static', filename='x')} {size}"

@old.route("/fails")
def fails():
    raise LookupError("Flask's own")

app = Flask("new", static_folder=None)
app.add_url_rule("/", view_func=lambda: url_for("old:bottle", id=4), endpoint="index")
app.mount("/old", old, name="old")
assert type(old).__module__ == "flask.app"
for protocol in ("wsgi", "asgi", "rsgi"):
    client = app.test_client(protocol=protocol)
    for base in ("", "/srv"):
        root = f"http://localhost{base}/"
        at = f"http://localhost{base}/old/bottles/3"
        assert client.get("/", base_url=root).text == f"{base}/old/bottles/4"
        answer = client.post("/old/bottles/3", base_url=root, data=b"x" * 70_000).text
        assert answer == f"{at} {base}/old/bottles/2 {base}/old/static/x 70000", answer
        assert client.get("/old", base_url=root).location == f"{base}/old/"
    assert client.get("/old/none").status_code == 404
    assert client.get("/old/fails").status_code == 500
    client.close()
print("as it was")
"""


def test_flask_itself_is_mounted_as_it_was(tmp_path: Path):
    python = peers.make_environment(tmp_path / "flask", ["flask==3.1.3", "msgspec"])
    source = Path(__file__).resolve().parents[2] / "src"
    done = subprocess.run(
        [python, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(source)},
    )  # fmt: skip
    assert done.stdout.endswith("as it was\n"), done.stderr
