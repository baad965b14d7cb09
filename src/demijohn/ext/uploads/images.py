"""How large an image is, from its head: nothing is decoded.

PNG, JPEG, GIF, BMP, WebP, TIFF, and HEIF and AVIF. This module must not know which images are let in.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

__all__ = ["RASTER", "dimensions"]

#: The extensions of images that have pixels.
RASTER = frozenset(["jpg", "jpe", "jpeg", "png", "gif", "bmp", "webp", "tif", "tiff", "avif", "heic", "heif"])

#: Segments of a JPEG that give its size (ITU T.81, table B.1): SOF0 to SOF15 but for DHT, JPG and DAC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: How far in an image its size is looked for: JPEGs begin with a thumbnail and a profile.
_FAR = 8 * 1024 * 1024


def dimensions(file: BinaryIO) -> tuple[int, int] | None:
    """Width and height in pixels, or None when the file does not say; it is left anywhere.

    :param file: Can be sought in.
    """
    file.seek(0)
    head = file.read(32)
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
            return struct.unpack(">II", head[16:24])
        if head[:6] in (b"GIF87a", b"GIF89a"):
            return struct.unpack("<HH", head[6:10])
        if head.startswith(b"BM"):
            return _bmp(head)
        if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            return _webp(head)
        if head.startswith(b"\xff\xd8"):
            return _jpeg(file)
        if head[:4] in (b"II*\0", b"MM\0*"):
            return _tiff(file, "<" if head[:2] == b"II" else ">")
        if head[4:8] == b"ftyp":
            return _heif(file)
    except struct.error:  # it ends before its size
        return None
    return None


def _bmp(head: bytes) -> tuple[int, int]:
    if head[14:18] == b"\x0c\0\0\0":  # OS/2
        width, height = struct.unpack("<HH", head[18:22])
    else:
        width, height = struct.unpack("<ii", head[18:26])
    return abs(width), abs(height)  # rows from top to bottom are a negative height


def _webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", head[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(2)
    while file.tell() < _FAR:
        marker = file.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            return None
        if marker[1] == 0xFF:  # padding
            file.seek(-1, 1)
            continue
        if marker[1] == 0x01 or 0xD0 <= marker[1] <= 0xD8:  # without content
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker[1] in _FRAMES:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        if marker[1] in (0xD9, 0xDA) or length < 2:
            return None
        file.seek(length - 2, 1)
    return None


def _tiff(file: BinaryIO, order: str) -> tuple[int, int] | None:
    file.seek(4)
    (directory,) = struct.unpack(f"{order}I", file.read(4))
    file.seek(directory)
    (count,) = struct.unpack(f"{order}H", file.read(2))
    found: dict[int, int] = {}
    for _ in range(count):
        entry = file.read(12)
        tag, kind = struct.unpack(f"{order}HH", entry[:4])
        if tag in (256, 257):
            found[tag] = struct.unpack(
                f"{order}H" if kind == 3 else f"{order}I", entry[8 : 10 if kind == 3 else 12]
            )[0]
    return (found[256], found[257]) if len(found) == 2 else None


def _heif(file: BinaryIO) -> tuple[int, int] | None:
    """The largest of the sizes (``ispe`` boxes) among the item properties; ISO/IEC 23008-12."""
    file.seek(0)
    head = file.read(256 * 1024)
    largest, position = None, head.find(b"ispe")
    while position >= 0:
        size: tuple[int, int] = struct.unpack(">II", head[position + 8 : position + 16])
        largest = size if largest is None or size[0] * size[1] > largest[0] * largest[1] else largest
        position = head.find(b"ispe", position + 4)
    return largest
