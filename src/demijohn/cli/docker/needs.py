"""What an application needs of an image and of the services beside it, by its settings and its folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from demijohn.cli.ports import Application


__all__ = ["DEPENDENCIES", "Dependencies", "Needs", "find_needs"]

# pip takes no dependencies of a project without the project, whose source comes in a later layer.
_OF_PYPROJECT = (
    "RUN python -c \"import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))"
    "['project'].get('dependencies', []), sep='\\\\n')\" > /tmp/requirements.txt"
)
_INSTALL = "RUN pip install -r /tmp/requirements.txt"


class Dependencies(NamedTuple):
    """A way in which a project says what it depends on."""

    #: What stands in the folder; the first is what it goes by.
    files: tuple[str, ...]
    #: The lines of the Dockerfile that install it.
    commands: tuple[str, ...]


#: From the most exact to the least.
DEPENDENCIES = (
    Dependencies(
        ("uv.lock", "pyproject.toml"),
        (
            "RUN pip install 'uv>=0.5,<1'",
            "RUN uv export --frozen --no-dev --no-emit-project --output-file /tmp/requirements.txt",
            _INSTALL,
        ),
    ),
    Dependencies(
        ("poetry.lock", "pyproject.toml"),
        (
            "RUN pip install 'poetry>=2,<3' 'poetry-plugin-export>=1.9,<2'",
            "RUN poetry export --only main --output /tmp/requirements.txt",
            _INSTALL,
        ),
    ),
    Dependencies(
        ("pylock.toml",), ("RUN pip install 'uv>=0.5,<1'", "RUN uv pip install --requirements pylock.toml")
    ),
    Dependencies(("requirements.txt",), ("RUN pip install -r requirements.txt",)),
    Dependencies(("pyproject.toml",), (_OF_PYPROJECT, _INSTALL)),
)
_REDIS = ("redis", "rediss", "valkey", "valkeys")


@dataclass(frozen=True)
class Needs:
    """What the files are made from."""

    #: As ``--app`` takes it.
    app: str
    dependencies: Dependencies
    #: Of Python, such as ``3.13``.
    python: str = "{}.{}".format(*sys.version_info)
    #: What the variables of its settings begin with, without the underscore.
    prefix: str = "FLASK"
    #: The name of its database and its user.
    name: str = "app"
    #: Whether the packages stand in a folder ``src``.
    source_folder: bool = False
    #: Whether there are static files, which a web server or CDN may take from the image.
    static: bool = False
    #: Whether it has translations, whose catalogues are compiled.
    translations: bool = False
    #: Whether it answers ``/healthz``.
    healthz: bool = True
    #: The instance folder, below the application's, where a SQLite database lies in it.
    data: str | None = None
    #: Settings with the address of a PostgreSQL database, by the driver that each names.
    postgresql: dict[str, str] = field(default_factory=dict)
    #: Settings with the address of a Redis, by what follows the host.
    redis: dict[str, str] = field(default_factory=dict)
    worker: bool = False
    beat: bool = False


def find_needs(app: Application, path: str, folder: Path, python: str | None = None) -> Needs:
    """What an application needs.

    :param app: It, loaded.
    :param path: As ``--app`` takes it.
    :param folder: Where it stands.
    :param python: A version; the one that runs this by default.
    :raises LookupError: where nothing says what it depends on.
    """
    addresses = {
        name: value for name, value in app.config.items() if isinstance(value, str) and "://" in value
    }
    return Needs(
        app=path,
        dependencies=_dependencies(folder),
        python=python or "{}.{}".format(*sys.version_info),
        prefix=app.config.env_prefix or "FLASK",
        name=re.sub(r"\W", "_", app.name.partition(".")[0]).lower(),
        source_folder=(folder / "src").is_dir(),
        static=app.static_folder is not None and Path(app.static_folder).is_dir(),
        translations="babel" in app.extensions,
        healthz=_answers_healthz(app),
        data=_data(app, folder, addresses.values()),
        postgresql={
            name: value.partition("://")[0]
            for name, value in addresses.items()
            if value.startswith(("postgresql://", "postgresql+", "postgres://"))
        },
        redis={
            name: urlsplit(value).path
            for name, value in addresses.items()
            if value.partition("://")[0] in _REDIS
        },
        worker="tasks" in app.extensions and bool(app.config.get("TASKS_BROKER")),
        beat="tasks" in app.extensions and bool(app.config.get("TASKS_SCHEDULE")),
    )


def _answers_healthz(app: Application) -> bool:
    wanted = app.own_setting("HEALTH_ENDPOINTS")
    return bool(app.policy.health_endpoints if wanted is None else wanted)


def _data(app: Application, folder: Path, addresses: Iterable[str]) -> str | None:
    instance = Path(app.instance_path)
    if not instance.is_relative_to(folder) or not any(address.startswith("sqlite") for address in addresses):
        return None
    return str(instance.relative_to(folder))


def _dependencies(folder: Path) -> Dependencies:
    for known in DEPENDENCIES:
        if all((folder / name).is_file() for name in known.files):
            return known
    raise LookupError(
        f"Nothing in {folder} says what the application depends on. Write a requirements.txt, or the"
        " dependencies of a pyproject.toml."
    )
