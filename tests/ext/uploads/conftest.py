"""What the tests of the room share: an application with sets, on the three protocols, and files of every kind."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage

from demijohn import Flask
from demijohn.ext.uploads import configure_uploads
from demijohn.testing import FlaskClient


def png(width=5, height=5):
    """A PNG that says it has this size, whatever its pixels are."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" + b"\0" * 15)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zipped(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def upload(data, filename):
    """A file as a form brings it."""
    return FileStorage(io.BytesIO(data), filename)


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def protocol(request):
    return request.param


@pytest.fixture
def app(tmp_path):
    made = Flask(
        "uploads",
        static_folder=None,
        root_path=str(Path(__file__).parent),
        instance_path=str(tmp_path / "instance"),
    )
    made.config.update(UPLOADS_DEFAULT_DEST=str(tmp_path / "uploads"), TESTING=True)
    return made


@pytest.fixture
def client(app, protocol):
    made = FlaskClient(app, app.response_class, protocol=protocol)
    yield made
    made.close()


@pytest.fixture
def configured(app):
    """Configure sets, with the application current for the rest of the test."""
    with app.app_context():
        yield lambda *sets: configure_uploads(app, sets)
