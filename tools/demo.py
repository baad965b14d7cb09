"""Start the flagship application, `examples/cellar`, in production mode; `./demo` is the way in.

Makes .venv when it is missing and a secret key on the first run, brings the database up to date, then becomes
the server process, so that Ctrl-C and SIGTERM reach the server itself and nothing is left behind. Standard
library only.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import environment
from environment import PYTHON, ROOT

CELLAR = ROOT / "examples" / "cellar"
INSTANCE = CELLAR / "instance"
APPLICATION = "cellar:create_app()"
HOST = "127.0.0.1"
DEFAULT_PORT = 8000
PORTS_TO_TRY = 20


def make_secret_key(folder: Path) -> None:
    """Put a key into `folder/secret_key`, where the cellar looks for it, unless one is there already.

    Only the owner can read the file.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(folder / "secret_key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(handle, "w") as file:
        file.write(secrets.token_hex(32))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(asked: int | None) -> int:
    """The port that was asked for, or the first free one from DEFAULT_PORT on. Exits when none is free."""
    candidates = [asked] if asked is not None else range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TO_TRY)
    for port in candidates:
        if is_free(port):
            return port
    where = f"port {asked}" if asked is not None else f"no port from {DEFAULT_PORT} on"
    sys.exit(f"./demo: {where} is not free on {HOST}. Give another one: ./demo --port 9000")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./demo", description="Start the flagship application on loopback.")
    parser.add_argument(
        "--port",
        type=int,
        default=int(os.environ["PORT"]) if os.environ.get("PORT", "").isdigit() else None,
        help=f"default: the environment's PORT, else the first free one from {DEFAULT_PORT} on",
    )
    return parser.parse_args(arguments)


def extras() -> list[str]:
    """The extras of the package that the cellar needs, with drivers of the database and the Redis it is told of."""
    needed = ["migrations", "forms", "i18n", "ratelimit", "realtime", "tasks", "brotli", "server"]
    if os.environ.get("CELLAR_DATABASE_URL", "").startswith("postgres"):
        needed.append("postgres")
    if os.environ.get("CELLAR_REDIS_URL"):
        needed.append("redis")
    return needed


def stop(_signal: int, _frame: object) -> None:
    """End this program, and with it the step that is under way."""
    sys.exit(128 + signal.SIGTERM)


def main(arguments: Sequence[str]) -> None:
    signal.signal(signal.SIGTERM, stop)
    port = choose_port(parse(arguments).port)
    if not PYTHON.exists():
        print("Preparing .venv, once; this takes a moment.", flush=True)
    try:
        environment.ensure("demo", extras=extras())
    except environment.EnvironmentFailed as error:
        sys.exit(f"./demo: {error}")
    make_secret_key(Path(os.environ.get("CELLAR_DATA_FOLDER") or INSTANCE))
    os.chdir(CELLAR)
    command = [str(PYTHON), "-m", "demijohn", "--app", APPLICATION]
    if subprocess.run([*command, "cellar", "set-up"], check=False).returncode:
        sys.exit("./demo: the database could not be brought up to date; what was wrong stands above.")
    print(f"The cellar is at http://{HOST}:{port}/ (Ctrl-C stops it)", flush=True)
    os.execv(command[0], [*command, "run", "--host", HOST, "--port", str(port)])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
