"""The application that docs/uploads.md shows, used as its visitors use it."""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from tests.ext.uploads.conftest import png

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "uploads"


@pytest.fixture
def example(tmp_path, monkeypatch):
    shutil.copytree(EXAMPLE, tmp_path / "example")
    spec = importlib.util.spec_from_file_location("uploads_example", tmp_path / "example" / "app.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "uploads_example", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def visitor(example, protocol):
    from demijohn.testing import FlaskClient

    client = FlaskClient(example.app, example.app.response_class, protocol=protocol)
    yield client
    client.close()


def test_a_photo_is_sent_and_shown(visitor):
    answer = visitor.post("/photos", data={"photo": (io.BytesIO(png()), "me.png")})
    assert answer.status_code == 302
    with visitor.get(answer.location) as shown:
        assert (shown.data, shown.mimetype) == (png(), "image/png")


@pytest.mark.parametrize("data", [b"<html>", png(50_000, 50_000)], ids=["a page", "a bomb"])
def test_what_is_no_photo_is_refused_with_a_reason(visitor, data):
    answer = visitor.post("/photos", data={"photo": (io.BytesIO(data), "me.png")})
    assert (answer.status_code, answer.text.startswith("The ")) == (400, True)


def test_an_album_is_read_part_by_part(visitor):
    files = [(io.BytesIO(png()), f"{number}.png") for number in range(3)]
    names = visitor.post("/albums", data={"photos": files, "title": "Summer"}).json
    assert len(set(names)) == 3


def test_a_film_is_resumed(example, visitor):
    film = b"\0\0\0\x18ftypisom" + bytes(100)
    version = {"Tus-Resumable": "1.0.0"}
    name = f"filename {b64encode(b'film.mp4').decode()}"
    made = visitor.post(
        "/files", headers={**version, "Upload-Length": str(len(film)), "Upload-Metadata": name}
    )
    for start in (0, 50):
        piece = film[start : start + 50] if start == 0 else film[start:]
        fields = {**version, "Upload-Offset": str(start)}
        kind = "application/offset+octet-stream"
        assert visitor.patch(made.location, data=piece, headers=fields, content_type=kind).status_code == 204
    assert example.finished == [f"film.mp4, {len(film)} bytes"]
    with visitor.get("/") as page:
        assert "film.mp4" in page.text
        assert re.search(r'<script src="/_uploads/static/progress\.[0-9a-f]{12}\.js" defer>', page.text)
