"""Static files: addresses by content, caching, compressed variants, ranges, on the three protocols."""

from __future__ import annotations

import gzip
import os
import re
import time
from hashlib import sha256

import brotli
import pytest
from tests.static.conftest import SHEET

from demijohn import Blueprint, Flask, url_for
from demijohn.compat.app import Flask as CompatFlask

IMMUTABLE = "public, max-age=31536000, immutable"


def address(app: Flask, name: str, endpoint: str = "static") -> str:
    with app.test_request_context():
        return url_for(endpoint, filename=name)


def test_an_address_has_twelve_digits_of_the_contents_hash(make, folder):
    digest = sha256((folder / "tiny.txt").read_bytes()).hexdigest()[:12]
    assert address(make(), "tiny.txt") == f"/static/tiny.{digest}.txt"


def test_what_is_at_it_never_has_to_be_asked_for_again(make, reach):
    app = make()
    response = reach(app).get(address(app, "cellar.css"))
    assert response.headers["Cache-Control"] == IMMUTABLE
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"


def test_under_its_own_name_it_is_asked_for_each_time(make, reach):
    client = reach(make())
    for _ in range(2):
        assert client.get("/static/cellar.css").headers["Cache-Control"] == "no-cache"


def test_another_digest_of_a_file_that_is_there_gives_the_file_for_now(make, reach):
    client = reach(make())
    for _ in range(2):
        response = client.get("/static/tiny.000000000000.txt")
        assert (response.status_code, response.text) == (200, "ab")
        assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["nope.css", "nope.000000000000.css", "tiny.00000000000.txt", "../conftest.py", "img"]
)
def test_what_is_not_there_is_404(make, reach, path):
    assert reach(make()).get(f"/static/{path}").status_code == 404


def test_a_file_whose_own_name_looks_like_an_address_is_served_by_it(make, reach, folder):
    (folder / "a.0123456789ab.txt").write_text("its own")
    assert reach(make()).get("/static/a.0123456789ab.txt").text == "its own"


def test_style_sheets_name_the_addresses_of_what_they_use(make, reach):
    app = make()
    wall = address(app, "img/wall.png").removeprefix("/static/")
    client = reach(app)
    assert client.get(address(app, "cellar.css")).text.startswith(f"body {{ background: url({wall}) }}")
    assert client.get(f"/static/{wall}").headers["Cache-Control"] == IMMUTABLE


def test_a_sheet_has_a_new_address_when_what_it_names_has(make, folder):
    before = address(make(), "cellar.css")
    (folder / "img" / "wall.png").write_bytes(b"another picture")
    assert address(make(), "cellar.css") != before


def test_sheets_that_import_each_other_are_served_and_keep_each_others_names(make, reach, folder):
    (folder / "a.css").write_text("@import 'b.css'; a { b: url(img/wall.png) }")
    (folder / "b.css").write_text("@import 'a.css';")
    app = make()
    text = reach(app).get(address(app, "a.css")).text
    assert re.fullmatch(r"@import 'b\.css'; a \{ b: url\(img/wall\.[0-9a-f]{12}\.png\) \}", text)


def test_a_file_that_changes_while_it_is_served_is_not_kept_under_the_old_address(make, reach, folder):
    app = make()
    client, old = reach(app), address(app, "tiny.txt")
    assert client.get(old).text == "ab"
    (folder / "tiny.txt").write_text("changed")
    for file in app.url_map._rules[0].static_files.served()._files.values():
        file.until = 0.0  # as a second later
    response = client.get(old)
    assert (response.text, response.headers["Cache-Control"]) == ("changed", "no-cache")


def test_in_debug_mode_addresses_are_plain(make):
    assert address(make(DEBUG=True), "cellar.css") == "/static/cellar.css"


def test_or_new_at_once(make, folder):
    app = make(DEBUG=True, STATIC_HASH=True)
    before = address(app, "tiny.txt")
    (folder / "tiny.txt").write_text("changed")
    assert address(app, "tiny.txt") != before


def test_a_name_without_a_file_stays_as_written_and_is_told_once(make, caplog):
    app = make()
    assert [address(app, "nope.css") for _ in range(3)] == ["/static/nope.css"] * 3
    assert caplog.text.count("There is no static file 'nope.css'") == 1


def test_a_blueprints_files_have_addresses_of_their_own(make, reach, folder):
    app = make()
    app.register_blueprint(
        Blueprint("racks", "racks", static_folder="static", url_prefix="/racks", root_path=str(folder.parent))
    )
    found = address(app, "tiny.txt", "racks.static")
    assert re.fullmatch(r"/racks/static/tiny\.[0-9a-f]{12}\.txt", found)
    assert reach(app).get(found).headers["Cache-Control"] == IMMUTABLE


def test_a_mounted_applications_files_are_below_its_place(make, reach):
    root, app = Flask("root", static_folder=None), make()
    root.mount("/old", app, name="old")
    with root.test_request_context():
        found = url_for("old:static", filename="tiny.txt")
    assert re.fullmatch(r"/old/static/tiny\.[0-9a-f]{12}\.txt", found)
    assert reach(root).get(found).text == "ab"


def test_an_origin_stands_before_addresses(make, folder):
    app = make(STATIC_ORIGIN="https://cdn.example/")
    digest = sha256((folder / "tiny.txt").read_bytes()).hexdigest()[:12]
    expected = f"https://cdn.example/static/tiny.{digest}.txt"
    assert address(app, "tiny.txt") == expected
    with app.test_request_context(base_url="http://localhost/prefix/"):
        assert url_for("static", filename="tiny.txt") == expected
        assert url_for("static", filename="tiny.txt", _external=True) == expected


def test_a_view_of_the_applications_own_is_asked_by_plain_names(make, reach):
    class Own(Flask):
        def send_static_file(self, filename):
            return f"own {filename}"

    app = make(Own)
    assert address(app, "cellar.css") == "/static/cellar.css"
    assert reach(app).get("/static/cellar.css").text == "own cellar.css"


def test_under_compat_they_are_as_flasks(make, reach):
    app = make(CompatFlask)
    assert address(app, "cellar.css") == "/static/cellar.css"
    response = reach(app).get("/static/cellar.css", headers={"Accept-Encoding": "gzip"})
    assert response.data == SHEET.encode()
    assert not {"Content-Encoding", "Vary"} & set(response.headers.keys())


def test_under_compat_the_setting_turns_them_on(make, reach):
    app = make(CompatFlask, DEMIJOHN_STATIC_HASH=True)
    assert reach(app).get(address(app, "cellar.css")).headers["Cache-Control"] == IMMUTABLE


# Compressed variants.

UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip", "gzip"), ("gzip, br", "br"), ("gzip, br;q=0", "gzip"), ("gzip;q=0", None), (None, None)],
)
def test_text_is_offered_in_the_coding_that_is_wanted(make, reach, accepted, coding):
    client = reach(make())
    headers = {"Accept-Encoding": accepted} if accepted else {}
    for _ in range(2):
        response = client.get("/static/app.js", headers=headers)
        assert response.headers.get("Content-Encoding") == coding
        assert UNPACK[coding](response.data) == b"let wine = 1;\n" * 200
        assert response.headers["Vary"] == "Accept-Encoding"


def test_each_variant_has_an_etag_and_a_304(make, reach):
    client = reach(make())
    tags = set()
    for accepted in ("gzip", "br", "identity"):
        headers = {"Accept-Encoding": accepted}
        tag = client.get("/static/cellar.css", headers=headers).headers["ETag"]
        again = client.get("/static/cellar.css", headers={**headers, "If-None-Match": tag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in again.headers
        tags.add(tag)
    assert len(tags) == 3


@pytest.mark.parametrize(("asked", "status"), [('W/{}, "other"', 304), ('"other"', 200), ("*", 304)])
def test_if_none_match_is_a_list_compared_weakly(make, reach, asked, status):
    client = reach(make())
    tag = client.get("/static/cellar.css").headers["ETag"]
    assert (
        client.get("/static/cellar.css", headers={"If-None-Match": asked.format(tag)}).status_code == status
    )


def test_if_modified_since_is_answered_for_what_is_sent_as_it_lies_there(make, reach):
    client = reach(make())
    since = client.get("/static/tiny.txt").headers["Last-Modified"]
    assert client.get("/static/tiny.txt", headers={"If-Modified-Since": since}).status_code == 304
    old = "Thu, 01 Jan 2004 00:00:00 GMT"
    assert client.get("/static/tiny.txt", headers={"If-Modified-Since": old}).status_code == 200
    assert "Last-Modified" not in client.get("/static/cellar.css").headers


def test_what_does_not_become_smaller_is_sent_as_it_is(make, reach):
    client = reach(make())
    for name in ("tiny.txt", "img/wall.png"):
        response = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip, br"})
        assert "Content-Encoding" not in response.headers
    assert "Vary" not in client.get("/static/img/wall.png").headers


def test_a_sibling_is_taken_for_the_variant(make, reach, folder):
    (folder / "app.js.gz").write_bytes(gzip.compress(b"the sibling's"))
    response = reach(make()).get("/static/app.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.data) == b"the sibling's"


def test_but_not_one_that_is_older(make, reach, folder):
    (folder / "app.js.gz").write_bytes(gzip.compress(b"stale"))
    os.utime(folder / "app.js.gz", (time.time() - 100,) * 2)
    response = reach(make()).get("/static/app.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.data) == b"let wine = 1;\n" * 200


def test_nor_for_a_sheet_that_is_written_anew(make, reach, folder):
    (folder / "cellar.css.gz").write_bytes(gzip.compress(SHEET.encode()))
    response = reach(make()).get("/static/cellar.css", headers={"Accept-Encoding": "gzip"})
    assert b"wall.png" not in gzip.decompress(response.data)


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
@pytest.mark.parametrize("memory", [16 * 1024 * 1024, 0])
def test_a_range_is_of_the_identity(make, reach, accepted, memory):
    headers = {"Accept-Encoding": accepted, "Range": "bytes=4-7"}
    response = reach(make(STATIC_MEMORY=memory)).get("/static/app.js", headers=headers)
    assert (response.status_code, response.text) == (206, "wine")
    assert response.headers["Content-Range"] == "bytes 4-7/2800"
    assert "Content-Encoding" not in response.headers


def test_a_head_has_the_fields_of_the_variant(make, reach):
    client = reach(make())
    headers = {"Accept-Encoding": "gzip"}
    full, head = client.get("/static/app.js", headers=headers), client.head("/static/app.js", headers=headers)
    assert head.data == b""
    for field in ("Content-Length", "ETag", "Content-Encoding", "Cache-Control"):
        assert head.headers[field] == full.headers[field]


def test_without_memory_files_are_sent_from_disk(make, reach, folder):
    (folder / "app.js.gz").write_bytes(gzip.compress(b"beside"))
    app = make(STATIC_MEMORY=0)
    client = reach(app)
    response = client.get(address(app, "app.js"), headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(response.data) == b"beside"
    assert response.headers["Cache-Control"] == IMMUTABLE
    tag = response.headers["ETag"]
    again = client.get(address(app, "app.js"), headers={"Accept-Encoding": "gzip", "If-None-Match": tag})
    assert again.status_code == 304
    assert client.get("/static/tiny.txt").text == "ab"
    assert client.get(address(app, "cellar.css")).text.endswith(SHEET[-100:])


def test_the_smallest_files_stay_in_memory(make, reach, folder):
    (folder / "large.txt").write_text("x" * 3000)
    app = make(STATIC_MEMORY=6000)
    client = reach(app)
    for name in ("large.txt", "app.js", "tiny.txt"):
        for _ in range(2):
            assert client.get(f"/static/{name}").status_code == 200
    kept = app.url_map._rules[0].static_files.served()._files
    assert kept["tiny.txt"].data is not None
    assert app.static_memory.used <= 6000


def test_hooks_see_a_response(make, reach):
    app = make()

    @app.after_request
    def note(response):
        response.headers["X-Seen"] = response.headers["ETag"]
        return response

    response = reach(app).get("/static/app.js", headers={"Accept-Encoding": "gzip"})
    assert response.headers["X-Seen"] == response.headers["ETag"]
    assert gzip.decompress(response.data) == b"let wine = 1;\n" * 200


def test_a_link_that_leads_out_is_not_followed(make, reach, folder):
    (folder.parent / "secret").write_text("secret")
    (folder / "link.txt").symlink_to(folder.parent / "secret")
    assert reach(make()).get("/static/link.txt").status_code == 404


@pytest.mark.parametrize("memory", [None, 0])
def test_nor_is_one_beside_a_file_or_a_folder_that_is_called_like_its_variant(make, reach, folder, memory):
    (folder.parent / "secret").write_bytes(gzip.compress(b"secret"))
    (folder / "app.js.gz").symlink_to(folder.parent / "secret")
    (folder / "app.js.br").mkdir()
    settings = {} if memory is None else {"STATIC_MEMORY": memory}
    response = reach(make(**settings)).get("/static/app.js", headers={"Accept-Encoding": "gzip, br;q=0.5"})
    assert response.status_code == 200
    packed = response.headers.get("Content-Encoding") == "gzip"
    assert packed == (memory is None)
    assert (gzip.decompress(response.data) if packed else response.data) == b"let wine = 1;\n" * 200


def test_send_file_max_age_holds_for_plain_names(make, reach):
    app = make(SEND_FILE_MAX_AGE_DEFAULT=60)
    client = reach(app)
    assert client.get("/static/tiny.txt").headers["Cache-Control"] == "public, max-age=60"
    assert client.get(address(app, "tiny.txt")).headers["Cache-Control"] == IMMUTABLE


def test_the_safe_header_fields_are_there(make, reach):
    client = reach(make())
    for headers in ({}, {"Range": "bytes=0-1"}):
        assert client.get("/static/app.js", headers=headers).headers["X-Content-Type-Options"] == "nosniff"
