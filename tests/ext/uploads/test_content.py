"""What files hold: by their first bytes, the size of images, what archives unpack to. Nothing is decoded."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ext.uploads.conftest import png, upload, zipped

from demijohn.ext.uploads import ALL, UploadNotAllowed, UploadSet
from demijohn.ext.uploads.archives import unpacked_size
from demijohn.ext.uploads.content import fits
from demijohn.ext.uploads.images import dimensions

HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><!-- a drawing --><svg xmlns="http://www.w3.org/2000/svg"/>'
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"

TRUE = [
    ("png", png()), ("jpg", JPEG), ("jpeg", JPEG), ("gif", b"GIF89a"), ("bmp", b"BM"), ("svg", SVG),
    ("svg", b"<svg>"),
    ("svg", b'\xef\xbb\xbf<!DOCTYPE svg PUBLIC "-//W3C" "u" [<!ENTITY a "b">]><svg:svg/>'),
    ("webp", b"RIFF\0\0\0\0WEBPVP8 "), ("wav", b"RIFF\0\0\0\0WAVE"), ("pdf", b"%PDF-1.7"), ("docx", zipped(a="b")),
    ("zip", zipped()), ("doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("gz", gzip.compress(b"x")), ("txt", b""),
    ("txt", "Ünïcode".encode("utf-16")), ("txt", HTML), ("csv", b"a,b"), ("json", b"{}"), ("py", b"#!/usr/bin/python"),
    ("mp3", b"ID3\4"), ("mp3", b"\xff\xfb\x90"), ("flac", b"fLaC"), ("ogg", b"OggS"), ("mp4", b"\0\0\0\x18ftypisom"),
    ("avif", b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif"), ("exe", b"MZ"), ("7z", b"7z\xbc\xaf\x27\x1c"),
    ("unheard", b"\1\2"),
    ("unheard", b""), ("xml", b"<a/>"), ("plist", b"bplist00"), ("tar", b"\0" * 257 + b"ustar"),
]  # fmt: skip
FALSE = [
    ("png", HTML), ("png", SVG), ("png", JPEG), ("jpg", b"GIF89a"), ("png", b""), ("gif", b"GIF"), ("svg", HTML),
    ("svg", b"<!-- <svg> --><html><svg>"), ("svg", b"<?xml version='1.0'?><html xmlns='...'><svg/></html>"),
    ("pdf", b"MZ"), ("docx", b"text"), ("txt", b"MZ\0\1"), ("json", b"\0"), ("unheard", HTML), ("unheard", b"MZ\0"),
    ("unheard", b"\x7fELF"), ("unheard", b"#!/bin/sh"), ("unheard", b"<?php"), ("", b"  <!-- a -->\n<script>"),
    ("mp4", b"\0\0\0\x18ftypavif"), ("avif", b"\0\0\0\x18ftypisom"), ("wav", b"RIFF\0\0\0\0WEBP"),
]  # fmt: skip


def numbered(cases):
    """Names of cases without their bytes, some of which have a time in them."""
    return [f"{number} {name}" for number, (name, _) in enumerate(cases)]


@pytest.mark.parametrize(("extension", "head"), TRUE, ids=numbered(TRUE))
def test_a_file_that_holds_what_its_extension_says_fits(extension, head):
    assert fits(extension, head)


@pytest.mark.parametrize(("extension", "head"), FALSE, ids=numbered(FALSE))
def test_case_60_a_file_that_holds_something_else_does_not(extension, head):
    assert not fits(extension, head)


@given(st.sampled_from(sorted({extension for extension, _ in TRUE})), st.binary(max_size=300))
def test_any_bytes_are_answered(extension, head):
    assert fits(extension, head) in (True, False)


@pytest.mark.parametrize("piece", [b"<!---->", b"<?a?>", b"<!a>", b"<!doctype svg [", b"<", b" "])
def test_markup_is_looked_at_in_linear_time(piece):
    begun = time.process_time()
    for _ in range(20):
        fits("svg", piece * (4096 // len(piece)))
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("filename", ["a.png", "a.svg", "a.jpg"])
def test_case_60_an_image_that_is_a_page_is_refused(configured, filename):
    photos = UploadSet("photos")
    configured(photos)
    with pytest.raises(UploadNotAllowed, match="does not hold what its extension says"):
        photos.save(upload(HTML, filename))


# ------------------------------------------------------------------ images

EXIF = b"\xff\xe1\x40\x00" + b"\xff\xc0" * 0x1FFF  # looks like frames, and is none
IMAGES = {
    "png": png(640, 480),
    "gif": b"GIF89a" + struct.pack("<HH", 640, 480),
    "bmp": b"BM" + bytes(12) + struct.pack("<Iii", 40, 640, -480),
    "bmp of OS/2": b"BM" + bytes(12) + struct.pack("<IHH", 12, 640, 480),
    "webp, lossy": b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480),
    "webp, lossless": b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14),
    "webp, extended": b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\2\0\xdf\1\0",
    "jpeg": JPEG + b"\xff\xc2\0\x11\x08" + struct.pack(">HH", 480, 640),
    "jpeg with a profile": b"\xff\xd8" + EXIF + b"\xff\xff\xc0\0\x11\x08" + struct.pack(">HH", 480, 640),
    "tiff": b"II*\0\x08\0\0\0\2\0" + struct.pack("<HHIHH", 256, 3, 1, 640, 0) + struct.pack("<HHII", 257, 4, 1, 480),
    "avif": b"\0\0\0\x1cftypavif....ispe\0\0\0\0" + struct.pack(">II", 64, 48) + b"ispe\0\0\0\0"
    + struct.pack(">II", 640, 480),
}  # fmt: skip


@pytest.mark.parametrize("data", IMAGES.values(), ids=IMAGES)
def test_the_size_of_an_image_is_read_from_its_head(data):
    assert dimensions(io.BytesIO(data)) == (640, 480)


@pytest.mark.parametrize("data", IMAGES.values(), ids=IMAGES)
def test_an_image_that_is_cut_says_nothing(data):
    for length in range(min(len(data), 60)):
        assert dimensions(io.BytesIO(data[:length])) in (None, (640, 480), (64, 48))


@given(st.sampled_from(list(IMAGES.values())), st.binary(max_size=40), st.integers(2, 40))
def test_a_damaged_image_is_no_error(data, other, at):
    size = dimensions(io.BytesIO(data[:at] + other + data[at + len(other) :]))
    assert size is None or len(size) == 2


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(configured):
    photos = UploadSet("photos", max_pixels=640 * 480)
    configured(photos)
    assert photos.save(upload(png(640, 480), "a.png")) == "a.png"
    with pytest.raises(UploadNotAllowed, match="50000 x 50000 pixels"):
        photos.save(upload(png(50_000, 50_000), "bomb.png"))
    with pytest.raises(UploadNotAllowed, match="does not say how large"):
        photos.save(upload(b"\xff\xd8\xff\xd9", "a.jpg"))
    assert photos.save(upload(SVG, "drawing.svg")) == "drawing.svg"


# ------------------------------------------------------------------ archives

MEGABYTES = b"\0" * 3_000_000


def tar(mode):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{mode}") as archive:
        info = tarfile.TarInfo("zeros")
        info.size = len(MEGABYTES)
        archive.addfile(info, io.BytesIO(MEGABYTES))
    return made.getvalue()


ARCHIVES = {
    "zip": zipped(a=MEGABYTES[:1_000_000], b=MEGABYTES[:2_000_000]), "docx": zipped(a=MEGABYTES),
    "gz": gzip.compress(MEGABYTES), "tgz": tar("gz"), "bz2": bz2.compress(MEGABYTES), "txz": tar("xz"), "tar": tar(""),
    "xz": lzma.compress(MEGABYTES[:1_500_000]) * 2, "gnumeric": gzip.compress(MEGABYTES[:1_500_000]) * 2,
}  # fmt: skip


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_that_unpacks_to_too_much_is_refused(configured, kind):
    enough, less = (
        UploadSet("enough", ALL, max_unpacked=3_100_000),
        UploadSet("less", ALL, max_unpacked=2_999_999),
    )
    configured(enough, less)
    assert enough.save(upload(ARCHIVES[kind], f"a.{kind}")) == f"a.{kind}"
    with pytest.raises(UploadNotAllowed, match="unpacks to more than the 2999999 bytes"):
        less.save(upload(ARCHIVES[kind], f"a.{kind}"))


def test_a_zip_of_more_than_4_gb_says_so_in_its_extra_field():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a", b"x")
        archive.infolist()[0].file_size = 5 * 1024**3
    assert unpacked_size(made, 10**6) == 5 * 1024**3


def test_a_bomb_is_read_only_up_to_the_limit():
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", compresslevel=9) as file:
        for _ in range(200):
            file.write(MEGABYTES)
    tracemalloc.start()
    try:
        size = unpacked_size(made, 1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 1_000_000 < size < 2_000_000
    assert peak < 3_000_000


def test_a_zip_with_many_entries_takes_no_memory():
    data = bytearray(zipped(a="b"))
    start = data.find(b"PK\1\2")
    end = data.find(b"PK\5\6")
    entry = bytes(data[start:end])
    many = 50_000
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, many, many, len(entry) * many, start, 0)
    file = io.BytesIO(bytes(data[:start]) + entry * many + tail)
    tracemalloc.start()
    try:
        assert unpacked_size(file, 10**9) == many
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 500_000


DAMAGED = [
    ("a.zip", ARCHIVES["zip"][:-30]), ("a.zip", ARCHIVES["zip"].replace(b"PK\1\2", b"PK\1\3")),
    ("a.gz", ARCHIVES["gz"][:200] + b"x" * 200), ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(100)),
    ("a.zip", b"PK\3\4"),
]  # fmt: skip


@pytest.mark.parametrize(("filename", "data"), DAMAGED, ids=numbered(DAMAGED))
def test_an_archive_that_is_damaged_or_says_nothing_is_refused(configured, filename, data):
    files = UploadSet("files", ALL, max_unpacked=10**9)
    configured(files)
    with pytest.raises(UploadNotAllowed, match="damaged|does not say"):
        files.save(upload(data, filename))


@given(st.sampled_from(list(ARCHIVES.values())), st.binary(max_size=40), st.integers(6, 400))
def test_damaged_archives_raise_nothing_but_value_errors(data, other, at):
    cut = max(len(data) - at, 0)
    try:
        size = unpacked_size(io.BytesIO(data[:cut] + other + data[cut + len(other) :]), 10**6)
    except ValueError:
        return
    assert size is None or size >= 0
