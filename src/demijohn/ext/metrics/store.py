"""The numbers of one process, and those of its siblings: in memory that all of them can read.

Each process has two files in a folder that the server's processes share: a line for each series, and the numbers of
all series in that order, mapped into memory. So counting is an addition, and what a process that was killed has counted
stays. Without a folder the same memory belongs to this process alone. This module must not know what is counted.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from _thread import allocate_lock
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

#: Series that one process may have.
MOST = 4096


class Series(NamedTuple):
    """The name of some numbers, and the numbers."""

    key: tuple[str, ...]
    values: list[float]


class Store:
    """The numbers of this process.

    :param width: How many numbers a series has.
    :param folder: Where the processes of a server have theirs; None for none but this one.
    """

    def __init__(self, width: int, folder: Path | None) -> None:
        self.width = width
        self.folder = folder
        #: Around each addition: two threads may come to the same number.
        self.lock = allocate_lock()
        self._keys: list[tuple[str, ...]] = []
        self._names: Path | None = None
        #: Whether this process has served.
        self.left = False
        size = MOST * width * 8
        if folder is None:
            memory = mmap.mmap(-1, size)
        else:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = folder / str(os.getpid())
            self._names = Path(f"{name}.names")
            self._names.touch()
            with open(f"{name}.values", "a+b") as file:
                file.truncate(size)
                memory = mmap.mmap(file.fileno(), size)
        #: All numbers, series after series.
        self.values: Any = memoryview(memory).cast("d")

    def place(self, key: tuple[str, ...]) -> int:
        """Where the numbers of a new series begin; those of the last one where there are too many."""
        with self.lock:
            if len(self._keys) == MOST:
                return (MOST - 1) * self.width
            if len(self._keys) == MOST - 1:
                key = ("other",) * len(key)
            if self._names is not None:
                with open(self._names, "a", encoding="utf-8") as file:
                    file.write(json.dumps(key) + "\n")
            self._keys.append(key)
            return (len(self._keys) - 1) * self.width

    def own(self) -> Iterator[Series]:
        """The series of this process."""
        for number, key in enumerate(tuple(self._keys)):
            yield Series(key, list(self.values[number * self.width : (number + 1) * self.width]))

    def others(self) -> Iterator[tuple[int, Iterator[Series]]]:
        """Those of the other processes of the server, also of those that have ended, by their process."""
        if self.folder is None:
            return
        for names in sorted(self.folder.glob("*.names")):
            pid = int(names.stem)
            if pid != os.getpid():
                yield pid, self._read(names)

    def _read(self, names: Path) -> Iterator[Series]:
        with contextlib.suppress(OSError):  # it is being tidied away
            lines = names.read_text(encoding="utf-8").splitlines()
            values = memoryview(names.with_suffix(".values").read_bytes()).cast("d")
            for number, line in enumerate(lines):
                key = tuple(json.loads(line))
                yield Series(key, list(values[number * self.width : (number + 1) * self.width]))

    # Numbers that are said, not counted.

    def say(self, gauges: dict[str, Any]) -> None:
        """Let the other processes know what this one says of itself."""
        if self.folder is not None and not self.left:
            file = self.folder / f"{os.getpid()}.gauges"
            fresh = file.with_suffix(".new")
            with contextlib.suppress(OSError):
                fresh.write_text(json.dumps(gauges), encoding="utf-8")
                os.replace(fresh, file)

    def said(self) -> Iterator[dict[str, Any]]:
        """What the others say of themselves, those that live."""
        if self.folder is None:
            return
        for file in self.folder.glob("*.gauges"):
            if int(file.stem) != os.getpid() and lives(int(file.stem)):
                with contextlib.suppress(OSError, ValueError):
                    yield json.loads(file.read_text(encoding="utf-8"))

    def leave(self) -> None:
        """Say nothing more; the last process that does lets the folder go."""
        if self.folder is None:
            return
        self.left = True
        with contextlib.suppress(OSError):
            (self.folder / f"{os.getpid()}.gauges").unlink(missing_ok=True)
            if not any(lives(int(file.stem)) for file in self.folder.glob("*.gauges")):
                for file in self.folder.iterdir():
                    file.unlink(missing_ok=True)
                self.folder.rmdir()


def lives(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
