"""A form of six fields: its page, and a POST that is valid, for each entrant that knows WTForms.

All have the same fields and the same template; `bare` is WTForms and Jinja without anything around them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from bench.apps import TEMPLATES

DATA = {
    "name": "Ada Lovelace", "mail": "ada@example.org", "password": "long enough", "country": "at", "about": "",
    "agreed": "y",
}  # fmt: skip
#: The page, a POST as browsers send it, and one of a client that says nothing of where it comes from.
Calls = tuple[Callable[[], str], Callable[[], str], Callable[[], str]]


def fields(base: type) -> type:
    """The form, as a subclass of an entrant's class."""
    from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField, TextAreaField
    from wtforms.validators import DataRequired, Length, Regexp

    class Join(base):  # type: ignore[misc, valid-type]
        name = StringField("Name", [DataRequired(), Length(max=80)])
        mail = EmailField("Mail", [DataRequired(), Regexp(".+@.+")])
        password = PasswordField("Password", [DataRequired(), Length(min=8)])
        country = SelectField("Country", choices=["at", "ch", "de", "it"])
        about = TextAreaField("About", [Length(max=500)])
        agreed = BooleanField("Agreed", [DataRequired()])

    return Join


def bare() -> Calls:
    """WTForms and Jinja."""
    from jinja2 import Environment, FileSystemLoader
    from werkzeug.datastructures import MultiDict
    from wtforms import Form

    form, sent = fields(Form), MultiDict(DATA)
    template = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).get_template("form.html")

    def post() -> str:
        return "done" if form(sent).validate() else "refused"

    return lambda: template.render(form=form()), post, post


def _served(flask: Any, base: type) -> Calls:
    app = flask.Flask(__name__, template_folder=TEMPLATES)
    app.secret_key = "a key of the benchmark, which is long enough"
    form = fields(base)

    @app.route("/", methods=["GET", "POST"])
    def join() -> str:
        made = form()
        if made.validate_on_submit():
            return "done"
        text: str = flask.render_template("form.html", form=made)
        return text

    def call(
        method: str, body: bytes = b"", cookie: str = "", site: str = "same-origin"
    ) -> tuple[str, list[Any]]:
        environ = {
            "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "",
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }  # fmt: skip
        if cookie:
            environ["HTTP_COOKIE"] = cookie
        if site:
            environ["HTTP_SEC_FETCH_SITE"] = site
        if body:
            environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
            environ["CONTENT_LENGTH"] = str(len(body))
        head: list[Any] = []
        answer = app(environ, lambda status, fields, error=None: head.extend(fields))
        text = b"".join(answer).decode()
        if hasattr(answer, "close"):
            answer.close()
        return text, head

    page, head = call("GET")
    cookie = next(value for name, value in head if name == "Set-Cookie").partition(";")[0]
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    body = urlencode({**DATA, "csrf_token": found[1]}).encode()
    return (
        lambda: call("GET", cookie=cookie)[0],
        lambda: call("POST", body, cookie)[0],
        lambda: call("POST", body, cookie, site="")[0],
    )


def flask() -> Calls:
    """Flask with Flask-WTF."""
    import flask
    from flask_wtf import FlaskForm

    return _served(flask, FlaskForm)


def flask_wtf() -> Calls:
    """demijohn under compatibility, with the Flask-WTF that is installed."""
    import demijohn.compat

    demijohn.compat.install(extensions=False)
    return flask()


def demijohn() -> Calls:
    """demijohn with its own forms."""
    import demijohn
    from demijohn.ext.forms import FlaskForm

    return _served(demijohn, FlaskForm)
