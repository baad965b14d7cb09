"""The three files: texts, made from what an application needs.

This module must not know an application.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from demijohn.cli.docker.needs import Needs

__all__ = ["FILES", "compose", "dockerfile", "dockerignore"]

#: The user in the container: a number, since only of a number a cluster can see that it is not root.
USER = 10001

# Asked by Python, which is there; curl is not.
_LIVES = (
    "import os, urllib.request as web; "
    "web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=3)"
)
_LISTENS = "import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), timeout=3)"


def dockerfile(needs: Needs) -> str:
    """The Dockerfile: what is built stays in a first stage, and dependencies in a layer below the source."""
    return "\n".join(_dockerfile(needs)) + "\n"


def _dockerfile(needs: Needs) -> Iterator[str]:
    command = ["demijohn", "--app", needs.app]
    yield f"FROM python:{needs.python}-slim AS build"
    yield "ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1"
    yield "RUN python -m venv /venv"
    yield "ENV VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH"
    yield "WORKDIR /app"
    yield "# Dependencies first: this layer is made again only when they change."
    yield f"COPY {' '.join(needs.dependencies.files)} ./"
    yield from needs.dependencies.commands
    yield "COPY . ."
    if needs.source_folder:
        yield "ENV PYTHONPATH=/app/src"
    if needs.translations:
        yield f"RUN {shlex.join(command)} i18n compile"
    if needs.static:
        yield f"RUN {shlex.join(command)} static build --out /app/static-build"
    if needs.data:
        yield f"RUN mkdir -p {needs.data}"
    yield "# The user below reads them whatever umask they were checked out with."
    yield "RUN chmod -R u=rwX,go=rX /app"
    yield ""
    yield f"FROM python:{needs.python}-slim"
    path = " PYTHONPATH=/app/src" if needs.source_folder else ""
    yield f"ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000{path}"
    yield "COPY --from=build /venv /venv"
    yield "COPY --from=build /app /app"
    if needs.data:
        yield f"COPY --from=build --chown={USER}:{USER} /app/{needs.data} /app/{needs.data}"
    yield "WORKDIR /app"
    yield f"USER {USER}:{USER}"
    yield "EXPOSE 8000"
    yield "HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \\"
    yield f"    CMD {json.dumps(['python', '-c', _LIVES if needs.healthz else _LISTENS])}"
    yield "# Without a shell between, so that SIGTERM arrives."
    yield f"CMD {json.dumps([*command, 'run', '--prod', '--host', '0.0.0.0'])}"


def dockerignore(needs: Needs) -> str:
    """The .dockerignore: what is not of the application, and what is secret."""
    return """\
.git
.gitignore
.dockerignore
Dockerfile
compose.yaml
# Secrets come when it runs.
.env
.env.*
!.env.example
secrets
# What is made here, or holds data.
instance
*.db
*.sqlite
*.sqlite3
static-build
.venv*
venv
node_modules
build
dist
*.egg-info
**/__pycache__
**/*.py[cod]
**/.*_cache
.coverage
htmlcov
"""


def compose(needs: Needs) -> str:
    """The compose.yaml: the application, and the services that it uses, each started once it can be used."""
    return "\n".join(_compose(needs)) + "\n"


def _compose(needs: Needs) -> Iterator[str]:
    yield "x-app: &app"
    yield "  build: ."
    yield "  restart: unless-stopped"
    yield "  read_only: true"
    yield "  tmpfs: [/tmp]"
    yield "  environment:"
    yield f"    {needs.prefix}_SECRET_KEY_FILE: /run/secrets/secret_key"
    for name, scheme in needs.postgresql.items():
        password = "${DATABASE_PASSWORD:?set DATABASE_PASSWORD in .env}"
        yield f"    {needs.prefix}_{name}: {scheme}://{needs.name}:{password}@database/{needs.name}"
    for name, path in needs.redis.items():
        yield f"    {needs.prefix}_{name}: redis://redis:6379{path or '/0'}"
    yield "  secrets: [secret_key]"
    if needs.data:
        yield f"  volumes: [data:/app/{needs.data}]"
    services = [*(["database"] if needs.postgresql else []), *(["redis"] if needs.redis else [])]
    if services:
        yield "  depends_on:"
        for service in services:
            yield f"    {service}:"
            yield "      condition: service_healthy"
    yield ""
    yield "services:"
    yield "  web:"
    yield "    <<: *app"
    yield '    ports: ["8000:8000"]'
    if needs.worker:
        yield from _process(needs, "worker")
    if needs.worker and needs.beat:
        yield from _process(needs, "beat")
    if needs.postgresql:
        yield from _database(needs)
    if needs.redis:
        yield from _redis()
    yield ""
    yield "secrets:"
    yield "  secret_key:"
    yield f"    environment: {needs.prefix}_SECRET_KEY"
    volumes = [*(["data"] if needs.data else []), *services]
    if volumes:
        yield ""
        yield "volumes:"
        for volume in volumes:
            yield f"  {volume}:"


def _process(needs: Needs, name: str) -> Iterator[str]:
    yield f"  {name}:"
    yield "    <<: *app"
    yield f"    command: {json.dumps(['demijohn', '--app', needs.app, 'tasks', name])}"
    yield "    healthcheck:"
    yield "      disable: true"


def _database(needs: Needs) -> Iterator[str]:
    yield "  database:"
    yield "    image: postgres:17"
    yield "    restart: unless-stopped"
    yield "    environment:"
    yield f"      POSTGRES_USER: {needs.name}"
    yield f"      POSTGRES_DB: {needs.name}"
    yield "      POSTGRES_PASSWORD: ${DATABASE_PASSWORD:?set DATABASE_PASSWORD in .env}"
    yield "    volumes: [database:/var/lib/postgresql/data]"
    yield "    healthcheck:"
    yield f'      test: ["CMD", "pg_isready", "--username", "{needs.name}", "--dbname", "{needs.name}"]'
    yield "      interval: 5s"
    yield "      retries: 10"


def _redis() -> Iterator[str]:
    yield "  redis:"
    yield "    image: redis:8"
    yield "    restart: unless-stopped"
    yield "    command: [redis-server, --appendonly, 'yes']"
    yield "    volumes: [redis:/data]"
    yield "    healthcheck:"
    yield '      test: ["CMD", "redis-cli", "ping"]'
    yield "      interval: 5s"
    yield "      retries: 10"


#: What makes each file, by its name.
FILES = {"Dockerfile": dockerfile, ".dockerignore": dockerignore, "compose.yaml": compose}
