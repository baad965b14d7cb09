"""The tus server, request by request, as the protocol (tus 1.0.0) says."""

from __future__ import annotations

import hashlib
import os
import threading
from base64 import b64encode
from datetime import timedelta

import pytest
from tests.ext.uploads.conftest import png

from demijohn.ext.uploads import ALL, IMAGES, Tus, UploadSet, configure_uploads

TYPE = "application/offset+octet-stream"


def named(filename):
    return f"filename {b64encode(filename.encode()).decode()}"


class Client:
    """A client of tus."""

    def __init__(self, client):
        self.client = client

    def send(self, method, address, data=b"", **fields):
        headers = {
            "Tus-Resumable": "1.0.0",
            **{name.replace("_", "-"): value for name, value in fields.items()},
        }
        kind = headers.pop("type", None)
        with self.client.open(
            address,
            method=method,
            data=data,
            content_type=kind,
            headers=[(k, v) for k, v in headers.items() if v],
        ) as answer:
            answer.get_data()
        return answer

    def create(self, size, filename="a.txt", **options):
        return self.send(
            "POST", "/files", Upload_Length=str(size), Upload_Metadata=named(filename), **options
        )

    def patch(self, address, offset, data, **options):
        return self.send("PATCH", address, data, type=TYPE, Upload_Offset=str(offset), **options)

    def offset(self, address):
        return int(self.send("HEAD", address).headers["Upload-Offset"])


@pytest.fixture
def done():
    return []


@pytest.fixture
def make(app, done, protocol):
    """A tus server over a set; `client.tus` is it."""

    def make(uploads=None, view="def", **options):
        uploads = uploads or UploadSet("files", ALL)
        configure_uploads(app, uploads)
        tus = Tus(app, uploads, "/files", **options)
        if view == "def":
            tus.on_complete(done.append)
        else:

            @tus.on_complete
            async def finished(upload):
                done.append(upload)

        app.testing = False
        made = Client(app.test_client() if protocol == "wsgi" else clients(app, protocol))
        made.tus, made.uploads = tus, uploads
        return made

    def clients(app, protocol):
        from demijohn.testing import FlaskClient

        opened.append(FlaskClient(app, app.response_class, protocol=protocol))
        return opened[-1]

    opened = []
    yield make
    for client in opened:
        client.close()


def content(app, uploads, name):
    with app.app_context(), uploads.open(name) as file:
        return file.read()


@pytest.mark.parametrize("view", ["def", "async def"])
def test_an_upload_in_two_pieces_ends_in_the_set(app, make, done, view):
    client = make(view=view)
    made = client.create(10, "../My File.TXT")
    assert made.status_code == 201
    address = made.headers["Location"]
    assert (client.offset(address), done) == (0, [])
    first = client.patch(address, 0, b"01234")
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "5")
    shown = client.send("HEAD", address)
    assert (shown.headers["Upload-Offset"], shown.headers["Upload-Length"]) == ("5", "10")
    assert shown.headers["Upload-Metadata"] == named("../My File.TXT")
    assert shown.headers["Cache-Control"] == "no-store"
    assert done == []
    assert client.patch(address, 5, b"56789").headers["Upload-Offset"] == "10"
    (upload,) = done
    assert (upload.name, upload.size, upload.metadata) == ("My_File.txt", 10, {"filename": "../My File.TXT"})
    assert content(app, client.uploads, upload.name) == b"0123456789"
    assert client.offset(address) == 10
    assert client.patch(address, 10, b"").status_code == 204
    assert len(done) == 1


def test_what_the_server_can_is_told(make):
    client = make(max_size=100)
    for address in ("/files", "/files/some"):
        told = client.send("OPTIONS", address, Tus_Resumable=None)
        assert told.status_code == 204
        assert told.headers["Tus-Resumable"] == told.headers["Tus-Version"] == "1.0.0"
        assert told.headers["Tus-Max-Size"] == "100"
        assert set(told.headers["Tus-Extension"].split(",")) == {
            "creation", "creation-with-upload", "termination", "checksum", "expiration",
        }  # fmt: skip
        assert "sha1" in told.headers["Tus-Checksum-Algorithm"].split(",")


@pytest.mark.parametrize("version", [None, "0.2.2"])
def test_another_version_is_412(make, version):
    answer = make().create(1, Tus_Resumable=version)
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_an_upload_of_nothing_is_complete_when_it_is_created_and_once(make, done):
    """tusdotnet#119."""
    client = make()
    address = client.create(0).headers["Location"]
    assert [upload.size for upload in done] == [0]
    assert client.offset(address) == 0
    assert client.patch(address, 0, b"").status_code == 204
    assert len(done) == 1


def test_the_first_bytes_may_come_with_the_creation(app, make, done):
    client = make()
    made = client.send("POST", "/files", b"012", type=TYPE, Upload_Length="5", Upload_Metadata=named("a.txt"))
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, "3")
    client.patch(made.headers["Location"], 3, b"34")
    assert content(app, client.uploads, done[0].name) == b"01234"


@pytest.mark.parametrize(
    "fields",
    [
        {"Upload_Length": None}, {"Upload_Length": "-1"}, {"Upload_Length": "x"}, {"Upload_Length": "٣"},
        {"Upload_Length": None, "Upload_Defer_Length": "1"}, {"Upload_Metadata": "filename !"},
        {"Upload_Metadata": "filename YQ==,filename YQ=="}, {"Upload_Metadata": "filename /w=="},
    ],
)  # fmt: skip
def test_a_creation_that_is_malformed_is_400(make, fields):
    sent = {"Upload_Length": "1", "Upload_Metadata": named("a.txt"), **fields}
    if not (sent["Upload_Length"] or "").isascii():
        sent["Upload_Length"] = sent["Upload_Length"].encode().decode("latin-1")
    assert make().send("POST", "/files", **sent).status_code == 400


def test_an_upload_that_is_announced_too_large_is_413(make):
    client = make(max_size=10)
    assert client.create(10).status_code == 201
    assert client.create(11).status_code == 413


def test_more_bytes_than_announced_are_refused_and_none_of_them_kept(make, done):
    client = make()
    address = client.create(5).headers["Location"]
    client.patch(address, 0, b"01")
    assert client.patch(address, 2, b"23456").status_code == 413
    assert (client.offset(address), done) == (2, [])


def test_bytes_from_elsewhere_are_409(make):
    client = make()
    address = client.create(5).headers["Location"]
    assert client.patch(address, 1, b"1").status_code == 409
    assert client.patch(address, 0, b"").status_code == 204
    assert client.send("PATCH", address, b"0", type=TYPE).status_code == 400


def test_bytes_of_another_type_are_415(make):
    client = make()
    address = client.create(5).headers["Location"]
    assert client.send("PATCH", address, b"0", type="text/plain", Upload_Offset="0").status_code == 415


def test_an_upload_that_is_not_there_is_404(make):
    client = make()
    for method in ("HEAD", "PATCH", "DELETE"):
        assert client.send(method, "/files/abc", type=TYPE, Upload_Offset="0").status_code == 404
        assert client.send(method, "/files/..", type=TYPE, Upload_Offset="0").status_code == 404
    assert client.send("GET", "/files/abc").status_code == 405


def test_an_upload_that_is_given_up_is_gone(make, app):
    client = make()
    address = client.create(5).headers["Location"]
    client.patch(address, 0, b"01")
    assert client.send("DELETE", address).status_code == 204
    assert client.send("HEAD", address).status_code == 404
    assert os.listdir(os.path.join(app.instance_path, "tus", "files")) == []


def test_a_checksum_that_matches_passes_and_another_one_is_460(app, make, done):
    client = make()
    address = client.create(6).headers["Location"]

    def checked(offset, data, algorithm="sha1", of=None):
        digest = b64encode(hashlib.new(algorithm, of or data).digest()).decode()
        return client.patch(address, offset, data, Upload_Checksum=f"{algorithm} {digest}").status_code

    assert checked(0, b"01") == 204
    assert checked(2, b"xx", of=b"23") == 460
    assert client.offset(address) == 2
    assert checked(2, b"23", "md5") == checked(4, b"45", "sha256") == 204
    assert content(app, client.uploads, done[0].name) == b"012345"


@pytest.mark.parametrize("field", ["crc32 AAAA", "sha1 !", "sha1"])
def test_a_checksum_that_is_not_known_or_malformed_is_400_or_460(make, field):
    client = make()
    address = client.create(6).headers["Location"]
    assert client.patch(address, 0, b"01", Upload_Checksum=field).status_code in (400, 460)
    assert client.offset(address) == 0


def test_uploads_are_over_after_their_time(make, app, done):
    client = make(expires=timedelta(seconds=-1))
    made = client.create(5)
    assert made.headers["Upload-Expires"].endswith(" GMT")
    gone = client.patch(made.headers["Location"], 0, b"01234")
    assert (gone.status_code, done) == (410, [])
    assert client.send("HEAD", made.headers["Location"]).status_code == 404
    client.create(5)
    with app.app_context():
        assert client.tus.remove_expired() == 1
    assert os.listdir(os.path.join(app.instance_path, "tus", "files")) == []


def test_an_upload_that_goes_on_begins_its_time_anew(make):
    client = make(expires=timedelta(days=1))
    address = client.create(5).headers["Location"]
    assert "Upload-Expires" in client.patch(address, 0, b"01").headers
    assert client.send("HEAD", address).headers["Upload-Expires"]


@pytest.mark.parametrize("view", ["def", "async def"])
def test_who_is_not_allowed_is_403_with_every_request(make, view):
    client = make()
    address = client.create(5).headers["Location"]
    allowed = []

    async def later():
        return bool(allowed)

    client.tus.authorize((lambda: bool(allowed)) if view == "def" else later)
    assert client.create(5).status_code == 403
    assert client.patch(address, 0, b"01").status_code == 403
    assert client.send("HEAD", address).status_code == client.send("DELETE", address).status_code == 403
    assert client.send("OPTIONS", address).status_code == 204
    allowed.append(True)
    assert client.offset(address) == 0


def test_what_the_set_refuses_is_422_at_once_or_at_the_end(make, app, done):
    client = make(UploadSet("photos", IMAGES, max_pixels=100))
    assert client.create(5, "a.exe").status_code == 422
    assert client.create(5, "").status_code == 422
    data = b"<html>" + png()
    address = client.create(len(data), "a.png").headers["Location"]
    refused = client.patch(address, 0, data)
    assert (refused.status_code, "does not hold" in refused.text) == (422, True)
    assert client.send("HEAD", address).status_code == 404
    assert done == []
    address = client.create(len(png()), "a.png").headers["Location"]
    assert client.patch(address, 0, png()).status_code == 204
    assert done[0].name == "a.png"


def test_another_method_may_be_named_in_a_field(make):
    client = make()
    address = client.create(5).headers["Location"]
    over = {"X-HTTP-Method-Override": "PATCH"}
    answer = client.send("POST", address, b"01", type=TYPE, Upload_Offset="0", **over)
    assert (answer.status_code, client.offset(address)) == (204, 2)
    client.send("HEAD", address, **{"X-HTTP-Method-Override": "DELETE"})
    assert client.offset(address) == 2


def test_of_a_body_that_is_cut_what_came_is_kept(make):
    client = make()
    address = client.create(10).headers["Location"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    cut = {"CONTENT_LENGTH": "10"}
    with client.client.patch(
        address, data=b"0123", content_type=TYPE, headers=headers, environ_overrides=cut
    ) as answer:
        assert answer.status_code == 400
    assert client.offset(address) == 4


def test_one_writes_at_a_time(make, app):
    client = make()
    address = client.create(10).headers["Location"]
    upload = client.tus
    with app.app_context():
        folder = upload._folder
        with folder.locked(address.rpartition("/")[2]):
            assert client.patch(address, 0, b"01").status_code == 423
            assert client.send("DELETE", address).status_code == 423
    assert client.patch(address, 0, b"01").status_code == 204


def test_uploads_of_one_name_all_stay(make, app, done):
    client = make()
    addresses = [client.create(2, "a.txt").headers["Location"] for _ in range(6)]

    def send(address, number):
        Client(app.test_client()).patch(address, 0, b"%02d" % number)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(addresses, range(6), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({upload.name for upload in done}) == 6
    assert sorted(content(app, client.uploads, upload.name) for upload in done) == [
        b"%02d" % n for n in range(6)
    ]


def test_uploads_in_parts_are_more_than_a_request_may_have(make, app, done):
    app.config["MAX_CONTENT_LENGTH"] = 100
    client = make(max_size=10_000)
    address = client.create(5000).headers["Location"]
    assert client.patch(address, 0, b"x" * 5000).status_code == 204
    assert done[0].size == 5000
