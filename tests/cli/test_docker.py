"""``demijohn docker``: what is written for which application, and that it can be carried out."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml
from tests.support.servers import ROOT, free_port

from demijohn import Flask
from demijohn.cli import FlaskGroup, cli
from demijohn.cli.docker.files import dockerfile
from demijohn.cli.docker.needs import DEPENDENCIES, Needs
from demijohn.ext.i18n import Babel

FILES = ["Dockerfile", ".dockerignore", "compose.yaml"]


@pytest.fixture
def folder(project, tmp_path):
    project("requirements.txt", "demijohn[server]\n")
    return tmp_path


@pytest.fixture
def docker(runner):
    def run(create_app, *arguments):
        return runner.invoke(FlaskGroup("t", create_app=create_app), ["docker", *arguments])

    return run


def shop(**settings):
    app = Flask("shop")
    app.config.from_prefixed_env("SHOP", files=True)
    app.config.update(settings)
    return app


def shop_with_tasks(**settings):
    from demijohn.ext.tasks import Tasks

    app = shop(TASKS_BROKER="redis://localhost:6379/3", **settings)
    Tasks(app)
    return app


def test_three_files_are_written_and_hold_no_secret(docker, folder, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET_KEY", "not-to-be-seen")
    result = docker(shop)
    assert result.exit_code == 0, result.output
    assert "SHOP_SECRET_KEY" in result.output
    for name in FILES:
        assert "not-to-be-seen" not in (folder / name).read_text()
    assert not re.search(
        r"^(ARG|ENV).*(SECRET|KEY|PASSWORD)", (folder / "Dockerfile").read_text(), re.MULTILINE
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_there_is_named_and_left_alone(docker, folder, name):
    (folder / name).write_text("mine")
    result = docker(shop)
    assert result.exit_code == 1
    assert f"{name}: there already" in result.output
    assert sorted(path.name for path in folder.iterdir()) == sorted(["requirements.txt", name])
    assert (folder / name).read_text() == "mine"
    assert docker(shop, "--force").exit_code == 0
    assert (folder / name).read_text() != "mine"


def test_they_can_be_looked_at_only(docker, folder):
    result = docker(shop, "--print", "--python", "3.13")
    assert result.exit_code == 0
    assert result.output.count("FROM python:3.13-slim") == 2
    assert [path.name for path in folder.iterdir()] == ["requirements.txt"]


@pytest.mark.parametrize("version", ["2.7", "latest", "3.13-alpine"])
def test_another_version_of_python_is_refused(docker, folder, version):
    assert docker(shop, "--python", version).exit_code == 2


def test_without_a_word_on_dependencies_it_says_what_to_write(docker, project):
    result = docker(shop)
    assert result.exit_code == 1
    assert "requirements.txt" in result.output


def services(folder):
    return yaml.safe_load((folder / "compose.yaml").read_text())["services"]


def test_a_plain_application_has_no_service_beside_it(docker, folder):
    docker(shop)
    assert list(services(folder)) == ["web"]
    assert services(folder)["web"]["read_only"] is True
    assert "volumes" not in services(folder)["web"]


def test_each_service_is_there_when_it_is_used_and_waited_for(docker, folder):
    uri = "postgresql+psycopg://me:pass@localhost/shop"
    docker(lambda: shop_with_tasks(TASKS_SCHEDULE={}, SQLALCHEMY_DATABASE_URI=uri))
    made = services(folder)
    assert list(made) == ["web", "worker", "database", "redis"]
    web = made["web"]
    assert web["depends_on"] == {
        "database": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }
    assert web["environment"]["SHOP_TASKS_BROKER"] == "redis://redis:6379/3"
    assert web["environment"]["SHOP_SQLALCHEMY_DATABASE_URI"].startswith(
        "postgresql+psycopg://shop:${DATABASE_PASSWORD"
    )
    assert made["worker"]["command"] == ["demijohn", "--app", "app", "tasks", "worker"]
    assert all("test" in made[name]["healthcheck"] for name in ("database", "redis"))
    assert "pass@" not in (folder / "compose.yaml").read_text()


def test_catalogues_are_compiled_where_there_are_translations(docker, folder):
    def translated():
        app = shop()
        Babel(app)
        return app

    assert docker(shop).exit_code == 0
    assert "i18n" not in (folder / "Dockerfile").read_text()
    assert docker(translated, "--force").exit_code == 0
    assert "\nRUN demijohn --app app i18n compile\n" in (folder / "Dockerfile").read_text()


def test_a_beat_runs_where_there_is_a_schedule(docker, folder):
    schedule = {"nightly": {"task": "clean", "schedule": 3600}}
    docker(lambda: shop_with_tasks(TASKS_SCHEDULE=schedule))
    assert services(folder)["beat"]["command"] == ["demijohn", "--app", "app", "tasks", "beat"]


def test_data_of_sqlite_is_kept_and_may_be_written(docker, folder):
    docker(lambda: Flask("shop", root_path=str(folder)))
    assert "VOLUME" not in (folder / "Dockerfile").read_text()

    def with_data():
        app = Flask("shop", instance_path=str(folder / "instance"))
        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
        return app

    docker(with_data, "--force")
    assert services(folder)["web"]["volumes"] == ["data:/app/instance"]
    assert "--chown=10001:10001 /app/instance" in (folder / "Dockerfile").read_text()


def test_hadolint_finds_nothing_in_any_way_to_install(tmp_path):
    hadolint = Path(sys.executable).with_name("hadolint")
    for number, dependencies in enumerate(DEPENDENCIES):
        needs = Needs(
            "wsgi:create_app()", dependencies, source_folder=bool(number % 2), static=True, data="instance"
        )
        (tmp_path / f"Dockerfile{number}").write_text(dockerfile(needs))
    done = subprocess.run(
        [hadolint, "--failure-threshold", "warning", *tmp_path.iterdir()],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_it_checks_the_health_of_what_listens_where_there_is_no_such_path(docker, folder):
    docker(shop)
    assert "/healthz" in (folder / "Dockerfile").read_text()
    docker(lambda: shop(HEALTH_ENDPOINTS=False), "--force")
    assert "/healthz" not in (folder / "Dockerfile").read_text()


APP = """
from demijohn import Flask
from demijohn.ext.i18n import Babel
app = Flask(__name__)
app.config.from_prefixed_env("SHOP", files=True)
Babel(app)

@app.get("/")
def index():
    return app.config["SECRET_KEY"]
"""
CATALOGUE = r"""
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\n"

msgid "Cork"
msgstr "Corcho"
"""


def instructions(text):
    """The instructions of each stage, with continued lines joined."""
    stages = []
    for line in text.replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            stages.append([]) if word == "FROM" else stages[-1].append((word, rest.strip()))
    return stages


@pytest.mark.soak
@pytest.mark.servers
def test_what_it_says_can_be_carried_out_in_a_bare_folder(runner, project, tmp_path):
    """Each RUN in its order, HEALTHCHECK and CMD: what a container engine does, in a folder in the place of one."""
    project("wsgi.py", APP)
    project("static/shop.css", "body { color: red }")
    project("translations/es/LC_MESSAGES/messages.po", CATALOGUE)
    project("requirements.txt", f"demijohn[i18n,server] @ file://{ROOT}\n")
    (tmp_path / "wsgi.py").chmod(0o600)
    assert runner.invoke(cli, ["docker"]).exit_code == 0
    image = tmp_path / "image"
    (image / "tmp").mkdir(parents=True)
    key = tmp_path / "key"
    key.write_text("of a file\n")
    port = free_port()

    def here(text):
        return re.sub(r"/(venv|app|tmp)\b", rf"{image}/\1", text)

    build, final = instructions((tmp_path / "Dockerfile").read_text())
    environment = {"PATH": os.environ["PATH"], "HOME": str(image), "LANG": "C.UTF-8"}
    place = image
    for word, rest in build:
        if word == "ENV":
            for name, value in (pair.split("=", 1) for pair in rest.split()):
                environment[name] = here(value).replace("$PATH", environment["PATH"])
        elif word == "WORKDIR":
            place = Path(here(rest))
            place.mkdir()
        elif word == "COPY":
            sources = (
                ["wsgi.py", "static", "translations", "requirements.txt"]
                if rest.startswith(". ")
                else rest.split()[:-1]
            )
            subprocess.run(["cp", "-r", *(tmp_path / one for one in sources), place], check=True)
        else:
            assert word == "RUN"
            done = subprocess.run(
                here(rest),
                shell=True,
                cwd=place,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, rest + done.stdout + done.stderr
    assert list((place / "static-build").rglob("shop.*.css"))
    assert (place / "translations/es/LC_MESSAGES/messages.mo").is_file()
    assert oct((place / "wsgi.py").stat().st_mode)[-3:] == "644"
    words = {word: rest for word, rest in final if word != "ENV"}
    environment |= {"PORT": str(port), "SHOP_SECRET_KEY_FILE": str(key)}
    check = json.loads(words["HEALTHCHECK"].partition("CMD ")[2])
    server = subprocess.Popen(json.loads(words["CMD"]), cwd=place, env=environment)
    try:
        for _ in range(100):
            if subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert answer.read() == b"of a file"
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()
    assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode != 0
