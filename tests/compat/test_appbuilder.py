"""Flask-AppBuilder's skeleton, with rooms of ours for its login and database: driven as on Flask, over WSGI and ASGI.

An application with a login, views over models, a REST API with tokens, roles and a menu; what Airflow and Superset
stand on. Its visitor has cookies and a token, and what it does to the database shows in the next answer.
"""

from __future__ import annotations

import json
import re

import pytest
from tests.compat import peers
from tests.compat.test_applications import FORM, SERVED, Ask, answer, served

pytestmark = [pytest.mark.peers, pytest.mark.timeout(1800)]

SKELETON = """
import os
from flask import Flask, g
from flask_appbuilder import AppBuilder, BaseView, Model, ModelRestApi, ModelView, expose, has_access
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.utils.legacy import get_sqla_class
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import relationship

class Cellar(Model):
    __tablename__ = "cellar"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), unique=True, nullable=False)
    def __repr__(self):
        return self.name

class Bottle(Model):
    __tablename__ = "bottle"
    id = Column(Integer, primary_key=True)
    label = Column(String(50), nullable=False)
    cellar_id = Column(Integer, ForeignKey("cellar.id"))
    cellar = relationship("Cellar")

class BottleView(ModelView):
    datamodel = SQLAInterface(Bottle)
    list_columns = ["label", "cellar"]

class CellarView(ModelView):
    datamodel = SQLAInterface(Cellar)
    related_views = [BottleView]
    list_columns = ["name"]

class CellarApi(ModelRestApi):
    resource_name = "cellar"
    datamodel = SQLAInterface(Cellar)

class Tasting(BaseView):
    default_view = "table"
    @expose("/table/")
    @has_access
    def table(self):
        return f"table of {g.user.username}"
    @expose("/open/<word>")
    def open(self, word):
        return f"open to {word}"

db, appbuilder = get_sqla_class()(), AppBuilder()

def create_app():
    app = Flask(__name__)
    database = os.path.abspath(os.environ["SERVED_AS"] + ".db")
    app.config.update(
        SECRET_KEY="a key for this test only, long enough for its tokens", WTF_CSRF_ENABLED=False,
        SQLALCHEMY_DATABASE_URI="sqlite:///" + database, FAB_API_SWAGGER_UI=True,
    )
    db.init_app(app)
    with app.app_context():
        appbuilder.init_app(app, db.session)
        Model.metadata.create_all(db.engine)
        appbuilder.add_view(CellarView, "Cellars", category="Wine")
        appbuilder.add_view(BottleView, "Bottles", category="Wine")
        appbuilder.add_view(Tasting, "Tastings", category="Wine")
        appbuilder.add_api(CellarApi)
        security = appbuilder.sm
        if security.find_user(username="admin") is None:
            role = security.find_role("Admin")
            security.add_user("admin", "Ada", "Admin", "ada@cellar.example", role, password="secret")
    return app

app = create_app()
"""


def form(path: str, **fields: str) -> Ask:
    return Ask(
        path,
        "POST",
        "&".join(f"{name}={value}" for name, value in fields.items()).encode(),
        tuple(FORM.items()),
    )


def api(path: str, method: str = "GET", **members: object) -> Ask:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer {token}"}
    return Ask(path, method, json.dumps(members).encode() if members else None, tuple(headers.items()))


def page(path: str) -> Ask:
    return Ask(path)


LOGIN = {"username": "admin", "password": "secret"}
ROWS = "/api/v1/cellar/"
VISIT = [
    # A stranger.
    *map(page, "/ /tasting/open/all /tasting/table/ /cellarview/list/ /login/ /nowhere /users/list/".split()),
    page(ROWS),
    form("/login/", username="admin", password="wrong"),
    page("/cellarview/list/"),
    # Somebody who logs in, looks around and writes.
    form("/login/", **LOGIN),
    *map(page, "/ /login/ /tasting/table/ /cellarview/list/ /cellarview/add /users/list/".split()),
    form("/cellarview/add", name="North"),
    form("/cellarview/add", name="North"),
    form("/cellarview/add", name=""),
    form("/bottleview/add", label="Nectar", cellar="1"),
    *map(page, "/cellarview/list/ /cellarview/show/1 /cellarview/edit/1 /bottleview/list/?_flt_0_cellar=1".split()),
    form("/cellarview/edit/1", name="South"),
    page("/cellarview/list/?_oc_CellarView=name&_od_CellarView=asc"),
    page("/cellarview/show/99"),
    page("/userinfo/"),
    page("/swagger/v1"),
    page("/static/appbuilder/css/ab.css"),
    page("/lang/en"),
    # A program, by its token.
    api("/api/v1/security/login", "POST", **LOGIN | {"password": "wrong", "provider": "db"}),
    api("/api/v1/security/login", "POST", **LOGIN, provider="db", refresh=True),
    api(ROWS),
    api(ROWS, "POST", name="East"),
    api(ROWS, "POST", name="East"),
    api(ROWS, "POST", nickname="E"),
    api(f"{ROWS}2", "PUT", name="West"),
    api(f"{ROWS}2"),
    api(f"{ROWS}_info"),
    api(f"{ROWS}?q=(filters:!((col:name,opr:sw,value:W)))"),
    api(f"{ROWS}2", "DELETE"),
    api(f"{ROWS}2"),
    api("/api/v1/_openapi"),
    api("/api/v1/menu/"),
    # Gone again.
    page("/logout/"),
    page("/tasting/table/"),
]  # fmt: skip

#: What differs from one login to the next, on Flask too.
PASSING = [(r"session=[^;]*", "session=<session>"), (r"eyJ[\w.-]+", "<token>")]


class Visitor:
    """Keeps cookies and the token, and gives what can be compared."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = self.token = ""

    def ask(self, request: Ask) -> tuple[int, object, str]:
        headers = [(name, value.format(token=self.token)) for name, value in request.headers]
        if self.cookie and not any(name == "Authorization" for name, _ in headers):
            headers.append(("Cookie", self.cookie))
        sent = Ask(request.path, request.method, request.body, tuple(headers))
        status, fields, body = answer(self.port, sent)
        for cookie in fields.get("set-cookie", []):
            self.cookie = cookie.partition(";")[0]
        if found := re.search(rb'"access_token":"([^"]+)"', body):
            self.token = found[1].decode()
        fields.pop("expires", None)  # of the session, which lasts from now
        return status, _without_passing(json.dumps(fields)), _without_passing(body.decode("latin-1"))


def _without_passing(text: str) -> str:
    text = re.sub(
        r"127\.0\.0\.1:\d+|\d{4}-\d\d-\d\d[T ][\d:.]+|\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT", "<here, now>", text
    )
    for pattern, stand_in in PASSING:
        text = re.sub(pattern, stand_in, text)
    return text


def test_the_skeleton_answers_as_on_flask(sources, tmp_path):
    python = peers.make_environment(sources / "appbuilder", peers.APPBUILDER)
    (tmp_path / "served_here.py").write_text(SKELETON)
    answers = {}
    for kind in SERVED:
        with served(kind, python, tmp_path, extensions="flask_login,flask_sqlalchemy") as port:
            visitor = Visitor(port)
            answers[kind] = [(request, *visitor.ask(request)) for request in VISIT]
    statuses = [status for _, status, *_ in answers["flask"]]
    assert {200, 201, 302, 401, 404, 422} <= set(statuses), statuses
    for kind in ("wsgi", "asgi"):
        for expected, got in zip(answers["flask"], answers[kind], strict=True):
            assert got == expected, kind
