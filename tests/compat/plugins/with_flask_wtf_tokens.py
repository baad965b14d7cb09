"""Run by test_peers: tokens of Flask-WTF read by demijohn.ext.forms, and the other way round, in one process.

Neither stands for the other here: Flask-WTF runs on Flask. Both have the same key and session.
"""

import json

import flask
import flask_wtf.csrf as theirs
from wtforms import ValidationError

import demijohn
import demijohn.ext.forms as ours

KEY = "one key for both of them"


def context(package, kept=None):
    app = package.Flask("tokens")
    app.secret_key = KEY
    entered = app.test_request_context()
    entered.push()
    if kept:
        package.session.update(kept)
    return entered


def make(package, csrf):
    entered = context(package)
    token, kept = csrf.generate_csrf(), dict(package.session)
    entered.pop()
    return token, kept


def read(package, csrf, token, kept):
    entered = context(package, kept)
    try:
        return csrf.validate_csrf(token)
    except ValidationError as e:
        return str(e)
    finally:
        entered.pop()


found = {}
for name, maker, reader in (
    ("theirs by ours", (flask, theirs), (demijohn, ours)),
    ("ours by theirs", (demijohn, ours), (flask, theirs)),
):
    token, kept = make(*maker)
    other, _ = make(*maker)
    found[name] = [
        read(*reader, token, kept),
        read(*reader, other, kept),
        read(*reader, token[:-3] + "xyz", kept),
    ]
assert "demijohn" not in flask.Flask.__module__
assert "demijohn" not in theirs.__name__
print(json.dumps(found))
