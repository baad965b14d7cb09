"""Noticing that source files changed.

The worker says what to watch, from the modules it has imported: the trees of packages and the
directories of single modules, never the standard library or installed packages. The supervisor
watches, with ``watchfiles`` when it is installed and by looking every second otherwise.
"""

from __future__ import annotations

import fnmatch
import os
import site
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeAlias

#: Seconds between two looks, without ``watchfiles``.
INTERVAL = 1.0

#: ``watchfiles.watch``: batches of changes, each with the path it is of.
_Watch: TypeAlias = Callable[..., Iterable[Iterable[tuple[object, str]]]]

_SKIPPED_DIRECTORIES = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages"})

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _installed_roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    roots = {paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"], _HERE}
    roots.update(site.getsitepackages())
    return tuple(os.path.realpath(root) + os.sep for root in roots)


def watchable_modules(more_files: Iterable[str] = ()) -> dict[str, list[str]]:
    """What this process has imported that a user may edit.

    :param more_files: Files beside those of ``sys.modules``.
    :return: ``trees``: directories to watch with all below; ``directories``: those to watch alone.
    """
    installed = _installed_roots()
    trees: set[str] = set()
    directories: set[str] = set()
    files = [*more_files, *(getattr(m, "__file__", None) or "" for m in list(sys.modules.values()))]
    for file in files:
        if not file.endswith(".py") or not os.path.isabs(file):
            continue
        path = os.path.realpath(file)
        if path.startswith(installed) or _SKIPPED_DIRECTORIES.intersection(path.split(os.sep)):
            continue
        directory = os.path.dirname(path)
        if not os.path.exists(os.path.join(directory, "__init__.py")):
            directories.add(directory)
            continue
        while os.path.exists(os.path.join(os.path.dirname(directory), "__init__.py")):
            directory = os.path.dirname(directory)
        trees.add(directory)
    return {"trees": sorted(trees), "directories": sorted(directories)}


class Watcher:
    """Calls ``on_change(path)`` from a thread when a watched file changes.

    :param extra_files: Files, or directories with all below, whose every change counts.
    :param exclude_patterns: ``fnmatch`` patterns of paths that never count.
    """

    def __init__(
        self, on_change: Callable[[str], None], extra_files: Iterable[str] = (), exclude_patterns: Iterable[str] = ()
    ) -> None:  # fmt: skip
        self._on_change = on_change
        self._extra = frozenset(os.path.realpath(path) for path in extra_files)
        self._exclude = tuple(exclude_patterns)
        self._places: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self._stop: threading.Event | None = None
        self._since = time.time_ns()

    def watch(self, trees: Iterable[str], directories: Iterable[str], since: float) -> None:
        """Watch these too from now on, beside the extra files and what is watched already.

        :param since: The time, in seconds as :func:`time.time` has it, at which the worker that named
            them began. What changed after it, while nobody looked, counts as well.
        """
        self._since = int(since * 1e9)
        extra_trees = {path for path in self._extra if os.path.isdir(path)}
        extra_directories = {os.path.dirname(path) for path in self._extra - extra_trees}
        places = (
            self._places[0] | frozenset(trees) | extra_trees,
            self._places[1] | frozenset(directories) | extra_directories,
        )
        if places == self._places:
            return
        if self._stop is not None:
            self._stop.set()
        self._places, self._stop = places, threading.Event()
        watch = _watchfiles()
        if watch is None:
            self._start(partial(self._poll, self._stop))
            return
        for paths, recursive in ((places[0], True), (places[1], False)):
            existing = [path for path in paths if os.path.isdir(path)]
            if existing:
                self._start(partial(self._watch_with, watch, existing, recursive, self._stop))

    def stop(self) -> None:
        """Watch nothing any more."""
        if self._stop is not None:
            self._stop.set()

    def counts(self, path: str) -> bool:
        """Whether a change of this file is one to reload for."""
        if any(fnmatch.fnmatch(path, pattern) for pattern in self._exclude):
            return False
        if path in self._extra or any(path.startswith(extra + os.sep) for extra in self._extra):
            return True
        return path.endswith(".py") and not _SKIPPED_DIRECTORIES.intersection(path.split(os.sep))

    @staticmethod
    def _start(target: Callable[[], None]) -> None:
        threading.Thread(target=target, name="demijohn-watch", daemon=True).start()

    def _watch_with(self, watch: _Watch, paths: list[str], recursive: bool, stop: threading.Event) -> None:
        batches = watch(
            *paths, recursive=recursive, stop_event=stop, watch_filter=None, step=50,
            rust_timeout=500, yield_on_timeout=True, raise_interrupt=False,
        )  # fmt: skip
        caught_up = False
        for batch in batches:
            changed = [path for _, path in batch if self.counts(path)]
            if not caught_up:
                caught_up = True
                changed += self._changed_before(dict(self._stamps()))
            if changed:
                self._on_change(min(changed))

    def _poll(self, stop: threading.Event) -> None:
        before = dict(self._stamps())
        changed = self._changed_before(before)
        while True:
            if changed:
                self._on_change(min(changed))
            if stop.wait(INTERVAL):
                return
            now = dict(self._stamps())
            changed = [path for path in before.keys() | now.keys() if before.get(path) != now.get(path)]
            before = now

    def _changed_before(self, stamps: dict[str, tuple[int, int]]) -> list[str]:
        """What changed between the worker's start and the first look."""
        return [path for path, (modified, _) in stamps.items() if modified > self._since]

    def _stamps(self) -> Iterator[tuple[str, tuple[int, int]]]:
        trees, directories = self._places
        for place in trees:
            for folder, folders, files in os.walk(place):
                folders[:] = [f for f in folders if f not in _SKIPPED_DIRECTORIES and not f.startswith(".")]
                yield from self._stamps_in(folder, files)
        for place in directories:
            try:
                yield from self._stamps_in(place, os.listdir(place))
            except OSError:
                continue

    def _stamps_in(self, folder: str, names: list[str]) -> Iterator[tuple[str, tuple[int, int]]]:
        for name in names:
            path = os.path.join(folder, name)
            if not self.counts(path):
                continue
            try:
                status = os.stat(path)
            except OSError:
                continue  # removed between the two looks
            yield path, (status.st_mtime_ns, status.st_size)


def _watchfiles() -> _Watch | None:
    """What watches files without looking at each, where it is installed."""
    try:
        # Imported here: an optional requirement, and only the reloader watches.
        from watchfiles import watch
    except ImportError:
        return None
    return watch
