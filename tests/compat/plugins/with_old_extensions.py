"""Print what extensions answer that Flask 3 cannot run any more: they import names that were removed."""

from __future__ import annotations

import json
import tempfile

import demijohn.compat

demijohn.compat.install("2.2", extensions=False)

import flask  # noqa: E402 (after it was replaced)
import flask_sijax  # noqa: E402
from flask.ext.babelex import Babel, format_decimal  # noqa: E402
from flask.ext.gravatar import Gravatar  # noqa: E402
from flask_kvsession import KVSessionExtension  # noqa: E402
from simplekv.memory import DictStore  # noqa: E402

app = flask.Flask("app", root_path="/")
app.secret_key = "a key that is only for tests"
app.config["SIJAX_STATIC_PATH"] = tempfile.mkdtemp()
Gravatar(app)
KVSessionExtension(DictStore(), app)
flask_sijax.Sijax(app)
Babel(app).localeselector(lambda: "de")


@app.route("/count")
def count() -> str:
    flask.session["seen"] = flask.session.get("seen", 0) + 1
    return str(flask.session["seen"])


@flask_sijax.route(app, "/ajax")
def ajax() -> str:
    flask.g.sijax.register_callback("say", lambda response: response.alert("hi"))
    return flask.g.sijax.process_request()


client = app.test_client()
with app.test_request_context():
    found = {
        "flask_babelex": format_decimal(1234.5),
        "flask_gravatar": flask.render_template_string("{{ 'a@b.c'|gravatar }}"),
    }
found["flask_kvsession"] = [client.get("/count").text for _ in range(2)]
found["flask_sijax"] = client.post("/ajax", data={"sijax_rq": "say", "sijax_args": "[]"}).text
print(json.dumps(found))
