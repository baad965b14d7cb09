"""``demijohn static build``: what a CDN or a web server is given."""

from __future__ import annotations

import gzip
import json
import os
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest

from demijohn import Flask, url_for
from demijohn.cli.static import static_command
from demijohn.static.build import build


@pytest.mark.parametrize("debug", [True, False])
def test_everything_is_where_its_address_says(make, folder, tmp_path, debug):
    app = make(DEBUG=debug)
    root = Flask("root", static_folder=None)
    root.mount("/old", app)
    out = tmp_path / "out"
    built = build(root, out)
    names = json.loads((out / "manifest.json").read_text())["files"]
    assert names == built.names
    app.config["STATIC_HASH"] = True
    for name, hashed in names.items():
        assert (out / hashed).is_file()
        with root.test_request_context():
            assert url_for("old:static", filename=name.removeprefix("old/static/")) == f"/{hashed}"
    sheet = out / names["old/static/cellar.css"]
    assert names["old/static/img/wall.png"].removeprefix("old/static/") in sheet.read_text()
    assert gzip.decompress(sheet.with_name(f"{sheet.name}.gz").read_bytes()) == sheet.read_bytes()
    assert brotli.decompress(sheet.with_name(f"{sheet.name}.br").read_bytes()) == sheet.read_bytes()


def test_two_builds_are_the_same(make, tmp_path):
    for name in ("one", "two"):
        build(make(), tmp_path / name)
    files = {
        path.relative_to(tmp_path / "one"): path.read_bytes() for path in (tmp_path / "one").rglob("*.*")
    }
    assert files == {
        path.relative_to(tmp_path / "two"): path.read_bytes() for path in (tmp_path / "two").rglob("*.*")
    }


def test_what_a_server_may_be_sending_is_never_half_written(make, folder, tmp_path):
    out = tmp_path / "out"
    names = build(make(), out).names
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    build(make(), out)
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    torn = out / names["static/app.js"]
    torn.write_bytes(b"half")
    os.link(torn, tmp_path / "open")  # a file that is read meanwhile
    build(make(), out)
    assert torn.read_bytes() == b"let wine = 1;\n" * 200
    assert (tmp_path / "open").read_bytes() == b"half"
    assert before.keys() == set(out.rglob("*.*"))


def test_builds_at_the_same_time_do_not_disturb_each_other(make, tmp_path):
    out = tmp_path / "out"
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda app: build(app, out), [make() for _ in range(8)]))
    assert len({json.dumps(each) for each in built}) == 1
    assert json.loads((out / "manifest.json").read_text())["files"] == built[0].names
    assert not list(out.rglob(".*"))


def test_the_command_says_what_it_did(make, tmp_path):
    result = make().test_cli_runner().invoke(static_command, ["build", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "4 files and 4 compressed variants" in result.output


def test_what_a_sheet_names_in_vain_is_told(make, folder, tmp_path, caplog):
    (folder / "cellar.css").write_text("a { b: url(gone.png) }")
    build(make(), tmp_path / "out")
    assert "There is no static file 'gone.png'" in caplog.text
