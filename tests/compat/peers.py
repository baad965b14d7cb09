"""Whose suites are run over this package, in an environment of their own that has the real Flask too."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: Everything that is installed: the extensions, what their tests import, and what runs us.
PACKAGES = [
    "flask==3.1.3", "flask-sqlalchemy==3.1.1", "flask-wtf==1.3.0", "flask-login==0.6.3",
    "flask-restful==0.3.10", "flask-babel==4.0.0", "flask-migrate==4.1.0", "flask-socketio==5.7.0",
    "flask-caching==2.5.1", "flask-cors==6.0.5", "flask-httpauth==4.8.1", "flask-jwt-extended==4.7.4",
    "flask-smorest==0.47.0", "flask-openapi3==4.3.2", "flask-compress==1.25", "pytest-flask==1.3.0",
    "werkzeug==3.1.9", "sqlalchemy<2.1", "pytest<9", "pytest-timeout", "pytest-asyncio", "asgiref",
    "email-validator", "mock", "msgspec", "python-dotenv", "requests", "semantic-version", "websocket-client",
    "cryptography", "ephemeral-port-reserve", "freezegun", "watchdog", "gunicorn", "uvicorn",
    "opentelemetry-instrumentation-flask", "opentelemetry-sdk", "sentry-sdk", "fava==1.30.16",
    "httpbin==0.10.4", "moto[s3,server]==5.2.5",
]  # fmt: skip


@dataclass(frozen=True)
class Suite:
    """A suite in a source distribution: which, and which of its files are the tests."""

    requirement: str
    tests: str = "tests"
    #: What else the tests read, beside them.
    files: tuple[str, ...] = ("pyproject.toml", "setup.cfg", "tox.ini")
    #: Tests that cannot be compared, by name, with the reason.
    incomparable: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The distribution's name."""
        return self.requirement.partition("==")[0]


SUITES = [
    Suite("flask-sqlalchemy==3.1.1"),
    Suite("flask-wtf==1.3.0"),
    Suite("flask-login==0.6.3"),
    Suite("flask-restful==0.3.10"),
    # The last release whose source distribution has tests; they run with the installed one.
    Suite("flask-babel==2.0.0"),
    Suite("flask-migrate==4.1.0"),
    Suite("flask-socketio==5.7.0", tests="test_socketio.py"),
    Suite("flask-cors==6.0.5"),
    Suite("flask-httpauth==4.8.1"),
    Suite("flask-jwt-extended==4.7.4"),
    Suite("flask-smorest==0.47.0"),
    Suite("flask-openapi3==4.3.2"),
    Suite("flask-compress==1.25"),
    Suite("pytest-flask==1.3.0"),
]


def make_environment(folder: Path) -> Path:
    """The interpreter of an environment with :data:`PACKAGES`, made once."""
    python = folder / "bin" / "python"
    stamp = folder / "packages"
    if not stamp.exists() or stamp.read_text() != "\n".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, timeout=120)
        install = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(install, check=True, timeout=900)
        stamp.write_text("\n".join(PACKAGES))
    return python
