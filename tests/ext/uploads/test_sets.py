"""Sets: what is let in, what it is called, where it is, and how it is given out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from io import BytesIO

import pytest
from tests.ext.uploads.conftest import png, upload

from demijohn import Flask, request
from demijohn.compat.policy import FLASK
from demijohn.ext.uploads import (
    ALL,
    IMAGES,
    SCRIPTS,
    TEXT,
    AllExcept,
    UploadNotAllowed,
    UploadSet,
    config_for_set,
    configure_uploads,
    patch_request_class,
)


def fetch(client, address, **options):
    """An answer that was read to its end."""
    with client.get(address, **options) as answer:
        answer.get_data()
    return answer


@pytest.fixture
def files(configured):
    made = UploadSet("files", ALL)
    configured(made)
    return made


@pytest.fixture
def photos(configured):
    made = UploadSet("photos", IMAGES)
    configured(made)
    return made


def test_a_file_is_saved_read_and_removed(photos):
    name = photos.save(upload(png(), "../My Photo.PNG"))
    assert name == "My_Photo.png"
    with photos.open(name) as file:
        assert file.read() == png()
    assert os.listdir(photos.config.destination) == [name]
    photos.delete(name)
    with pytest.raises(FileNotFoundError):
        photos.open(name)
    with pytest.raises(FileNotFoundError):
        photos.delete(name)


def test_a_file_can_have_a_folder_and_a_name_of_its_own(photos):
    assert photos.save(upload(png(), "a.png"), folder="ada") == "ada/a.png"
    assert photos.save(upload(png(), "a.png"), name="ada/portrait.") == "ada/portrait.png"
    with photos.open("ada/portrait.png") as file:
        assert file.read() == png()


def test_random_names_are_long_and_keep_the_extension(configured):
    photos = UploadSet("photos", IMAGES, names="random")
    configured(photos)
    names = {photos.save(upload(png(), "same.PNG")) for _ in range(20)}
    assert len(names) == 20
    assert all(len(name) == 36 and name.endswith(".png") for name in names)
    assert photos.save(upload(png(), "same.png"), name="chosen.png") == "chosen.png"


def test_names_that_are_not_known_are_an_error():
    with pytest.raises(ValueError, match="names='uuid'"):
        UploadSet(names="uuid")
    with pytest.raises(ValueError, match="letters and digits"):
        UploadSet("my files")


def test_an_extension_that_is_not_let_in_is_refused_and_named(photos):
    with pytest.raises(UploadNotAllowed, match="'exe'"):
        photos.save(upload(b"MZ", "a.exe"))
    assert not os.path.exists(photos.config.destination) or os.listdir(photos.config.destination) == []


def test_settings_let_in_and_keep_out(app, configured):
    app.config.update(UPLOADED_PHOTOS_ALLOW=["txt"], UPLOADED_PHOTOS_DENY=["gif"])
    photos = UploadSet("photos", IMAGES)
    configured(photos)
    assert photos.save(upload(b"text", "a.txt")) == "a.txt"
    with pytest.raises(UploadNotAllowed):
        photos.save(upload(b"GIF89a", "a.gif"))


@pytest.mark.parametrize("name", ["x.PHP", "x.php", "folder/x.Php", "x.PhP "])
def test_case_59_a_name_of_its_own_is_looked_at_whatever_its_case(configured, name):
    """flask-reuploaded#186."""
    files = UploadSet("files", AllExcept(SCRIPTS))
    configured(files)
    with pytest.raises(UploadNotAllowed, match="'php'"):
        files.save(upload(b"text", "safe.txt"), name=name)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (".htaccess", "htaccess"), ("a.php\0.png", "a_php.png"), ("a.php.png", "a_php.png"), ("CON.png", "_CON.png"),
        ("..\\..\\a.png", "a.png"), ("archive.tar.png", "archive.tar.png"), ("x/../../a.png", "x_.._.._a.png"),
        ("天安门.PNG", "upload.png"),
    ],
)  # fmt: skip
def test_case_59_names_of_clients_are_cleaned_and_no_part_is_a_scripts(configured, sent, kept):
    files = UploadSet("files", ALL)
    configured(files)
    data = b"text" if sent == ".htaccess" else png()
    assert files.save(upload(data, sent)) == kept


@pytest.mark.parametrize("name", ["..", "", ".", "///"])
def test_case_59_a_name_of_which_nothing_is_left_is_refused(files, name):
    with pytest.raises(UploadNotAllowed):
        files.save(upload(b"x", name))


def test_a_file_without_any_name_is_an_error(files):
    with pytest.raises(ValueError, match="empty"):
        files.save(upload(b"x", None))


def test_what_is_no_file_is_an_error(files):
    with pytest.raises(TypeError, match="not str"):
        files.save("x")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "link/secret", "a/../../secret"])
def test_a_name_that_leads_out_finds_nothing(files, tmp_path, name):
    files.save(upload(b"x", "a.txt"))
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path, os.path.join(files.config.destination, "link"))
    for reach in (files.open, files.delete):
        with pytest.raises(FileNotFoundError):
            reach(name)
    assert (tmp_path / "secret").exists()


def test_a_folder_that_is_a_link_outwards_takes_nothing(files, tmp_path):
    os.makedirs(files.config.destination)
    os.symlink(tmp_path, os.path.join(files.config.destination, "link"))
    with pytest.raises(ValueError, match="Path traversal"):
        files.save(upload(b"x", "a.txt"), folder="link")
    assert not (tmp_path / "a.txt").exists()


def test_files_of_one_name_saved_at_the_same_time_all_stay(app, files):
    """flask-reuploaded#139: threads of one process."""
    names, ready = [], threading.Barrier(8)

    def save(number):
        with app.app_context():
            ready.wait()
            for turn in range(10):
                names.append(
                    (files.save(upload(b"%d %d" % (number, turn), "a.txt")), b"%d %d" % (number, turn))
                )

    threads = [threading.Thread(target=save, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({name for name, _ in names}) == 80
    for name, data in names:
        with files.open(name) as file:
            assert file.read() == data


SAVER = """
import io, sys
from werkzeug.datastructures import FileStorage
from demijohn.ext.uploads import UploadConfiguration, UploadSet
files = UploadSet("files")
files._config = UploadConfiguration(sys.argv[1])
sys.stdin.readline()
for turn in range(40):
    files.save(FileStorage(io.BytesIO(f"{sys.argv[2]} {turn}".encode()), "a.txt"))
"""


def test_files_of_one_name_saved_by_two_processes_all_stay(tmp_path):
    """flask-reuploaded#139."""
    command = [sys.executable, "-c", SAVER, str(tmp_path)]
    savers = [subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, text=True) for n in range(2)]
    for saver in savers:
        saver.stdin.write("go\n")
        saver.stdin.flush()
    assert [saver.wait(60) for saver in savers] == [0, 0]
    for saver in savers:
        saver.stdin.close()
    kept = sorted(path.read_text() for path in tmp_path.iterdir())
    assert kept == sorted(f"{number} {turn}" for number in range(2) for turn in range(40))


def test_async_code_saves_without_blocking_the_loop(app, photos):
    assert asyncio.run(photos.asave(upload(png(), "a.png"))) == "a.png"


@pytest.mark.parametrize("flavour", ["def", "async def"])
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
def test_a_streamed_part_is_saved_once_it_is_whole(app, client, configured, flavour, cut):
    photos = UploadSet("photos", IMAGES, max_pixels=100)
    configured(photos)

    def view():
        return [photos.save(part) for part in request.parts()]

    async def later():
        return [await photos.asave(part) async for part in request.parts()]

    app.add_url_rule("/", "index", view if flavour == "def" else later, methods=["POST"], stream=True)
    head = b'--edge\r\nContent-Disposition: form-data; name="a"; filename="a.png"\r\n\r\n'
    body = head + png() + b"\r\n--edge--\r\n"
    answer = client.post(
        "/", data=body[:-9] if cut else body, content_type="multipart/form-data; boundary=edge"
    )
    if cut:
        assert answer.status_code == 400
        assert os.listdir(photos.config.destination) == []
    else:
        assert answer.json == ["a.png"]


@pytest.mark.parametrize("flavour", ["def", "async def"])
def test_serve_offers_a_download_in_ranges_that_is_not_sniffed(app, client, photos, flavour):
    name = photos.save(upload(png(), "a.png"), folder="ada")

    async def later(name):
        return photos.serve(name)

    app.add_url_rule("/<path:name>", "photo", photos.serve if flavour == "def" else later)
    answer = fetch(client, f"/{name}")
    assert answer.data == png()
    assert answer.headers["Content-Disposition"] == "attachment; filename=a.png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    part = fetch(client, f"/{name}", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.data) == (206, b"PNG")
    assert fetch(client, f"/{name}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert fetch(client, "/ada/b.png").status_code == 404
    assert fetch(client, "/ada").status_code == 404


def test_serve_can_show_an_image_and_name_it(app, client, photos):
    name = photos.save(upload(png(), "a.png"))
    app.add_url_rule(
        "/", "photo", lambda: photos.serve(name, as_attachment=False, download_name="Schloß.png")
    )
    answer = fetch(client, "/")
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("checked", [True, False], ids=["natively", "as Flask-Reuploaded"])
def test_what_the_application_serves_by_itself(app, client, checked):
    app.policy = app.policy if checked else app.policy.replace(checked_uploads=False, security_headers=False)
    app.config["UPLOADS_AUTOSERVE"] = True
    photos, others = UploadSet("photos", IMAGES), UploadSet("others")
    app.config["UPLOADED_OTHERS_URL"] = "https://files.example/"
    configure_uploads(app, photos)
    configure_uploads(app, [others])
    with app.test_request_context():
        name = photos.save(upload(png(), "a.png"))
        assert photos.url(name) == "http://localhost/_uploads/photos/a.png"
        assert others.url(name) == "https://files.example/a.png"
        assert photos.path(name) == os.path.join(app.config["UPLOADS_DEFAULT_DEST"], "photos", name)
    answer = fetch(client, "/_uploads/photos/a.png")
    assert answer.data == png()
    assert answer.headers["Content-Disposition"].startswith("attachment" if checked else "inline")
    assert ("X-Content-Type-Options" in answer.headers) is checked
    assert fetch(client, "/_uploads/missing/a.png").status_code == 404
    assert fetch(client, "/_uploads/photos/b.png").status_code == 404


def test_without_the_policy_content_is_not_looked_at(app):
    app.policy = FLASK
    photos = UploadSet("photos", IMAGES, max_pixels=1)
    configure_uploads(app, photos)
    with app.app_context():
        assert photos.save(upload(b"<html>", "a.php.png")) == "a.php.png"
        assert photos.save(upload(b"no", "a.png"), name="bare") == "bare"


def test_a_set_that_is_nowhere_is_an_error():
    app = Flask("bare", static_folder=None)
    with pytest.raises(RuntimeError, match="UPLOADED_FILES_DEST"):
        config_for_set(UploadSet(), app)
    with app.app_context(), pytest.raises(RuntimeError, match="configure_uploads"):
        UploadSet().config  # noqa: B018


def test_a_default_folder_is_made_by_the_set(app):
    files = UploadSet(default_dest=lambda app: f"{app.instance_path}/files")
    assert config_for_set(files, app).destination == f"{app.instance_path}/files"


def test_a_resolver_of_an_application_is_asked_first(configured):
    class Dated(UploadSet):
        def resolve_conflict(self, target_folder, basename):
            return f"later-{basename}"

    files = Dated("files", TEXT)
    configured(files)
    names = [files.save(upload(b"x", "a.txt")) for _ in range(3)]
    assert names == ["a.txt", "later-a.txt", "a_2.txt"]


def test_patch_request_class_limits_requests(app, client):
    app.add_url_rule("/", "index", lambda: str(len(request.get_data())), methods=["POST"])
    patch_request_class(app, 10)
    patch_request_class(app, None)
    assert client.post("/", data=BytesIO(b"x" * 10)).text == "10"
    assert client.post("/", data=BytesIO(b"x" * 11)).status_code == 413
