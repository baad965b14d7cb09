"""An example of the documentation served by `demijohn run`, and a page of Chromium to look at it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright
from tests.support.servers import ROOT, Server, free_port, stop_group, wait_until_ready

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]


@contextlib.contextmanager
def example(name: str, folder: Path, *options: str) -> Iterator[Server]:
    """The example `docs/examples/<name>`, in a folder of its own."""
    place = folder / name
    shutil.copytree(ROOT / "docs" / "examples" / name, place)
    port, log = free_port(), folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "demijohn", "run", "--port", str(port), *options],
            stdout=output, stderr=subprocess.STDOUT, cwd=place, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )  # fmt: skip
    running = Server("demijohn", port, process, log)
    try:
        wait_until_ready(running, "/", seconds=60)
        yield running
    finally:
        stop_group(process)


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """A page, of which no script may fail."""
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    assert errors == []


def from_npm(package: str, version: str, file: str, cache: Path) -> str:
    """A file of a package of npm, fetched once."""
    folder = cache / f"{package.replace('/', '+')}-{version}"
    if not folder.is_dir():
        folder.mkdir(parents=True)
        command = ["npm", "pack", "--json", f"{package}@{version}"]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
        archive = json.loads(done.stdout)[0]["filename"]
        shutil.unpack_archive(folder / archive, folder, filter="data")
    return (folder / "package" / file).read_text()
