"""A folder of static files as it is served: by name or with a digest, in the coding that the client prefers.

What is in memory and has been looked at lately is answered on the loop, without a thread; all else is read where
reading may take its time. This module must not know routes.

``folder/cellar.css`` is served as ``cellar.css``, which is asked for again each time, and with the first twelve
digits of its content's SHA-256, ``cellar.3f2a9c0d41be.css``, which never has to be: another content has another
address. In style sheets the files of the folder that they name are named so as well.
"""

from __future__ import annotations

import hashlib
import os
import re
from _thread import RLock
from copy import copy
from functools import partial
from io import BytesIO
from stat import S_ISREG
from time import monotonic
from typing import Any, Protocol

from werkzeug.exceptions import NotFound
from werkzeug.utils import get_content_type

from demijohn.contexts.proxies import get_request_context
from demijohn.http.codings import choose_coding
from demijohn.http.dates import http_date
from demijohn.http.filenames import safe_join
from demijohn.static.references import rewrite, with_digest
from demijohn.static.file import Answers, File, Served
from demijohn.static.variants import SUFFIXES, Memory, compress
from demijohn.waiting.callables import call
from demijohn.waiting.drivers import running_loop
from demijohn.wrappers.files import leads_out, send_file
from demijohn.wrappers.ready import ReadyWhole

__all__ = ["FOREVER", "Folder"]

#: Digits of a digest in an address.
DIGITS = 12

#: Of what is at an address that no other content will ever have.
FOREVER = "public, max-age=31536000, immutable"

#: Seconds for which it is not looked whether a file has changed.
_FRESH = 1.0

#: Bytes up to which a file that cannot be made smaller is kept in memory.
_SMALL = 256 * 1024

#: Codings by the Accept-Encoding that asked for them: browsers send a handful.
_MOST_CHOICES = 64

_addressed = re.compile(rf"(?P<before>.+)\.(?P<digest>[0-9a-f]{{{DIGITS}}})(?P<suffix>\.[^./]*)?")


class Owner(Protocol):
    """An application or a blueprint."""

    @property
    def static_folder(self) -> str | None:
        """Where its static files are."""
        ...

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """How many seconds clients may keep a file under its own name."""
        ...


class Folder:
    """The static files of an application or of a blueprint.

    :param owner: Whose they are.
    :param hashed: Whether addresses have digests, in style sheets as well.
    :param memory: What keeps files in memory.
    :param url_path: The path that they are served below; None where that may vary.
    :param at_once: Look each time whether a file has changed.
    :param links_stay_inside: Do not follow links that lead out of the folder.
    :param log: Where to tell of names without a file.
    """

    def __init__(
        self, owner: Owner, *, hashed: bool, memory: Memory, url_path: str | None, at_once: bool,
        links_stay_inside: bool, log: Any,
    ) -> None:  # fmt: skip
        self.owner = owner
        self.hashed = hashed
        self.memory = memory
        self.url_path = url_path
        self._fresh = 0.0 if at_once else _FRESH
        self.at_once = at_once
        self._inside = links_stay_inside
        self._log = log
        #: The names that are left as written, because they lead back to where they stand.
        self.circular: set[str] = set()
        self._files: dict[str, File] = {}
        self._served: dict[str, Served] = {}
        self._digests: dict[str, str | None] = {}
        self._missing: set[str] = set()
        self._lock = RLock()

    # The view.

    def view(self, filename: str) -> Any:
        """The answer to a request for a file."""
        served = self._served.get(filename)
        if served is not None and monotonic() < served.file.until:
            answer = served.answer(get_request_context().environ)
            if answer is not None:
                return answer
        if running_loop() is None:
            return self._answer(filename)
        return call(self._answer, filename)

    view.blocking = False  # type: ignore[attr-defined]  # what may block is in a thread

    def _answer(self, filename: str) -> Any:
        """:meth:`view` for what has to be read, looked at or compressed first."""
        served = self._serve(filename)
        environ = get_request_context().environ
        file = served.file
        if file.data is None:
            return self._from_disk(served, environ)
        if environ.get("HTTP_RANGE") is not None:
            return self._send(served, BytesIO(file.data), file.digest, conditional=True)
        accepted = environ.get("HTTP_ACCEPT_ENCODING")
        if (
            accepted is not None and len(accepted) > 256
        ):  # no browser's: what a sender chooses is kept only when short
            return self._from_disk(served, environ)
        if accepted not in served.choices:
            answers = self._answers(served, accepted)
            if served.file.data is None:  # there was no room
                return self._from_disk(served, environ)
            if len(served.choices) >= _MOST_CHOICES:
                served.choices.clear()
            served.choices[accepted] = answers
            self._cut_short(filename, environ)
        return served.answer(environ) or self._from_disk(served, environ)

    def _cut_short(self, filename: str, environ: Any) -> None:
        """Have the route of an address found by the whole path, as it is for those without variable parts.

        PERF: 4 us of 10. Only where nobody around the view could miss the variable part.
        """
        ctx = get_request_context()
        way, plan = ctx.way, ctx.plan
        if self.at_once or not plan.short or way.by_adapter or filename not in self._served:
            return
        if environ["REQUEST_METHOD"] == "GET" and plan.view == self.view:
            cut = copy(plan)
            cut.view = partial(self.view, filename)
            way.static_plans.setdefault(environ["PATH_INFO"], {})["GET"] = cut

    def _serve(self, filename: str) -> Served:
        """What is at an address.

        :raises NotFound: when nothing is.
        """
        file = self.find(filename)
        control = None
        if file is not None:
            age = self.owner.get_send_file_max_age(filename)
            control = f"public, max-age={int(age)}" if age and age > 0 else "no-cache"
        elif (parts := _addressed.fullmatch(filename)) is not None:
            file = self.find(f"{parts['before']}{parts['suffix'] or ''}")
            # The page that names another digest is of another release: what there is now, for now.
            control = FOREVER if file is not None and file.digest == parts["digest"] else "no-cache"
        if file is None or control is None:
            raise NotFound
        served = self._served.get(filename)
        if served is None or served.file is not file or served.control != control:
            served = Served(file, control)
            if parts_differ(filename, file):
                return served  # not kept: there is no end to the names that a client can make up
            self._served[filename] = served
        return served

    # Files.

    def find(self, name: str) -> File | None:
        """A file as it is now; None where there is none, or it must not be reached."""
        file = self._files.get(name)
        if file is not None and monotonic() < file.until:
            return file
        path = self._path(name)
        if path is None:
            return None
        with self._lock:
            file = self._files.get(name)
            status = os.stat(path)
            signature = status.st_mtime_ns, status.st_size, status.st_ino
            if file is None or file.signature != signature or self._names_others(file):
                if file is not None:
                    self.memory.forget(file)
                file = File(name, path, status)
                self._read(file)
                self._files[name] = file
                if file.data is not None:
                    self.memory.keep(file)
            file.until = monotonic() + self._fresh
            return file

    def _path(self, name: str) -> str | None:
        """Where a file is; None where there is none, or it must not be reached."""
        folder = self.owner.static_folder
        path = None if folder is None else safe_join(folder, name)
        if folder is None or path is None or not os.path.isfile(path):
            return None
        return None if self._inside and leads_out(folder, path) else path

    def _names_others(self, file: File) -> bool:
        """Whether one that it names has another digest by now."""
        return any(self._digest_in(name) != digest for name, digest in file.named.items())

    def _read(self, file: File) -> None:
        limit = self.memory.limit // 2 if file.text else min(_SMALL, self.memory.limit // 2)
        names_others = self.hashed and file.name.lower().endswith((".css", ".js", ".mjs"))
        if file.length > limit and not names_others:
            file.digest = _digest_of_file(file.path)
            return
        with open(file.path, "rb") as opened:
            data = opened.read()
        if names_others:
            data = self._written_anew(file, data)
        file.digest = hashlib.sha256(data).hexdigest()[:DIGITS]
        if len(data) <= limit:
            file.data = data

    def _written_anew(self, file: File, data: bytes) -> bytes:
        text = _text(data)

        def digest_of(name: str) -> str | None:
            if self._leads_to(name, file.name):
                # In a circle no address can depend on the content that it stands in: it is left as written.
                self.circular.add(name)
                return None
            digest = file.named[name] = self._digest_in(name)
            if digest is None:
                self._tell_missing(name, f"{file.name} names it")
            return digest

        written = rewrite(text, file.name, self.url_path, digest_of)
        file.written_anew = written != text
        return written.encode("utf-8", "surrogateescape")

    def _digest_in(self, name: str) -> str | None:
        """The digest to write for a name in a style sheet."""
        file = self.find(name)
        return None if file is None else file.digest

    def _leads_to(self, name: str, target: str) -> bool:
        """Whether a style sheet names another one, be it by way of others."""
        seen: set[str] = set()
        left = [name]
        while left:
            name = left.pop()
            if name == target:
                return True
            if name in seen or not name.lower().endswith(".css") or (path := self._path(name)) is None:
                continue
            seen.add(name)
            with open(path, "rb") as opened:
                rewrite(_text(opened.read()), name, self.url_path, left.append)
        return False

    def _tell_missing(self, name: str, where: str) -> None:
        if name not in self._missing:
            self._missing.add(name)
            self._log.warning("There is no static file %r in %s (%s).", name, self.owner.static_folder, where)

    # Addresses.

    def digest(self, name: str) -> str | None:
        """The digest in the address of a file; None where it has none."""
        if not self.hashed:
            return None
        if name in self._digests and not self.at_once:
            return self._digests[name]
        file = self.find(name)
        if file is None:
            self._tell_missing(name, "url_for")
            return None  # looked for again next time
        digest = self._digests[name] = file.digest
        return digest

    # Answers.

    def variants(self, file: File, thorough: bool = False) -> dict[str, bytes]:
        """The compressed variants of a file in memory: those that lie beside it, or made now."""
        packed = file.packed
        if packed is None:
            data = file.data
            with self._lock:
                packed = {}
                for coding, suffix in SUFFIXES.items() if file.text and data else ():
                    found = None if file.written_anew else self._sibling(file, suffix)
                    if found is None:
                        made = compress(data or b"", coding, thorough)
                    else:
                        with open(found, "rb") as opened:
                            made = opened.read()
                    if made is not None:
                        packed[coding] = made
                file.packed = packed
            if file.data is not None:
                self.memory.keep(file)
        return packed

    def _sibling(self, file: File, suffix: str) -> str | None:
        """What lies beside a file in a coding, unless it is older, is no file, or must not be reached."""
        path = f"{file.path}{suffix}"
        folder = self.owner.static_folder
        try:
            status = os.stat(path)
        except OSError:
            return None
        if status.st_mtime_ns < file.signature[0] or not S_ISREG(status.st_mode) or folder is None:
            return None
        return None if self._inside and leads_out(folder, path) else path

    def _answers(self, served: Served, accepted: str | None) -> Answers:
        file = served.file
        data = file.data or b""
        packed = self.variants(file)
        sizes = {coding: len(body) for coding, body in packed.items()}
        coding = choose_coding(accepted, {**sizes, "identity": len(data)})
        body = packed.get(coding, data)
        etag = _etag(file, coding)
        kept = [("ETag", etag), ("Cache-Control", served.control)]
        if file.text:
            kept.append(("Vary", "Accept-Encoding"))
        if not file.written_anew:
            kept.append(("Last-Modified", http_date(file.modified)))
        fields = [("Content-Type", get_content_type(file.mimetype, "utf-8")), *kept]
        if coding != "identity" or file.coding:
            fields.append(("Content-Encoding", file.coding or coding))
        if file.data is not None:
            fields.append(("Accept-Ranges", "bytes"))
        fields.append(("Content-Length", str(len(body))))
        return Answers(etag, ReadyWhole(body, fields), ReadyWhole(b"", kept, 304, "304 NOT MODIFIED"))

    def _from_disk(self, served: Served, environ: Any) -> Any:
        """The answer with a file that is not in memory, as it lies there, or with what lies beside it."""
        file = served.file
        if file.written_anew:
            again = File(file.name, file.path, os.stat(file.path))
            with open(file.path, "rb") as opened:
                data = self._written_anew(again, opened.read())
            return self._send(served, BytesIO(data), file.digest, conditional=True)
        found = {coding: path for coding, suffix in SUFFIXES.items() if (path := self._sibling(file, suffix))}
        coding = "identity"
        if file.text and found and environ.get("HTTP_RANGE") is None:
            sizes = {name: os.path.getsize(path) for name, path in found.items()}
            sizes["identity"] = file.length
            coding = choose_coding(environ.get("HTTP_ACCEPT_ENCODING"), sizes)
        etag = _etag(file, coding).strip('"')
        response = self._send(served, found.get(coding, file.path), etag, conditional=True)
        if coding != "identity" and response.status_code != 304:
            response.headers["Content-Encoding"] = coding
        return response

    def _send(self, served: Served, source: Any, etag: str, conditional: bool) -> Any:
        file = served.file
        response = send_file(
            source, file.mimetype, etag=etag, conditional=conditional, max_age=_no_age,
            last_modified=None if file.written_anew else file.modified,
        )  # fmt: skip
        response.headers["Cache-Control"] = served.control
        if file.text:
            response.headers["Vary"] = "Accept-Encoding"
        if file.coding and response.status_code != 304:
            response.headers["Content-Encoding"] = file.coding
        return response


def parts_differ(filename: str, file: File) -> bool:
    """Whether a name is neither the file's own nor that with its digest."""
    return filename != file.name and filename != with_digest(file.name, file.digest)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _no_age(_: str | None) -> None:
    """What is said of the age is said afterwards."""


def _etag(file: File, coding: str) -> str:
    return f'"{file.digest}"' if coding == "identity" else f'"{file.digest}-{coding}"'


def _digest_of_file(path: str) -> str:
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:DIGITS]
