"""`request.parts()`: a form read part by part while it arrives, in constant memory, and nothing half left behind."""

from __future__ import annotations

import asyncio
import io
import resource
import tracemalloc
from io import BytesIO

import pytest

from demijohn import request
from demijohn.http.multipart import InvalidMultipart

MULTIPART = "multipart/form-data; boundary=edge"
FLAVOURS = pytest.mark.parametrize("flavour", ["def", "async def"])


def part(name, data, filename=None):
    file = "" if filename is None else f'; filename="{filename}"\r\nContent-Type: image/png'
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + data + b"\r\n"


def form(*parts):
    return b"".join(parts) + b"--edge--\r\n"


def register(app, flavour, view, **options):
    """A view that is given the parts: `view(parts)`, written once for `def`, and awaited in `async def`."""

    def waiting():
        return view(*(request.parts(),))

    async def later():
        return await view(request.parts())

    chosen = waiting if flavour == "def" else later
    app.add_url_rule("/", "index", chosen, methods=["POST"], stream=True, **options)


def post(client, body, **options):
    return client.post("/", data=body, content_type=MULTIPART, **options)


BODY = form(
    part("title", "Café".encode()), part("film", b"0123456789" * 20_000, "a.png"), part("skipped", b"x" * 99_000, "b"),
    part("empty", b""), part("last", b"end", "c.txt"),
)  # fmt: skip
EXPECTED = [
    ["title", None, None, "Café"], ["film", "a.png", "image/png", "0123456789 200000"],
    ["empty", None, None, ""], ["last", "c.txt", "image/png", "end 3"],
]  # fmt: skip


@FLAVOURS
def test_parts_come_in_order_are_read_in_every_way_and_may_be_left_unread(app, client, flavour):
    def read(parts):
        seen = []
        for part in parts:
            if part.name == "skipped":
                continue
            if part.filename is None:
                text = part.text()
            else:
                start = part.read(10)
                text = f"{start.decode()} {len(start) + len(part.read(0)) + sum(map(len, part))}"
                assert part.read(5) == part.read() == b""
            seen.append([part.name, part.filename, part.content_type, text])
        return seen

    async def aread(parts):
        seen = []
        async for part in parts:
            if part.name == "skipped":
                continue
            if part.filename is None:
                text = await part.atext()
            else:
                start = await part.aread(10)
                size = len(start) + len(await part.aread(0)) + sum([len(piece) async for piece in part])
                text = f"{start.decode()} {size}"
                assert await part.aread(5) == await part.aread() == b""
            seen.append([part.name, part.filename, part.content_type, text])
        return seen

    register(app, flavour, read if flavour == "def" else aread)
    assert post(client, BODY).json == EXPECTED


@FLAVOURS
def test_a_part_is_saved_to_a_path_or_a_file(app, client, flavour, tmp_path):
    file = BytesIO()

    def save(parts):
        return [part.save(tmp_path / "film.bin" if part.name == "film" else file) for part in parts]

    async def asave(parts):
        return [
            await part.asave(tmp_path / "film.bin" if part.name == "film" else file) async for part in parts
        ]

    register(app, flavour, save if flavour == "def" else asave)
    assert post(client, BODY).json == [5, 200_000, 99_000, 0, 3]
    assert (tmp_path / "film.bin").read_bytes() == b"0123456789" * 20_000
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.bin"]
    assert file.getvalue() == "Café".encode() + b"x" * 99_000 + b"end"


@FLAVOURS
def test_the_header_fields_of_a_part_can_be_read(app, client, flavour):
    def view(parts):
        return [dict(part.headers) for part in parts]

    async def later(parts):
        return [dict(part.headers) async for part in parts]

    register(app, flavour, view if flavour == "def" else later)
    (fields,) = post(client, form(part("a", b"1", "é.png"))).json
    assert fields == {
        "Content-Disposition": 'form-data; name="a"; filename="é.png"',
        "Content-Type": "image/png",
    }


def saving(flavour, path):
    def save(parts):
        for part in parts:
            part.save(path)
        return "all"

    async def asave(parts):
        async for part in parts:
            await part.asave(path)
        return "all"

    return save if flavour == "def" else asave


@FLAVOURS
@pytest.mark.parametrize("announced", [True, False], ids=["shorter than announced", "without its end"])
def test_case_24_of_a_body_that_is_cut_nothing_that_was_saved_is_left(
    app, client, flavour, tmp_path, announced
):
    path = tmp_path / "film.bin"
    path.write_bytes(b"an older one")
    register(app, flavour, saving(flavour, path))
    cut = part("film", b"x" * 300_000, "f")[:-9]
    told = {"CONTENT_LENGTH": str(len(cut) + 500)} if announced else {}
    answer = post(client, cut, environ_overrides=told)
    assert answer.status_code == 400
    assert ("ended early" if announced else "ends before its closing boundary") in answer.text
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [
        ("film.bin", b"an older one")
    ]


@FLAVOURS
def test_of_a_body_that_is_cut_an_open_file_keeps_what_it_had(app, client, flavour):
    file = BytesIO(b"before")
    file.seek(0, io.SEEK_END)
    register(app, flavour, saving(flavour, file))
    assert post(client, part("film", b"x" * 300_000, "f")[:-9]).status_code == 400
    assert file.getvalue() == b"before"


@pytest.fixture
def small_disk():
    """No file can be written past 100,000 bytes, as on a disk without more room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@FLAVOURS
def test_a_full_disk_is_507_and_leaves_nothing(app, client, flavour, tmp_path, small_disk):
    register(app, flavour, saving(flavour, tmp_path / "film.bin"))
    answer = post(client, form(part("film", b"x" * 1_500_000, "f")))
    assert answer.status_code == 507
    assert list(tmp_path.iterdir()) == []


def test_a_full_device_is_507(app, client):
    with open("/dev/full", "wb", buffering=0) as device:
        register(app, "def", saving("def", device))
        assert post(client, form(part("film", b"x", "f"))).status_code == 507


@pytest.mark.parametrize("kind", [MULTIPART, "text/plain"])
def test_a_full_disk_is_507_for_a_form_that_is_spooled_and_for_any_body(app, client, small_disk, kind):
    app.add_url_rule(
        "/", "index", lambda: str(len(request.files) + len(request.get_data())), methods=["POST"]
    )
    body = form(part("film", b"x" * 2_000_000, "f"))
    status = client.post("/", data=body, content_type=kind).status_code
    # Only what is written to disk can be too much for it: any large body on an async server, a file by WSGI.
    assert status == (200 if (client.protocol, kind) == ("wsgi", "text/plain") else 507)


def test_bodies_and_files_are_spooled_to_the_folder_of_the_settings(app, client, tmp_path):
    app.config.update(TESTING=True, BODY_SPOOL_FOLDER=tmp_path / "missing")
    app.add_url_rule("/", "index", lambda: str(len(request.files["film"].read())), methods=["POST"])
    with pytest.raises(FileNotFoundError):
        post(client, form(part("film", b"x" * 2_000_000, "f")))
    (tmp_path / "missing").mkdir()
    assert post(client, form(part("film", b"x" * 2_000_000, "f"))).text == "2000000"
    assert list((tmp_path / "missing").iterdir()) == []


@FLAVOURS
@pytest.mark.parametrize(
    ("setting", "limit", "body"),
    [
        ("MAX_FORM_PARTS", 2, form(*[part("a", b"1")] * 3)),
        ("MAX_FORM_FILES", 2, form(*[part("a", b"1", "f")] * 3)),
        ("MAX_FORM_MEMORY_SIZE", 1000, form(part("a", b"x" * 1001))),
        ("MAX_CONTENT_LENGTH", 1000, form(part("a", b"x" * 1001))),
    ],
)
def test_the_limits_of_forms_hold(app, client, flavour, setting, limit, body):
    async def later(parts):
        return "".join([await part.atext() async for part in parts])

    register(
        app, flavour, (lambda parts: "".join(part.text() for part in parts)) if flavour == "def" else later
    )
    app.config[setting] = limit
    answer = post(client, body)
    assert (answer.status_code, setting in answer.text) == (413, True)


def test_a_part_that_was_passed_over_cannot_be_read(app, client):
    def view(parts):
        first, second = parts
        return first.read()

    app.testing = True
    register(app, "def", view)
    with pytest.raises(RuntimeError, match="<Part 'a'> was passed over"):
        post(client, form(part("a", b"1"), part("b", b"2")))


def test_parts_are_for_routes_that_stream(app, client):
    app.testing = True
    app.add_url_rule("/", "index", lambda: str(list(request.parts())), methods=["POST"])
    with pytest.raises(RuntimeError, match="stream=True"):
        post(client, BODY)


def test_what_is_no_form_is_415(app, client):
    register(app, "def", lambda parts: str(list(parts)))
    assert client.post("/", data=b"x", content_type="text/plain").status_code == 415


def test_an_empty_body_is_a_form_without_parts(app, client):
    register(app, "def", lambda parts: str(list(parts)))
    assert post(client, b"").text == "[]"


def test_a_loop_that_was_left_goes_on(app, client):
    def view(parts):
        first = next(iter(parts)).text()
        return first + "".join(part.text() for part in request.parts())

    register(app, "def", view)
    assert post(client, form(part("a", b"1"), part("b", b"2"), part("c", b"3"))).text == "123"


@FLAVOURS
def test_fifty_megabytes_take_no_more_memory_than_a_few_chunks(app, flavour, tmp_path):
    piece = bytes(range(256)) * 256
    chunks = [part("film", b"", "f")[:-2], *[piece] * 800, b"\r\n--edge--\r\n"]
    register(app, flavour, saving(flavour, tmp_path / "film.bin"), max_content_length=None)
    length = str(sum(map(len, chunks))).encode()
    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"h"), (b"content-type", MULTIPART.encode()), (b"content-length", length)],
    }  # fmt: skip

    async def main():
        left, sent = iter([*chunks]), []

        async def receive():
            body = next(left, None)
            return {"type": "http.request", "body": body or b"", "more_body": body is not None}

        async def send(message):
            sent.append(message)

        await app({**scope}, receive, send)
        return sent

    asyncio.run(main())  # what is made once
    tracemalloc.start()
    try:
        sent = asyncio.run(main())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent[1]["body"] == b"all"
    assert (tmp_path / "film.bin").stat().st_size == len(piece) * 800
    assert peak < 3_000_000


def test_a_malformed_large_form_is_refused_and_not_taken_for_an_empty_one(app, client):
    app.add_url_rule("/", "index", lambda: str(len(request.form)), methods=["POST"])
    answer = post(client, part("a", b"1") + part("film", b"x" * 200_000, "f"))
    assert answer.status_code == 400
    assert InvalidMultipart.code == 400
