"""Topic 28: uploads are saved, refused when too large, and can be read as they arrive."""

from __future__ import annotations

SAMPLE = "topic_28_uploads"
FORM = "multipart/form-data; boundary=edge"


def part(name: str, filename: str, data: bytes) -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + data + b"\r\n--edge--\r\n"


def test_an_upload_is_saved_unchanged(visit, folder):
    data = bytes(range(256)) * 8_000  # 2 MB
    answer = visit.post("/upload", part("file", "large.bin", data), FORM)
    assert (answer.status, answer.text) == (200, "File uploaded successfully")
    assert (folder / "path/to/save/file").read_bytes() == data


def test_a_form_without_the_file_is_400(visit):
    answer = visit.post("/upload", part("other", "a.txt", b"x"), FORM)
    assert (answer.status, answer.text) == (400, "No file uploaded")


def test_an_empty_choice_is_400(visit):
    answer = visit.post("/upload", part("file", "", b""), FORM)
    assert (answer.status, answer.text) == (400, "No selected file")


def test_an_upload_over_16_mb_is_413_and_the_next_request_is_answered(visit):
    assert visit.post("/upload", part("file", "huge.bin", b"x" * 17_000_000), FORM).status == 413
    assert visit.post("/upload", part("file", "small.bin", b"x"), FORM).status == 200


def test_a_stream_is_read_in_chunks(visit):
    assert visit.post("/stream", b"x" * 3_000_000).text == "3000000 bytes"
