"""What the policy of an application says of an Api: each difference from Flask-RESTful by itself, and all together."""

from __future__ import annotations

import subprocess
import sys

import pytest

from demijohn import Flask, got_request_exception
from demijohn import abort as flask_abort
from demijohn.ext.rest import Api, Resource, abort


class Broken(Exception):
    """An error of the application's own."""


class Failing(Resource):
    def get(self):
        abort(404, message="no")

    def put(self):
        raise Broken

    async def post(self):
        raise Broken


def an_app(**differences):
    app = Flask("cellar")
    app.policy = app.policy.replace(**differences)
    api = Api(app)
    api.add_resource(Failing, "/")
    app.add_url_rule("/page", view_func=lambda: flask_abort(410), endpoint="page")
    return app


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_an_error_need_not_be_a_problem(protocol):
    with an_app(problem_json=False).test_client(protocol=protocol) as client:
        answer = client.get("/")
        assert (answer.text, answer.content_type) == ('{"message": "no"}\n', "application/json")


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_the_api_may_answer_before_the_applications_handlers(protocol, method):
    app, sent = an_app(handlers_before_api=False), []
    app.errorhandler(Broken)(lambda error: "the application's")
    app.errorhandler(410)(lambda error: ("the application's", 410))

    def receive(sender, exception):
        sent.append(type(exception).__name__)

    with app.test_client(protocol=protocol) as client, got_request_exception.connected_to(receive, app):
        assert client.open("/", method=method).json["message"] == "Internal Server Error"
        assert client.get("/").status_code == 404
        assert client.get("/page").text == "the application's"
    assert sent == ["Broken", "NotFound"]


def test_what_the_api_has_no_answer_to_is_the_applications():
    app = an_app(handlers_before_api=False)
    app.testing = True  # so that it is raised by the Api
    app.errorhandler(Broken)(lambda error: "the application's")
    assert app.test_client().put("/").text == "the application's"


PROGRAM = """
import importlib.metadata
import demijohn.compat
demijohn.compat.install()
import flask_restful, flask_restful.utils.cors, flask_restful.representations.json
from flask import Flask
from flask_restful import Api, Resource, abort, fields, inputs, marshal_with, reqparse
from flask_restful.__version__ import __version__
from flask_restful.utils import OrderedDict, http_status_message, unpack

assert importlib.metadata.version("Flask-RESTful") == __version__ == "0.3.10"
assert flask_restful.OrderedDict is OrderedDict
app = Flask("cellar")
api = Api(app)

class Bottle(Resource):
    def get(self):
        abort(404, message="no")
    async def post(self):
        return reqparse.RequestParser().add_argument("name").parse_args(), 201

api.add_resource(Bottle, "/")
client = app.test_client()
for answer in (client.get("/"), client.put("/"), client.post("/", data={"name": "a"}), client.get("/nowhere")):
    print(answer.status_code, answer.content_type, answer.data.decode().strip().partition(chr(10))[0])
"""


def test_under_compat_it_is_flask_restful():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        '404 application/json {"message": "no"}',
        '405 application/json {"message": "The method is not allowed for the requested URL."}',
        '201 application/json {"name": "a"}',
        "404 text/html; charset=utf-8 <!doctype html>",
    ]
