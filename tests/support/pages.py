"""A page of the documentation, taken word for word: its files, and its commands, in the order of the page."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import free_port, stop_group

import listings

DOCS = listings.ROOT / "docs"
STEP = re.compile(
    r"(?:^`(?P<name>[^`\n]+)`:\n\n)?(?P<listing><!-- listing: .*? -->\n```\w*\S*\n.*?^```\n)"
    r"|^```console\n(?P<commands>.*?)^```\n"
    r"|\[`(?P<linked>[^`\n]+)`\]\((?P<file>(?:\.\./)?examples/[^)\s]+)\)",
    re.MULTILINE | re.DOTALL,
)
INSTALL = re.compile(
    r"pip install (?:\"?(?P<package>demijohn)(?:\[(?P<extras>[\w,-]+)\])?\"?)(?P<others>.*)$"
)


@dataclass(frozen=True)
class File:
    """A listing that a page gives a name, or a file that it leads to by a link."""

    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A line that a page types, without its comment, and what it shows of the answer."""

    line: str
    shown: str = ""

    @property
    def stays(self) -> bool:
        """Whether it goes on until it is stopped."""
        return re.search(r"\brun\b|\bworker\b|^(gunicorn|uvicorn|hypercorn|granian) ", self.line) is not None

    @property
    def installs(self) -> bool:
        return self.line.startswith("pip install ")


def steps(page: str) -> list[File | Command]:
    """What somebody does who follows a page."""
    found: list[File | Command] = []
    for step in STEP.finditer((DOCS / f"{page}.md").read_text()):
        if step["commands"]:
            typed = re.findall(r"^\$ (.*?)(?:\s+# .*)?\n((?:[^$].*\n)*)", step["commands"], re.MULTILINE)
            found += [Command(line, shown) for line, shown in typed]
        elif step["linked"]:
            found.append(File(step["linked"], (DOCS / step["file"]).read_text()))
        elif step["name"]:
            found.append(File(step["name"], listings.block_text(step["listing"])))
    return found


def files(page: str) -> list[File]:
    return [step for step in steps(page) if isinstance(step, File)]


def commands(page: str) -> list[Command]:
    return [step for step in steps(page) if isinstance(step, Command)]


def followed() -> list[str]:
    """Pages with something to type or to put into a file."""
    return [page.stem for page in sorted(DOCS.glob("*.md")) if steps(page.stem)]


class Walk:
    """The steps of a page, in an empty folder, with the commands that an environment has."""

    def __init__(self, folder: Path, environment: Path, **variables: str) -> None:
        self.folder = folder
        self.output = ""
        #: What runs, by the port that the page says.
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ports: defaultdict[str, int] = defaultdict(free_port)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(environment),
            "PYTHONUNBUFFERED": "1",
            "DEMIJOHN_RUN_PORT": str(self.ports["5000"]),
            **variables,
        }

    def take(self, step: File | Command) -> None:
        if isinstance(step, File):
            place = self.folder / step.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(step.text)
        elif found := re.match(r"export (\w+)=(.*)", step.line):
            self.environment.setdefault(found[1], found[2])
        elif step.stays:
            self.start(step.line)
            self.compare(step, self.said())
        else:
            line = self.filled_in(step.line)
            done = subprocess.run(
                line, shell=True, cwd=self.folder, env=self.environment, input="secret\nsecret\n",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
            )  # fmt: skip
            self.output = done.stdout
            assert done.returncode == 0, f"$ {line}\n{done.stdout}{self.said()}"
            if "…" not in step.line:
                self.compare(step, done.stdout)
            if line.startswith("curl "):
                status = done.stdout.splitlines()[-1]
                assert status < "400" or status in step.shown, f"$ {line}\n{done.stdout}{self.said()}"

    def compare(self, command: Command, output: str) -> None:
        """What a page shows of the output is in it, but for numbers."""
        said = {re.sub(r"\d+", "0", line.rstrip()) for line in output.splitlines()}
        shown = [line.rstrip() for line in command.shown.splitlines() if "…" not in line]
        other = [line for line in shown if re.sub(r"\d+", "0", line) not in said]
        assert not other, f"$ {command.line}\ndoes not say {other}\n{output}"

    def start(self, line: str) -> None:
        """Start a server, whose first page must not fail, or a worker."""
        found = re.search(r"(?:--port |--bind \S+:)(\d+)", line)
        port = found[1] if found else "" if "worker" in line.split() else "5000"
        if port in self.running:
            stop_group(self.running.pop(port))
        line = self.filled_in(line)
        with (self.folder.parent / f"{self.folder.name}-{port}.log").open("wb") as log:
            process = self.running[port] = subprocess.Popen(
                f"exec {line}", shell=True, cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while (status := self.get(port) if port else 200 if "ready" in self.said() else None) is None:
            assert process.poll() is None, f"$ {line}\n{self.said()}"
            assert time.monotonic() < deadline, f"$ {line}\nno answer\n{self.said()}"
            time.sleep(0.1)
        assert status < 500, f"$ {line}\nGET / is {status}\n{self.said()}"

    def get(self, port: str) -> int | None:
        """The status of the first page, None while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}/", timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def said(self) -> str:
        """What the servers have said so far."""
        logs = sorted(self.folder.parent.glob(f"{self.folder.name}-*.log"))
        return "\n".join(log.read_text() for log in logs)

    def stop(self) -> None:
        for process in self.running.values():
            stop_group(process)

    def filled_in(self, line: str) -> str:
        """With ports that are free here, and what an earlier answer named where the page shortens it."""
        line = re.sub(r"(?<=[ :])\d{4}\b", lambda found: str(self.ports[found[0]]), line)
        line = re.sub(r"\bcurl\b", r"curl -sS -w '\\n%{http_code}'", line)
        if shortened := re.search(r"(/[\w/]+/)\w*…", line):
            whole = re.findall(rf"{shortened[1]}[\w.=-]+", self.output)
            line = line.replace(shortened[0], whole[0])
        return line


@contextlib.contextmanager
def walk(folder: Path, environment: Path, **variables: str) -> Iterator[Walk]:
    folder.mkdir()
    walking = Walk(folder, environment, **variables)
    try:
        yield walking
    finally:
        walking.stop()
