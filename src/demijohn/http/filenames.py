"""File names from outside: made safe to store, to join to a directory, to offer for download.

The rules of every platform hold on every platform, so what passes in development passes in
production and the reverse. Nothing is looked up on disk, and nothing here knows of uploads
or responses.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from urllib.parse import quote

from werkzeug.http import dump_options_header

from demijohn.http.plaintext import UNPRINTABLE

_PORTS = (f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³")
_DEVICES = frozenset(("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", *_PORTS))
_unstorable = re.compile(r"[^A-Za-z0-9._-]")
# Separators, drives and streams (":"), and control characters.
_unjoinable = re.compile(r"[\\:\x00-\x1f\x7f]")


def secure_filename(filename: str) -> str:
    """``filename`` as plain ASCII that is safe on any file system; empty if nothing is left.

    As Werkzeug's ``secure_filename``, with Windows' rules everywhere: ``\\`` separates like ``/``,
    and device names get a ``_`` before them.
    """
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode("ascii")
    words = plain.replace("/", " ").replace("\\", " ").split()
    name = _unstorable.sub("", "_".join(words)).strip("._")
    return f"_{name}" if _is_device(name) else name


def _is_device(segment: str) -> bool:
    return segment.partition(":")[0].partition(".")[0].strip().upper() in _DEVICES


def safe_join(directory: str, *untrusted: str) -> str | None:
    """Join ``untrusted`` parts of a URL's path to ``directory``; None if the result is not safe.

    As Werkzeug's ``safe_join``, with these refused on every platform: backslashes, ``:`` (drives
    and streams), control characters, device names with any suffix in any segment, and
    segments that end in a dot or space, which Windows drops. Whether the file exists or is a
    link is not looked at.

    :param directory: Trusted; empty for the current one.
    :param untrusted: Joined with ``/``; empty parts are passed over.
    """
    parts = [directory or "."]
    for part in untrusted:
        if not part:
            continue
        if _unjoinable.search(part):
            return None
        part = posixpath.normpath(part)
        segments = part.split("/")
        if segments[0] in ("", ".."):  # an absolute path, or one that leads out
            return None
        if part != "." and any(segment[-1] in ". " or _is_device(segment) for segment in segments):
            return None
        parts.append(part)
    return posixpath.join(*parts)


def download_basename(filename: str, default: str = "download") -> str:
    """The last segment of ``filename`` without what must not be shown; never empty.

    Removed: directories, control characters, direction overrides, and spaces around it.
    """
    name = re.sub(UNPRINTABLE, "", re.split(r"[/\\]", filename)[-1]).strip()
    return default if not name.strip(". ") else name


def content_disposition(disposition: str, filename: str | None = None) -> str:
    """A Content-Disposition value that offers ``filename`` (RFC 6266).

    The name is cut to its ``download_basename``. A name that is not ASCII is sent twice: as
    UTF-8 in ``filename*``, and in ``filename`` with what ASCII can show of it.

    :param disposition: ``attachment`` or ``inline``.
    :raises ValueError: when ``disposition`` is not a word.
    """
    if not (disposition.isascii() and disposition.replace("-", "").isalnum()):
        raise ValueError(f"Content disposition {disposition!r} must be a word such as 'attachment'.")
    if filename is None:
        return disposition
    name = download_basename(filename)
    if name.isascii():
        return dump_options_header(disposition, {"filename": name})
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    plain = re.sub(r"[/\\]", "_", plain).strip()
    if not plain.partition(".")[0]:
        plain = f"download{plain}"
    encoded = quote(name, safe="!#$&+-.^_`|~")  # RFC 8187 attr-char
    return dump_options_header(disposition, {"filename": plain, "filename*": f"UTF-8''{encoded}"})
