"""Uploads that are resumed after a break: a server of tus 1.0 (https://tus.io/protocols/resumable-upload).

With the extensions creation, creation-with-upload, termination, checksum and expiration. Routes are sync and read
the body while it arrives, so what has come when a client goes is kept. This module must not know how uploads are
stored while they are not complete (``unfinished``).
"""

from __future__ import annotations

import binascii
import hashlib
import os
import time
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from email.utils import formatdate
from typing import Any, BinaryIO, TypeVar

from werkzeug.exceptions import HTTPException

from demijohn import Flask, Response, abort, current_app, request, url_for
from demijohn.ext.uploads.exceptions import UploadNotAllowed
from demijohn.ext.uploads.unfinished import Folder, Locked, Upload
from demijohn.ext.uploads.upload_set import UploadSet
from demijohn.extend import Filled, InsufficientStorage, translate

__all__ = ["Tus", "Upload"]

F = TypeVar("F", bound=Callable[..., Any])

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
_ALGORITHMS = ("sha256", "sha1", "md5", "sha512")
_TYPE = "application/offset+octet-stream"
_PIECE = 256 * 1024


class _Refused(HTTPException):
    """An answer of the protocol that is an error; 460 is its own for a checksum that does not match."""

    def __init__(self, code: int, description: str) -> None:
        said = translate(description)
        super().__init__(said, Response(f"{said}\n", code, mimetype="text/plain"))
        self.code = code


class Tus:
    """Takes uploads into a set, piece by piece, by as many requests as it takes.

    :param app: The application; or call :meth:`init_app` later.
    :param uploads: The set that complete uploads go to. It says what is let in.
    :param url: Where clients create uploads; each is below it.
    :param max_size: Most bytes of one upload; None for any.
    :param expires: How long an upload is kept after its last request, complete or not; None for ever.
    :param folder: Where uploads are until they are complete; by default in the instance folder.
    """

    def __init__(
        self,
        app: Flask | None,
        uploads: UploadSet,
        url: str,
        *,
        max_size: int | None = None,
        expires: timedelta | None = None,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self.uploads = uploads
        self.url = url.rstrip("/")
        self.max_size = max_size
        self.expires = expires
        self._given = None if folder is None else os.fspath(folder)
        self._folders: dict[str, Folder] = {}
        self._allowed: Callable[[], Any] | None = None
        self._completed: Callable[[Upload], Any] | None = None
        self._endpoint = f"tus_{uploads.name}"
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give an application the routes."""
        options: dict[str, Any] = {
            "provide_automatic_options": False, "stream": True, "max_content_length": self.max_size,
        }  # fmt: skip
        app.add_url_rule(self.url, self._endpoint, self._create, methods=["POST", "OPTIONS"], **options)
        methods = ["HEAD", "PATCH", "DELETE", "POST", "OPTIONS"]
        app.add_url_rule(
            f"{self.url}/<id>", f"{self._endpoint}_upload", self._upload, methods=methods, **options
        )

    def authorize(self, function: F) -> F:
        """Ask a function, ``def`` or ``async def``, with each request; what is false is a 403."""
        self._allowed = function
        return function

    def on_complete(self, function: F) -> F:
        """Call a function, ``def`` or ``async def``, with each :class:`Upload` once it is in the set."""
        self._completed = function
        return function

    def remove_expired(self) -> int:
        """Remove the uploads whose time is over, and return how many; creating one does so now and then."""
        return self._folder.remove_if(_is_over)

    @property
    def _folder(self) -> Folder:
        path = self._given or os.path.join(current_app.instance_path, "tus", self.uploads.name)
        return self._folders.setdefault(path, Folder(path))

    # The two routes.

    def _create(self) -> Response:
        return self._answered(lambda method: self._made() if method == "POST" else self._told())

    def _upload(self, id: str) -> Response:
        ways = {"HEAD": self._shown, "PATCH": self._patched, "DELETE": self._deleted}

        def answer(method: str) -> Response:
            if method == "OPTIONS":
                return self._told()
            if method not in ways:
                abort(405)
            return ways[method](self._find(id))

        return self._answered(answer)

    def _answered(self, answer: Callable[[str], Response]) -> Response:
        """What answers this request, an error too, with the fields that every answer has."""
        method = request.method
        if method == "POST":  # what stands for another method is as unsafe as that
            method = request.headers.get("X-HTTP-Method-Override", method).upper()
        try:
            if method != "OPTIONS":
                self._check_request()
            response = answer(method)
        except HTTPException as error:
            response = current_app.make_response(error.get_response(request.environ))
        response.headers["Tus-Resumable"] = VERSION
        return response

    def _check_request(self) -> None:
        if request.headers.get("Tus-Resumable") != VERSION:
            error = _Refused(
                412, Filled("This server speaks tus %(version)s: send it in Tus-Resumable.", version=VERSION)
            )
            assert isinstance(error.response, Response)
            error.response.headers["Tus-Version"] = VERSION
            raise error
        if self._allowed is not None and not current_app.ensure_sync(self._allowed)():
            abort(403)

    def _told(self) -> Response:
        response = Response(status=204)
        response.headers["Tus-Version"] = VERSION
        response.headers["Tus-Extension"] = EXTENSIONS
        response.headers["Tus-Checksum-Algorithm"] = ",".join(_ALGORITHMS)
        if self.max_size is not None:
            response.headers["Tus-Max-Size"] = str(self.max_size)
        return response

    def _made(self) -> Response:
        """Create an upload; what comes with the request are its first bytes."""
        if "Upload-Defer-Length" in request.headers:
            raise _Refused(400, "Say how long the upload is: lengths that are told later are not taken here.")
        size = _number("Upload-Length")
        if self.max_size is not None and size > self.max_size:
            raise _Refused(
                413,
                Filled("The upload is larger than the %(limit)s bytes allowed here.", limit=self.max_size),
            )
        sent = request.headers.get("Upload-Metadata", "")
        metadata = _metadata(sent)
        with_body = request.mimetype == _TYPE
        self._folder.sweep(_is_over)
        upload = Upload("", size, metadata)
        self._check_name(upload)
        upload = self._folder.new(size, metadata, sent)
        self._extend(upload)
        offset = self._receive(upload, 0) if with_body or size == 0 else 0
        response = Response(status=201)
        response.headers["Location"] = url_for(f"{self._endpoint}_upload", id=upload.id)
        if with_body:
            response.headers["Upload-Offset"] = str(offset)
        return self._with_expiry(response, upload)

    def _shown(self, upload: Upload) -> Response:
        response = Response(status=200)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Upload-Offset"] = str(self._folder.offset(upload))
        response.headers["Upload-Length"] = str(upload.size)
        if upload.sent:
            response.headers["Upload-Metadata"] = upload.sent
        return self._with_expiry(response, upload)

    def _patched(self, upload: Upload) -> Response:
        if request.mimetype != _TYPE:
            raise _Refused(415, Filled("The bytes of an upload are sent as %(type)s.", type=_TYPE))
        offset = self._receive(upload, _number("Upload-Offset"))
        response = Response(status=204)
        response.headers["Upload-Offset"] = str(offset)
        return self._with_expiry(response, upload)

    def _deleted(self, upload: Upload) -> Response:
        try:
            if not upload.is_complete:
                with self._folder.locked(upload.id):
                    self._folder.remove(upload)
            else:
                self._folder.remove(upload)
        except Locked:
            raise _locked() from None
        except FileNotFoundError:
            self._folder.remove(upload)
        return Response(status=204)

    # Steps of them.

    def _find(self, id: str) -> Upload:
        upload = self._folder.find(id)
        if upload is None:
            abort(404)
        if _is_over(upload):
            self._folder.remove(upload)
            raise _Refused(410, "The time of this upload is over.")
        return upload

    def _receive(self, upload: Upload, start: int) -> int:
        """Take what the request brings from ``start`` on, and return how far the upload is then."""
        if upload.is_complete:
            if start != upload.size:
                raise _Refused(409, Filled("The upload is complete, with %(size)s bytes.", size=upload.size))
            return upload.size
        try:
            with self._folder.locked(upload.id) as file:
                there = file.seek(0, os.SEEK_END)
                if start != there:
                    raise _Refused(
                        409, Filled("The upload has %(size)s bytes: go on from there.", size=there)
                    )
                end = self._write(upload, file, start)
                self._extend(upload)
                if end == upload.size:
                    self._finish(upload)
                return end
        except Locked:
            raise _locked() from None
        except FileNotFoundError:  # another request was first
            again = self._folder.find(upload.id)
            if again is None or not again.is_complete:
                abort(404)
            return self._receive(again, start)

    def _write(self, upload: Upload, file: BinaryIO, start: int) -> int:
        """Write the body behind what is there; what came before a client went stays, unless it has a checksum."""
        digest, expected = _checksum()
        offset = start
        try:
            while piece := request.stream.read(_PIECE):
                if offset + len(piece) > upload.size:
                    raise _Refused(
                        413,
                        Filled(
                            "The upload has %(size)s bytes as it was announced, and no more.",
                            size=upload.size,
                        ),
                    )
                with InsufficientStorage.instead_of_oserror():
                    _write_all(file, piece)
                offset += len(piece)
                if digest is not None:
                    digest.update(piece)
            if digest is not None and digest.digest() != expected:
                raise _Refused(460, "The checksum is not that of what arrived.")
        except BaseException as error:
            if digest is not None or isinstance(error, _Refused):
                file.truncate(start)
            raise
        return offset

    def _check_name(self, upload: Upload) -> str:
        """What an upload will be called, unless that is not let in."""
        try:
            return self.uploads.name_for(upload, None, None)[1]
        except (UploadNotAllowed, ValueError) as error:
            raise _Refused(422, str(error)) from error

    def _finish(self, upload: Upload) -> None:
        """Move an upload into its set, once; then tell the application."""
        name = self._check_name(upload)
        try:
            upload.name = self.uploads.take(self._folder.data(upload.id), name)
        except UploadNotAllowed as error:
            self._folder.remove(upload)
            raise _Refused(422, str(error)) from error
        self._folder.keep(upload)
        if self._completed is not None:
            current_app.ensure_sync(self._completed)(upload)

    def _extend(self, upload: Upload) -> None:
        """Let the time of an upload begin anew."""
        if self.expires is not None:
            upload.expires = time.time() + self.expires.total_seconds()
            self._folder.keep(upload)

    def _with_expiry(self, response: Response, upload: Upload) -> Response:
        if upload.expires is not None:
            response.headers["Upload-Expires"] = formatdate(upload.expires, usegmt=True)
        return response


def _is_over(upload: Upload) -> bool:
    return upload.expires is not None and upload.expires < time.time()


def _locked() -> _Refused:
    return _Refused(423, "Another request is writing to this upload.")


def _write_all(file: BinaryIO, data: bytes) -> None:
    written = file.write(data)
    while written < len(data):  # a disk that is nearly full takes a part
        written += file.write(data[written:])


def _number(field: str) -> int:
    """A field that is a number without a sign.

    :raises HTTPException: when it is missing or something else (400).
    """
    text = request.headers.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _Refused(400, Filled("%(field)s must be a number of bytes.", field=field))
    return int(text)


def _metadata(field: str) -> dict[str, str]:
    """The names and values of ``Upload-Metadata``.

    :raises HTTPException: when it is malformed (400).
    """
    found: dict[str, str] = {}
    for pair in field.split(",") if field.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not key or not key.isascii() or key in found:
            raise _Refused(400, "Upload-Metadata has names, each once, with a space and Base64 behind.")
        try:
            found[key] = b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _Refused(
                400, Filled("The value of %(key)s in Upload-Metadata is not text in Base64.", key=repr(key))
            ) from None
    return found


def _checksum() -> tuple[Any, bytes]:
    """What computes the digest that the request announces, and what it is to be; None when there is none.

    :raises HTTPException: for an algorithm that is not known here (400).
    """
    field = request.headers.get("Upload-Checksum")
    if field is None:
        return None, b""
    algorithm, _, value = field.partition(" ")
    if algorithm not in _ALGORITHMS:
        raise _Refused(400, Filled("Checksums are made with %(names)s here.", names=", ".join(_ALGORITHMS)))
    try:
        return hashlib.new(algorithm, usedforsecurity=False), b64decode(value, validate=True)
    except binascii.Error:
        raise _Refused(400, "Upload-Checksum has an algorithm, a space and Base64.") from None
