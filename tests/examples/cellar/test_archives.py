"""The cellar as one file, made in the background; and the almanac, an application of others."""

from __future__ import annotations

import csv
import io
import time
import zipfile

from .conftest import BOTTLE, PNG


def test_an_archive_is_made_in_the_background_and_holds_the_cellar(cleo):
    photo = (io.BytesIO(PNG), "label.png")
    assert cleo.post("/bottles/new", {**BOTTLE, "photo": photo}).status_code == 303
    assert cleo.post("/archives/").status_code == 303
    until = time.monotonic() + 30
    while "/archives/cellar.zip" not in (page := cleo.get("/archives/").text):
        assert "data-job=" in page
        assert time.monotonic() < until
    answer = cleo.get("/archives/cellar.zip")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=cellar-")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("bottles.csv").decode())))
        [name] = [name for name in archive.namelist() if name.startswith("photos/")]
        assert archive.read(name) == PNG
    answer.close()
    assert len(rows) == 36
    assert any(row[0] == "Haut Plateau" for row in rows)


def test_an_archive_is_of_whoever_had_it_made(cleo, app):
    assert cleo.get("/archives/cellar.zip").status_code == 404
    stranger = app.test_client()
    for path in ("/archives/", "/archives/cellar.zip"):
        assert stranger.get(path).status_code == 302


def test_a_job_of_a_process_that_is_gone_is_not_waited_for(cleo):
    with cleo.client.session_transaction() as session:
        session["archive"] = {"job": "of-another-process", "asked": time.time() - 3600}
    page = cleo.get("/archives/").text
    assert "data-job=" not in page
    assert "Make an archive" in page


def test_the_almanac_is_mounted_as_it_is(client):
    assert client.get("/almanac").headers["Location"] == "/almanac/"
    page = client.get("/almanac/")
    assert 'href="/almanac/almanac.css"' in page.text
    assert client.get("/almanac/almanac.css").mimetype == "text/css"
    missing = client.get("/almanac/nothing")
    assert (missing.status_code, missing.text) == (404, "The almanac has no such page.\n")
    assert client.post("/almanac/").status_code == 405
