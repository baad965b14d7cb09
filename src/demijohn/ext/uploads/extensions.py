"""Which endings of names a set lets in: the lists, and what stands for all or all but some.

This module must not know what files hold.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from typing import Any

__all__ = [
    "ALL", "ARCHIVES", "AUDIO", "All", "AllExcept", "DATA", "DEFAULTS", "DOCUMENTS", "EXECUTABLES", "IMAGES", "SCRIPTS",
    "SOURCE", "TEXT", "extension", "lowercase_ext", "tuple_from",
]  # fmt: skip

#: Plain text.
TEXT = ("txt",)
#: Office documents; those with macros are left out.
DOCUMENTS = ("rtf", "odf", "ods", "gnumeric", "abw", "doc", "docx", "xls", "xlsx", "pdf")
#: Images that browsers show.
IMAGES = ("jpg", "jpe", "jpeg", "png", "gif", "svg", "bmp", "webp")
#: Sound.
AUDIO = ("wav", "mp3", "aac", "ogg", "oga", "flac")
#: Structured data.
DATA = ("csv", "ini", "json", "plist", "xml", "yaml", "yml")
#: What some servers run when they are asked for it.
SCRIPTS = ("js", "php", "pl", "py", "rb", "sh")
#: What holds other files, packed.
ARCHIVES = ("gz", "bz2", "zip", "tar", "tgz", "txz", "7z")
#: Programs and libraries: for ``AllExcept``.
EXECUTABLES = ("so", "exe", "dll")
#: Source code of languages that are compiled: C and C++, Ada, Rust, Go, Fortran, D, Java, Haskell, C#, F#, COBOL,
#: assembly.
SOURCE = (
    "c", "cpp", "c++", "h", "hpp", "h++", "cxx", "hxx", "hdl", "ada", "rs", "go", "f", "for", "f90", "f95", "f03",
    "d", "dd", "di", "java", "hs", "cs", "fs", "cbl", "cob", "asm", "s",
)  # fmt: skip
#: What a set lets in that does not say.
DEFAULTS = TEXT + DOCUMENTS + IMAGES + DATA


class All:
    """Every extension; :data:`ALL` is the one to use."""

    def __contains__(self, item: object) -> bool:
        return True


#: Lets every extension in.
ALL: Any = All()


class AllExcept:
    """Every extension but some: ``AllExcept(SCRIPTS + EXECUTABLES)``.

    :param items: Those that are refused, in lower case and without dots.
    """

    def __init__(self, items: Container[object]) -> None:
        self.items = items

    def __contains__(self, item: object) -> bool:
        return item not in self.items


def extension(filename: str) -> str:
    """The extension without its dot: ``"gz"`` for ``a.tar.gz``, ``""`` when there is none."""
    return os.path.splitext(filename)[1][1:]


def lowercase_ext(filename: str) -> str:
    """The name with its extension in lower case; what is before it stays."""
    stem, dotted = os.path.splitext(filename)
    return stem + dotted.lower()


def tuple_from(*iters: Iterable[str]) -> tuple[str, ...]:
    """The elements of several lists of extensions as one."""
    return tuple(item for items in iters for item in items)
