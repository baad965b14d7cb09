"""The files in docs/examples/static_files do what the page about static files says."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.docs.conftest import EXAMPLES

ADDRESS = r"/{}\.[0-9a-f]{{12}}\.{}"


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_page_and_its_style_sheet_name_files_by_their_content(load_example, protocol):
    client = load_example("static_files/shop").app.test_client(protocol=protocol)
    page = client.get("/").text
    sheet = re.search(ADDRESS.format("static/cellar", "css"), page)[0]
    label = re.search(ADDRESS.format("labels/label", "svg"), page)[0]
    answer = client.get(sheet, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    text = client.get(sheet).text
    assert re.search(r'@import "rack\.[0-9a-f]{12}\.css";', text)
    assert re.search(r'url\("img/label\.[0-9a-f]{12}\.svg"\)', text)
    assert client.get(label).mimetype == "image/svg+xml"
    assert client.get("/static/cellar.css").headers["Cache-Control"] == "no-cache"


def test_a_build_is_what_the_page_shows(tmp_path):
    command = [
        sys.executable,
        "-m",
        "demijohn",
        "--app",
        "shop:app",
        "static",
        "build",
        "--out",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, cwd=EXAMPLES / "static_files", capture_output=True, text=True, timeout=60, check=True
    )
    assert "files and" in done.stdout
    assert (tmp_path / "manifest.json").is_file()
    assert len(list((tmp_path / "static").glob("cellar.*.css"))) == 1
