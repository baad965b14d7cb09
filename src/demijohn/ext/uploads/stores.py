"""Where the files of a set are: in a folder, or in an object store.

Both keep what is there: a name that is taken is never given to another file, whoever saves at the same time, in this
process or another one. This module must not know names from outside, nor what files may hold.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, cast

from demijohn.extend import InsufficientStorage, later, needs, safe_join

if TYPE_CHECKING:
    import obstore
else:
    obstore = later("obstore")  # 30 ms and an extension module, for applications that keep files elsewhere

#: Bytes of a file that is sent to an object store in one request, and in memory for that time.
_AT_ONCE = 16 * 1024 * 1024

__all__ = ["Details", "FolderStore", "ObjectStore", "Store"]


class Details(NamedTuple):
    """What a store knows of a file."""

    size: int
    changed: datetime | float
    etag: str | None


class Store(Protocol):
    """What a set asks of where its files are. Names are relative, with slashes, and clean."""

    def put(self, path: str, name: str, other: Callable[[int], str]) -> str:
        """Move a file of this machine into the store.

        :param path: The file, which is not there afterwards.
        :param name: What it shall be called.
        :param other: Gives another name for each number, from 1, when that one is taken.
        :return: What it is called.
        """
        ...

    def open(self, name: str) -> BinaryIO:
        """The file, to be read; it can be sought in.

        :raises FileNotFoundError: when there is none.
        """
        ...

    def details(self, name: str) -> Details:
        """What is known of a file.

        :raises FileNotFoundError: when there is none.
        """
        ...

    def delete(self, name: str) -> None:
        """Remove a file.

        :raises FileNotFoundError: when there is none.
        """
        ...


class FolderStore:
    """A folder, and folders in it.

    :param root: Its path; it is made with the first file.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.fspath(root)

    def path(self, name: str) -> str:
        """Where a file is.

        :raises FileNotFoundError: for a name that leads out of the folder, through a link too.
        """
        found = safe_join(self.root, name)
        if found is None or not self.holds(found):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return found

    def holds(self, path: str) -> bool:
        """Whether a path is below the folder, all links followed."""
        return os.path.realpath(path).startswith(os.path.join(os.path.realpath(self.root), ""))

    def put(self, path: str, name: str, other: Callable[[int], str]) -> str:
        """See :class:`Store`."""
        wanted, number = name, 0
        while True:
            target = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if not self.holds(target):
                raise ValueError(f"Path traversal: {name!r} leads out of the folder of the set.")
            try:
                _move_new(path, target)
                return name
            except FileExistsError:
                number += 1
                name = other(number)
                if number > 100_000:
                    raise FileExistsError(errno.EEXIST, "No other name is free", wanted) from None

    def open(self, name: str) -> BinaryIO:
        """See :class:`Store`."""
        return open(self.path(name), "rb")

    def details(self, name: str) -> Details:
        """See :class:`Store`."""
        found = os.stat(self.path(name))
        return Details(found.st_size, found.st_mtime, None)

    def delete(self, name: str) -> None:
        """See :class:`Store`."""
        os.unlink(self.path(name))


def _move_new(path: str, target: str) -> None:
    """Move a file to where nothing is, in one step that one of many can do.

    :raises FileExistsError: when something is there.
    """
    try:
        os.link(path, target)  # the whole file, or none
    except FileExistsError:
        raise
    except OSError:  # another file system, or one without links: the name is taken, then filled
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        beside = f"{target}.{token_hex(8)}.part"
        try:
            with InsufficientStorage.instead_of_oserror():
                shutil.copyfile(path, beside)
            os.replace(beside, target)
        except BaseException:
            for left in (beside, target):
                with suppress(FileNotFoundError):
                    os.unlink(left)
            raise
    os.unlink(path)


class ObjectStore:
    """Any store of obstore: S3, Azure, Google, a folder, memory.

    :param store: One of its stores, or the URL of one: ``s3://bucket/folder``.
    """

    def __init__(self, store: Any) -> None:
        self._given = store
        self._store: Any = None if isinstance(store, str) else store

    @property
    def store(self) -> Any:
        """The store; made of its URL when it is first used."""
        if self._store is None:
            with needs("uploads"):
                import obstore.store  # heavy: see above

            self._store = obstore.store.from_url(self._given)
        return self._store

    def put(self, path: str, name: str, other: Callable[[int], str]) -> str:
        """See :class:`Store`."""
        number = 0
        while True:
            try:
                self._put_new(path, name)
            except obstore.exceptions.AlreadyExistsError:
                number += 1
                name = other(number)
            else:
                os.unlink(path)
                return name

    def _put_new(self, path: str, name: str) -> None:
        with open(path, "rb") as file:
            if os.stat(path).st_size <= _AT_ONCE:
                obstore.put(self.store, name, file, mode="create")
                return
            # What goes in parts cannot ask whether the name is free: it is taken first, by nothing.
            obstore.put(self.store, name, b"", mode="create")
            try:
                obstore.put(self.store, name, file, use_multipart=True)
            except BaseException:
                obstore.delete(self.store, name)
                raise

    def open(self, name: str) -> BinaryIO:
        """See :class:`Store`."""
        try:
            return cast(BinaryIO, _Reader(obstore.open_reader(self.store, name)))
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None

    def details(self, name: str) -> Details:
        """See :class:`Store`."""
        try:
            found = obstore.head(self.store, name)
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None
        tag = found.get("e_tag")
        return Details(found["size"], found["last_modified"], tag.strip('"') if tag else None)

    def delete(self, name: str) -> None:
        """See :class:`Store`."""
        self.details(name)  # some stores are silent about what is not there
        obstore.delete(self.store, name)


class _Reader:
    """A reader of obstore as a binary file, which gives bytes."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, all of the rest by default."""
        return bytes(self._reader.read(None if size < 0 else size))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.close()

    def __iter__(self) -> Any:
        return iter(lambda: self.read(64 * 1024), b"")
