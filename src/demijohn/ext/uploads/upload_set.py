"""The sets themselves: which files are let in, what they are called, and where they are found again.

This module must not know where the bytes are kept (``stores``), nor how content is told (``content``, ``images``,
``archives``).
"""

from __future__ import annotations

import os
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from tempfile import gettempdir
from typing import Any, BinaryIO, Literal

from werkzeug.datastructures import FileStorage

from demijohn import Flask, Response, abort, current_app, has_app_context, request, send_file, url_for
from demijohn.ext.uploads.archives import PACKED, unpacked_size
from demijohn.ext.uploads.content import HEAD, RUN_BY_SERVERS, fits
from demijohn.ext.uploads.exceptions import UploadNotAllowed
from demijohn.ext.uploads.extensions import DEFAULTS, extension, lowercase_ext
from demijohn.ext.uploads.images import RASTER, dimensions
from demijohn.ext.uploads.stores import FolderStore, ObjectStore, Store
from demijohn.ext.uploads.test_helper import TestingFileStorage
from demijohn.extend import Filled, InsufficientStorage, Part, secure_filename

__all__ = ["UploadConfiguration", "UploadSet", "serve_upload"]

_PIECE = 256 * 1024


class UploadConfiguration:
    """What the settings of an application say of one set.

    :param destination: The folder of its files; None when they are in an object store.
    :param base_url: Where they are downloaded from, with a slash at the end; None: from the application.
    :param allow: Extensions that are let in whatever the set says.
    :param deny: Extensions of the set that are not let in.
    """

    def __init__(
        self, destination: str | None, base_url: str | None = None,
        allow: tuple[str, ...] = (), deny: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.destination, self.base_url = destination, base_url
        self.allow, self.deny = allow, deny

    @property
    def tuple(self) -> tuple[str | None, str | None, tuple[str, ...], tuple[str, ...]]:
        """All of it."""
        return self.destination, self.base_url, self.allow, self.deny

    def __eq__(self, other: object) -> bool:
        return self.tuple == other.tuple if isinstance(other, UploadConfiguration) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


class UploadSet:
    """Files of one kind: what is let in, how it is named, where it is.

    One object serves several applications, each with its own settings; see :func:`configure_uploads`.

    :param name: Letters and digits; the settings of the set have it in their names.
    :param extensions: What is let in, in lower case and without dots: a tuple, ``ALL`` or ``AllExcept(...)``.
    :param default_dest: Makes the folder of an application that has no setting for it.
    :param names: ``"random"``: a name that nobody can guess, with the extension; None: the client's, cleaned.
    :param max_pixels: Most pixels of an image; its size is read from its head.
    :param max_unpacked: Most bytes that an archive, or an office document in a zip, unpacks to.
    :param store: An object store of ``obstore``, or its URL, in place of a folder.
    """

    def __init__(
        self,
        name: str = "files",
        extensions: Any = DEFAULTS,
        default_dest: Callable[[Flask], str] | None = None,
        *,
        names: Literal["random"] | None = None,
        max_pixels: int | None = None,
        max_unpacked: int | None = None,
        store: Any = None,
    ) -> None:
        if not name.isalnum():
            raise ValueError(f"The name of an upload set has letters and digits only: {name!r} has others.")
        if names not in (None, "random"):
            raise ValueError(f"names={names!r} is not known: it is 'random', or None for the client's names.")
        self.name = name
        self.extensions = extensions
        self.default_dest = default_dest
        self.names = names
        self.max_pixels = max_pixels
        self.max_unpacked = max_unpacked
        self._object_store = None if store is None else ObjectStore(store)
        #: Stands for what the application says, where there is none.
        self._config: UploadConfiguration | None = None

    @property
    def has_store(self) -> bool:
        """Whether the files are in an object store rather than a folder."""
        return self._object_store is not None

    @property
    def config(self) -> UploadConfiguration:
        """What the current application says of the set.

        :raises RuntimeError: when it was not configured.
        """
        if self._config is not None:
            return self._config
        try:
            found: UploadConfiguration = current_app.upload_set_config[self.name]  # type: ignore[attr-defined]
        except (AttributeError, KeyError):
            raise RuntimeError(
                "The application is not properly configured. Please make sure to use `configure_uploads`."
            ) from None
        return found

    @property
    def store(self) -> Store:
        """Where the files are."""
        if self._object_store is not None:
            return self._object_store
        return FolderStore(self._folder())

    def _folder(self) -> str:
        destination = self.config.destination
        if destination is None:
            raise RuntimeError(f"The files of the set {self.name!r} are in an object store, without paths.")
        return destination

    def url(self, filename: str) -> str:
        """Where a file of the set is downloaded from, whether it is there or not."""
        base = self.config.base_url
        if base is None:
            return url_for("_uploads.uploaded_file", setname=self.name, filename=filename, _external=True)
        return base + filename

    def path(self, filename: str, folder: str | None = None) -> str:
        """The path of a file of the set, whether it is there or not. For names that come from outside, use
        :meth:`open` or :meth:`serve`, which keep to the folder."""
        return os.path.join(self._folder(), *(() if folder is None else (folder,)), filename)

    # What is let in.

    def file_allowed(self, storage: Any, basename: str) -> bool:
        """Whether a file is let in under a name; to be overridden. Content is looked at apart from this.

        :param storage: The file.
        :param basename: What it will be called, without a folder.
        """
        return self.extension_allowed(extension(basename))

    def extension_allowed(self, ext: str) -> bool:
        """Whether files with an extension, in lower case and without a dot, are let in."""
        config = self.config
        return ext in config.allow or (ext in self.extensions and ext not in config.deny)

    def check(self, file: BinaryIO, name: str) -> None:
        """Look at a file that would be called ``name``: what it is, how large an image, what it unpacks to.

        :param file: Can be sought in; it is left at its start.
        :raises UploadNotAllowed: with the reason.
        """
        ext = extension(name).lower()
        try:
            file.seek(0)
            if not fits(ext, file.read(HEAD)):
                raise UploadNotAllowed(
                    Filled(
                        "The file does not hold what its extension says (%(extension)s).",
                        extension=ext or "none",
                    )
                )
            if self.max_pixels is not None and ext in RASTER:
                self._check_pixels(file)
            if self.max_unpacked is not None and ext in PACKED:
                self._check_unpacked(file)
        finally:
            file.seek(0)

    def _check_pixels(self, file: BinaryIO) -> None:
        size = dimensions(file)
        if size is None:
            raise UploadNotAllowed("The image does not say how large it is.")
        if size[0] * size[1] > (self.max_pixels or 0):
            raise UploadNotAllowed(Filled(
                "The image has %(width)s x %(height)s pixels, more than the %(limit)s that are let in.",
                width=size[0], height=size[1], limit=self.max_pixels,
            ))  # fmt: skip

    def _check_unpacked(self, file: BinaryIO) -> None:
        limit = self.max_unpacked or 0
        try:
            size = unpacked_size(file, limit)
        except ValueError as error:
            raise UploadNotAllowed(str(error)) from error
        if size is None:
            raise UploadNotAllowed("The archive does not say how much it unpacks to.")
        if size > limit:
            raise UploadNotAllowed(
                Filled("The archive unpacks to more than the %(limit)s bytes that are let in.", limit=limit)
            )

    # What files are called.

    def get_basename(self, filename: str) -> str:
        """A name from a client as one of this set: plain ASCII, the extension in lower case.

        Of a name in another script nothing but the extension is left, and ``upload`` stands before it.
        """
        basename = lowercase_ext(secure_filename(filename))
        given = extension(filename)
        if _checks() and given and basename.lower() == given.lower():
            return f"upload.{given.lower()}"
        return basename

    def resolve_conflict(self, target_folder: str, basename: str) -> str:
        """Another name for a file where there is one of its name: with ``_1``, ``_2`` and so on behind it.

        It is asked again when somebody else was faster.
        """
        number = 1
        while os.path.exists(os.path.join(target_folder, _numbered(basename, number))):
            number += 1
        return _numbered(basename, number)

    def name_for(self, storage: Any, folder: str | None, name: str | None) -> tuple[str, str]:
        """The folder, or an empty text, and the name of a file that shall be saved.

        Each name is looked at as it will be, after every change of it.

        :raises ValueError: when the client gave no name, or nothing is left of the one given here.
        :raises UploadNotAllowed: when it is not let in.
        """
        if folder is None and name is not None and "/" in name:
            folder, name = os.path.split(name)
        if storage.filename is None:
            raise ValueError("Filename must not be empty!")
        basename = self.get_basename(storage.filename)
        given = extension(basename)
        self._refuse_name(storage, basename)
        if name:
            stem = secure_filename(name)
            if not stem:
                raise ValueError(f"Invalid filename after sanitization: nothing is left of {name!r}.")
            basename = lowercase_ext(f"{stem}.{given}" if name.rstrip().endswith(".") else stem)
            # COMPAT: Flask-Reuploaded takes a name without an extension, whatever the set lets in.
            if _checks() or extension(basename):
                self._refuse_name(storage, basename)
        elif self.names == "random":
            basename = f"{token_hex(16)}.{given}" if given else token_hex(16)
        if _checks():
            basename = _disarmed(basename)
        return secure_filename(folder) if folder else "", basename

    def _refuse_name(self, storage: Any, basename: str) -> None:
        ext = extension(basename)
        if not self.file_allowed(storage, basename):
            raise UploadNotAllowed(
                Filled("File extension %(extension)s is not allowed.", extension=repr(ext))
                if ext
                else "A file without an extension is not allowed."
            )
        if not basename:
            raise UploadNotAllowed("Nothing is left of the file's name that could be kept.")

    # Files in, files out.

    def save(self, storage: FileStorage | Part, folder: str | None = None, name: str | None = None) -> str:
        """Take a file into the set, and return its name there, with its folder.

        :param storage: A file of ``request.files``, or a part of ``request.parts()``.
        :param folder: A folder within the set.
        :param name: What it shall be called; with a dot at its end, the file's extension is added. A folder may
            stand before it.
        :raises UploadNotAllowed: when it is not let in; nothing of it is kept.
        :raises ClientDisconnected: when a part ends early (400).
        :raises InsufficientStorage: when there is no room (507).
        """
        _refuse_other_kinds(storage)
        folder, basename = self.name_for(storage, folder, name)
        if isinstance(storage, FileStorage) and type(storage).save is not FileStorage.save:
            return self._save_by_itself(storage, folder, basename)
        with self._working_file() as path:
            if isinstance(storage, Part):
                storage.save(path)
            else:
                with InsufficientStorage.instead_of_oserror():
                    storage.save(path, _PIECE)
            return self.take(path, basename, folder)

    async def asave(
        self, storage: FileStorage | Part, folder: str | None = None, name: str | None = None
    ) -> str:
        """:meth:`save`, awaited: the file is written and looked at in a thread."""
        if not isinstance(storage, Part):
            return await to_thread(self.save, storage, folder, name)
        folder, basename = self.name_for(storage, folder, name)
        with self._working_file() as path:
            await storage.asave(path)
            return await to_thread(self.take, path, basename, folder)

    def take(self, path: str | os.PathLike[str], name: str, folder: str = "") -> str:
        """Move a file of this machine into the set, once it was looked at; return its name there.

        :param path: The file, which is not there afterwards.
        :param name: A clean name, without a folder.
        :param folder: A clean folder.
        :raises UploadNotAllowed: when what it holds is not let in.
        """
        path = os.fspath(path)
        if _checks():
            with open(path, "rb") as file:
                self.check(file, name)
        with InsufficientStorage.instead_of_oserror():
            return self.store.put(
                path, _joined(folder, name), lambda number: self._other(folder, name, number)
            )

    def _other(self, folder: str, name: str, number: int) -> str:
        """Another name for one that is taken."""
        if self.has_store or number > 1 or type(self).resolve_conflict is UploadSet.resolve_conflict:
            return _joined(folder, _numbered(name, number))
        return _joined(folder, self.resolve_conflict(os.path.join(self._folder(), folder).rstrip("/"), name))

    @contextmanager
    def _working_file(self) -> Iterator[str]:
        """A path for a file that is not in the set yet; what is left there is removed."""
        folder = gettempdir()
        if not self.has_store:
            folder = self._folder()
            os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f".{token_hex(16)}.part")
        try:
            yield path
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _save_by_itself(self, storage: FileStorage, folder: str, basename: str) -> str:
        """Save a file of a class that writes itself: at a path, which is free or its own."""
        root = self._folder()
        target_folder = os.path.join(root, folder) if folder else root
        if not os.path.exists(target_folder):
            with suppress(FileExistsError):  # another thread made it
                os.makedirs(target_folder)
        if os.path.exists(os.path.join(target_folder, basename)):
            basename = self.resolve_conflict(target_folder, basename)
        target = os.path.join(target_folder, basename)
        if not FolderStore(root).holds(target):
            raise ValueError(
                f"Path traversal: {_joined(folder, basename)!r} leads out of the folder of the set."
            )
        if isinstance(storage, TestingFileStorage):
            storage.save(target)
            return _joined(folder, basename)
        with self._working_file() as path:
            storage.save(path)
            return self.take(path, basename, folder)

    def open(self, name: str) -> BinaryIO:
        """A file of the set, to be read.

        :raises FileNotFoundError: when there is none of this name.
        """
        return self.store.open(name)

    def delete(self, name: str) -> None:
        """Remove a file of the set.

        :raises FileNotFoundError: when there is none of this name.
        """
        self.store.delete(name)

    def serve(self, name: str, *, as_attachment: bool = True, download_name: str | None = None) -> Response:
        """A response with a file of the set: for saving rather than showing, with ranges.

        :param name: The file, as :meth:`save` returned it.
        :param as_attachment: False lets browsers show it; for images, never for what may hold scripts.
        :param download_name: The name browsers save it by; the file's own by default.
        :raises NotFound: when there is none of this name (404).
        """
        return serve_upload(self.store, name, as_attachment, download_name)


def serve_upload(store: Store, name: str, as_attachment: bool, download_name: str | None = None) -> Response:
    """A response with a file of a store, with ranges; see :meth:`UploadSet.serve`.

    :raises NotFound: when there is none of this name (404).
    """
    offered = download_name or os.path.basename(name)
    try:
        if isinstance(store, FolderStore):
            path = os.path.abspath(store.path(name))
            response = send_file(path, as_attachment=as_attachment, download_name=offered)
        else:
            response = _serve_object(store, name, as_attachment, offered)
    except (FileNotFoundError, IsADirectoryError):
        abort(404)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _serve_object(store: Store, name: str, as_attachment: bool, offered: str) -> Response:
    details = store.details(name)
    response = send_file(
        store.open(name),
        as_attachment=as_attachment,
        download_name=offered,
        conditional=False,
        etag=details.etag or False,
        last_modified=details.changed,
    )
    response.content_length = details.size
    response.make_conditional(request.environ, accept_ranges=True, complete_length=details.size)
    return response


def _checks() -> bool:
    """Whether content is looked at, and names are disarmed: the policy of the current application."""
    return not has_app_context() or current_app.policy.checked_uploads


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _numbered(basename: str, number: int) -> str:
    stem, dotted = os.path.splitext(basename)
    return f"{stem}_{number}{dotted}"


def _disarmed(basename: str) -> str:
    """``a.php.jpg`` as ``a_php.jpg``: some servers run a file for any part of its name."""
    *before, last = basename.split(".")
    stem = before[0] if before else ""
    for part in before[1:]:
        stem += ("_" if part.lower() in RUN_BY_SERVERS else ".") + part
    return f"{stem}.{last}" if before else last


def _refuse_other_kinds(storage: object) -> None:
    if not isinstance(storage, (FileStorage, Part)):
        raise TypeError(
            f"storage must be a werkzeug.FileStorage or a part of request.parts(), not {type(storage).__name__}."
        )
