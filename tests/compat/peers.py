"""Whose suites are run over this package, in an environment of their own that has the real Flask too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
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
    "apiflask==3.1.2", "flask-dance==7.1.0", "flask-marshmallow==1.5.0", "flask-moment==1.0.6",
    "flask-restx==1.3.2", "flask-reuploaded==1.6.0", "flask-sock==0.7.0", "betamax", "blinker", "cachelib",
    "faker", "jsonschema", "marshmallow-sqlalchemy", "oauthlib[signedtoken]", "openapi-spec-validator",
    "pytest-mock", "pytest-xprocess", "responses", "tzlocal", "authlib>=1.9.0", "joserfc>=1.8.0", "httpx2",
    "flask-babelex==0.9.4", "flask-gravatar==0.5.0", "flask-kvsession==0.6.2", "flask-sijax==0.4.1", "simplekv",
    "opentelemetry-instrumentation-flask", "opentelemetry-sdk", "sentry-sdk", "fava==1.30.16",
    "httpbin==0.10.4", "moto[s3,server]==5.2.5", "dash==4.4.1", "flask-limiter==4.1.1", "hiro",
    "pymemcache", "pymongo", "pytest-check", "redis",
]  # fmt: skip

#: Flask-AppBuilder stands on half of these, in versions of its own choice.
APPBUILDER = [
    "flask==3.1.3", "flask-appbuilder==5.3.0", "flask-sqlalchemy==3.1.1", "flask-login==0.6.3",
    "werkzeug==3.1.9", "sqlalchemy<2.1", "marshmallow==4.4.0", "msgspec", "blinker", "gunicorn", "uvicorn",
]  # fmt: skip


@dataclass(frozen=True)
class Suite:
    """A suite in a source distribution: which, and which of its files are the tests."""

    requirement: str
    tests: str = "tests"
    #: What else the tests read, beside them.
    files: tuple[str, ...] = ("pyproject.toml", "setup.cfg", "tox.ini")
    #: Tests that cannot pass when their requests are sent over ASGI, by name, with the reason.
    not_over_asgi: tuple[tuple[str, str], ...] = ()
    #: Plugins of pytest that the tests need today.
    plugins: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The distribution's name."""
        return self.requirement.partition("==")[0]


SUITES = [
    Suite("flask-sqlalchemy==3.1.1"),
    Suite(
        "flask-wtf==1.3.0",
        not_over_asgi=(
            ("tests.test_csrf_form::test_form_csrf", "reads `g` of the request in the test's context"),
        ),
    ),
    Suite("flask-limiter==4.1.1", plugins=("without_docker",)),
    Suite("flask-login==0.6.3"),
    Suite("flask-restful==0.3.10", plugins=("nose.plugin",)),
    # The last release whose source distribution has tests; they run with the installed one.
    Suite("flask-babel==2.0.0"),
    Suite("flask-migrate==4.1.0"),
    Suite("flask-socketio==5.7.0", tests="test_socketio.py"),
    Suite("flask-cors==6.0.5"),
    Suite("flask-httpauth==4.8.1"),
    Suite("flask-jwt-extended==4.7.4"),
    Suite("flask-smorest==0.47.0"),
    Suite(
        "flask-openapi3==4.3.2",
        not_over_asgi=(("tests.test_request::test_header", "a header field with `_` is not let through"),),
    ),
    Suite(
        "flask-compress==1.25",
        not_over_asgi=tuple(
            (f"tests.test_flask_compress.{name}", "looks whether the test client has the body as an iterator")
            for name in (
                "UrlTests::test_compressed_content",
                "StreamTestsWithETags::test_static_exception_to_conditionals",
            )
        ),
    ),
    Suite("pytest-flask==1.3.0"),
    Suite("apiflask==3.1.2", files=("pyproject.toml", "examples")),
    Suite(
        "flask-dance==7.1.0",
        not_over_asgi=tuple(
            (
                f"tests.consumer.storage.test_sqla::{name}",
                "uses the session of the test's context in the request",
            )
            for name in ("test_sqla_storage", "test_sqla_overwrite_token")
        ),
    ),
    Suite("flask-marshmallow==1.5.0"),
    Suite("flask-moment==1.0.6"),
    Suite("flask-restx==1.3.2"),
    Suite("flask-reuploaded==1.6.0"),
    Suite("flask-sock==0.7.0"),
]


def make_environment(folder: Path, packages: Sequence[str] = PACKAGES) -> Path:
    """The interpreter of an environment with these packages, made once."""
    python = folder / "bin" / "python"
    stamp = folder / "packages"
    if not stamp.exists() or stamp.read_text() != "\n".join(packages):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, timeout=120)
        install = [str(python), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, timeout=900)
        stamp.write_text("\n".join(packages))
    return python
