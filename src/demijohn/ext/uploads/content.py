"""Whether a file holds what its extension says, from its first bytes.

A table of signatures by extension. Files without one of their own are let in unless they are programs or scripts in
disguise. This module must not know which extensions are let in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from demijohn.ext.uploads.extensions import DATA, EXECUTABLES, SCRIPTS, SOURCE, TEXT

__all__ = ["HEAD", "RUN_BY_SERVERS", "fits"]

#: How many of a file's first bytes are looked at.
HEAD = 4096

_Test: TypeAlias = Callable[[bytes], bool]


def _begins(*signatures: bytes, at: int = 0) -> _Test:
    return lambda head: head[at:].startswith(signatures)


def _is_riff(kind: bytes) -> _Test:
    return lambda head: head.startswith((b"RIFF", b"RF64")) and head[8:12] == kind


def _has_brand(*brands: bytes) -> _Test:
    """ISO base media: the kind of file stands in its first box, among others that it is compatible with."""

    def test(head: bytes) -> bool:
        if head[4:8] != b"ftyp":
            return False
        box = head[8 : min(int.from_bytes(head[:4], "big"), 256)]
        return any(brand in box for brand in brands)

    return test


_MARKS = (b"\xff\xfe", b"\xfe\xff")
#: The tags by which browsers tell a page (WHATWG MIME Sniffing, section 7.1), and others that only a page has.
_PAGE_TAGS = frozenset(
    b"!doctype html head script iframe body style table div a br p h1 font b title img meta link".split()
)
_tag = re.compile(rb"<(?:[\w-]+:)?(!?[\w-]+)")


def _first_tag(head: bytes) -> bytes:
    """The name of the first tag, in lower case, behind comments and declarations; empty for what is no markup.

    A document type counts as a tag when it is HTML's.
    """
    rest = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    while rest.startswith((b"<!--", b"<?", b"<!")):
        lowered = rest[:64].lower()
        end = b"-->" if rest.startswith(b"<!--") else b"?>" if rest.startswith(b"<?") else b">"
        if lowered.startswith(b"<!doctype"):
            if lowered[9:].lstrip().startswith(b"html"):
                return b"!doctype"
            if b"[" in rest.partition(b">")[0]:
                end = b"]>"
        _, ended, rest = rest.partition(end)
        rest = rest.lstrip() if ended else b""
    found = _tag.match(rest)
    return b"" if found is None else found[1].lower()


def _is_text(head: bytes) -> bool:
    return b"\0" not in head or head.startswith(_MARKS)


def _is_markup(head: bytes) -> bool:
    return _is_text(head) and (
        head.startswith(_MARKS) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    )


def _is_mp3(head: bytes) -> bool:
    return head.startswith(b"ID3") or (
        len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6)
    )


def _is_aac(head: bytes) -> bool:
    return head.startswith((b"ADIF", b"ID3")) or (
        len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0
    )


_zip = _begins(b"PK\3\4", b"PK\5\6")
_office = _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_gzip, _bzip2, _xz = _begins(b"\x1f\x8b"), _begins(b"BZh"), _begins(b"\xfd7zXZ\0")
_ogg = _begins(b"OggS")
_matroska = _begins(b"\x1a\x45\xdf\xa3")
_mp4 = _has_brand(
    b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4A ", b"dash", b"qt  ", b"MSNV", b"3gp"
)

#: By extension, what its files begin with.
_SIGNATURES: dict[str, _Test] = {
    "jpg": _begins(b"\xff\xd8\xff"), "jpe": _begins(b"\xff\xd8\xff"), "jpeg": _begins(b"\xff\xd8\xff"),
    "png": _begins(b"\x89PNG\r\n\x1a\n"), "gif": _begins(b"GIF87a", b"GIF89a"), "bmp": _begins(b"BM"),
    "webp": _is_riff(b"WEBP"), "tif": _begins(b"II*\0", b"MM\0*"), "tiff": _begins(b"II*\0", b"MM\0*"),
    "avif": _has_brand(b"avif", b"avis"), "heic": _has_brand(b"heic", b"heix", b"mif1", b"hevc"),
    "heif": _has_brand(b"heic", b"heix", b"mif1", b"hevc"), "ico": _begins(b"\0\0\1\0"),
    "svg": lambda head: _first_tag(head) == b"svg",
    "pdf": lambda head: b"%PDF-" in head[:1024], "rtf": _begins(b"{\\rtf"), "doc": _office, "xls": _office,
    "ppt": _office, "docx": _zip, "xlsx": _zip, "pptx": _zip, "odt": _zip, "ods": _zip, "odp": _zip,
    "odf": _zip, "epub": _zip, "jar": _zip, "apk": _zip, "whl": _zip, "zip": _zip,
    "gnumeric": lambda head: _gzip(head) or _is_markup(head), "abw": lambda head: _gzip(head) or _is_markup(head),
    "gz": _gzip, "tgz": _gzip, "svgz": _gzip, "bz2": _bzip2, "tbz": _bzip2, "xz": _xz, "txz": _xz,
    "7z": _begins(b"7z\xbc\xaf\x27\x1c"), "rar": _begins(b"Rar!\x1a\7"), "tar": _begins(b"ustar", at=257),
    "wav": _is_riff(b"WAVE"), "mp3": _is_mp3, "aac": _is_aac, "ogg": _ogg, "oga": _ogg, "ogv": _ogg, "opus": _ogg,
    "flac": _begins(b"fLaC", b"ID3"), "m4a": _mp4, "m4v": _mp4, "mp4": _mp4, "mov": lambda head: _mp4(head)
    or head[4:8] in (b"moov", b"mdat", b"wide", b"free"), "webm": _matroska, "mkv": _matroska,
    "avi": _is_riff(b"AVI "), "xml": _is_markup,
    "plist": lambda head: head.startswith(b"bplist") or _is_markup(head),
    "exe": _begins(b"MZ"), "dll": _begins(b"MZ"),
    "so": _begins(b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"),
}  # fmt: skip

#: Extensions of text.
_TEXTS = frozenset(
    (*TEXT, *DATA, *SCRIPTS, *SOURCE, "md", "rst", "html", "htm", "css", "ts", "toml", "log", "tsv")
)

#: What runs on one system or another, and only a name could hide.
_PROGRAM = _begins(
    b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"<?php"
)


def fits(extension: str, head: bytes) -> bool:
    """Whether a file with this extension may begin with ``head``, its first :data:`HEAD` bytes.

    An empty file is one of text, or of an extension that nothing is known of.
    """
    test = _SIGNATURES.get(extension)
    if test is not None:
        return test(head)
    if extension in _TEXTS:
        return _is_text(head)
    return not _PROGRAM(head) and _first_tag(head) not in _PAGE_TAGS


#: Extensions that no part of a name but its end may have: some servers run a file for any of them.
RUN_BY_SERVERS = frozenset(
    (
        *SCRIPTS,
        *EXECUTABLES,
        "phtml",
        "php3",
        "php4",
        "php5",
        "php7",
        "phar",
        "asp",
        "aspx",
        "jsp",
        "cgi",
        "shtml",
    )
)
