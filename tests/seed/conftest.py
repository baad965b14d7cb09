"""`visit`: one sample, reached through a real server started as a reader would, and on each protocol in process.

The samples are those of the topics the package answers for, printed for Flask; here `flask` reads `demijohn`,
and the damage done by a page layout (quotes, dashes, indentation) is mended.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.support.servers import HOST, ROOT, Server, free_port, stop_group, wait_until_ready
from tests.support.web import InProcess, OverSocket, Web

SAMPLES = Path(__file__).with_name("samples")
IN_PROCESS = ("wsgi", "asgi", "rsgi")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "way" in metafunc.fixturenames:
        marks = [pytest.mark.servers, pytest.mark.xdist_group("seed")]
        ways: list[Any] = [pytest.param("server", marks=marks), *IN_PROCESS]
        metafunc.parametrize("way", ways, scope="module")
        metafunc.parametrize("sample", [metafunc.module.SAMPLE], scope="module", ids=["sample"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample runs; what it writes goes there."""
    made = tmp_path_factory.mktemp("sample")
    (made / "path" / "to" / "save").mkdir(parents=True)
    return made


@pytest.fixture(scope="module")
def load() -> Iterator[Callable[[str], ModuleType]]:
    """Import a sample afresh, as a file of that name beside the reader would be."""
    names: list[str] = []

    def load_sample(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        names.append(name)
        spec.loader.exec_module(module)
        return module

    yield load_sample
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def visit(way: str, sample: str, folder: Path, load: Callable[[str], ModuleType]) -> Iterator[Web]:
    if way == "server":
        with served(folder, "-m", "demijohn", "--app", sample, "run") as server:
            yield OverSocket(server)
        return
    back = Path.cwd()
    os.chdir(folder)
    inside = InProcess(load(sample).app, way)
    try:
        yield inside
    finally:
        inside.client.close()
        os.chdir(back)


class served:
    """A command of Python that serves on a free port, for a block."""

    def __init__(self, folder: Path, *command: str, **environment: str) -> None:
        self.port = free_port()
        self.log = folder / "log.txt"
        self.options: dict[str, Any] = {
            "cwd": folder,
            "env": {
                **{k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "DEMIJOHN_"))},
                "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(SAMPLES)]),
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                **{name: value.format(port=self.port) for name, value in environment.items()},
            },
        }
        self.command = [sys.executable, *command]
        if command[-1] == "run":
            self.command += ["--port", str(self.port)]

    def __enter__(self) -> Server:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, **self.options
            )
        server = Server("demijohn", self.port, self.process, self.log, host=HOST)
        try:
            wait_until_ready(server, "/")
        except BaseException:
            stop_group(self.process)
            raise
        return server

    def __exit__(self, *_: object) -> None:
        stop_group(self.process)


class Visitor:
    """A browser's manners: cookies are kept and sent, secure ones not over plain HTTP."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.cookies: dict[str, str] = {}

    def __call__(self, method: str, target: str, body: bytes = b"", kind: str | None = None) -> Any:
        headers = [("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))] if self.cookies else []
        if kind:
            headers.append(("Content-Type", kind))
        answer = self.web.request(method, target, headers, body)
        for line in answer.header_list("Set-Cookie"):
            pair, _, attributes = line.partition(";")
            if "secure" not in attributes.lower():
                name, _, value = pair.partition("=")
                self.cookies[name] = value
        return answer

    def get(self, target: str) -> Any:
        return self("GET", target)

    def post_form(self, target: str, body: bytes) -> Any:
        return self("POST", target, body, "application/x-www-form-urlencoded")


@pytest.fixture
def visitor(visit: Web) -> Visitor:
    """Somebody who has not been here before."""
    return Visitor(visit)
