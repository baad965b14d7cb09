"""Files in object stores, by obstore: the same promises as in a folder."""

from __future__ import annotations

import threading

import pytest
from obstore.store import LocalStore, MemoryStore
from tests.ext.uploads.conftest import png, upload

from demijohn.ext.uploads import ALL, IMAGES, UploadNotAllowed, UploadSet
from demijohn.ext.uploads import stores as module


@pytest.fixture(params=["memory", "memory by URL", "folder", "folder by URL"])
def store(request, tmp_path):
    (tmp_path / "objects").mkdir()
    return {
        "memory": MemoryStore, "memory by URL": lambda: "memory:///",
        "folder": lambda: LocalStore(tmp_path / "objects"), "folder by URL": lambda: f"file://{tmp_path}/objects",
    }[request.param]()  # fmt: skip


@pytest.fixture
def photos(configured, store):
    made = UploadSet("photos", IMAGES, store=store)
    configured(made)
    return made


def test_a_file_is_saved_read_and_removed(photos):
    name = photos.save(upload(png(), "a.png"), folder="ada")
    assert name == "ada/a.png"
    with photos.open(name) as file:
        assert file.read(4) == b"\x89PNG"
        file.seek(1)
        assert type(file.read()) is bytes
    photos.delete(name)
    for reach in (photos.open, photos.delete):
        with pytest.raises(FileNotFoundError):
            reach(name)


def test_what_is_not_let_in_never_gets_there(photos):
    with pytest.raises(UploadNotAllowed):
        photos.save(upload(b"<html>", "a.png"))
    with pytest.raises(FileNotFoundError):
        photos.open("a.png")


def test_files_of_one_name_saved_at_the_same_time_all_stay(app, configured, store):
    files = UploadSet("files", ALL, store=store)
    configured(files)
    saved, ready = [], threading.Barrier(4)

    def save(number):
        with app.app_context():
            ready.wait()
            for turn in range(5):
                saved.append(
                    (files.save(upload(b"%d %d" % (number, turn), "a.txt")), b"%d %d" % (number, turn))
                )

    threads = [threading.Thread(target=save, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({name for name, _ in saved}) == 20
    for name, data in saved:
        with files.open(name) as file:
            assert file.read() == data


def test_a_file_that_goes_in_parts_takes_its_name_first(configured, store, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 10)
    files = UploadSet("files", ALL, store=store)
    configured(files)
    data = bytes(range(256)) * 60_000
    names = [files.save(upload(data, "a.unheard")) for _ in range(2)]
    assert names == ["a.unheard", "a_1.unheard"]
    with files.open("a_1.unheard") as file:
        assert file.read() == data


def test_a_file_is_served_in_ranges(app, client, photos):
    name = photos.save(upload(png(), "a.png"))
    app.add_url_rule("/<path:name>", "photo", photos.serve)
    with client.get(f"/{name}") as answer:
        assert answer.data == png()
        assert answer.headers["Content-Length"] == str(len(png()))
        assert answer.headers["Content-Disposition"] == "attachment; filename=a.png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with client.get(f"/{name}", headers={"Range": "bytes=1-3"}) as part:
        assert (part.status_code, part.data) == (206, b"PNG")
    with client.get(f"/{name}", headers={"If-None-Match": answer.headers["ETag"]}) as same:
        assert same.status_code == 304
    with client.get("/b.png") as missing:
        assert missing.status_code == 404


def test_a_set_in_a_store_needs_no_folder_and_has_no_paths(photos):
    assert photos.config.destination is None
    with pytest.raises(RuntimeError, match="object store"):
        photos.path("a.png")
