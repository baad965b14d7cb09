"""What the tests of the room share: the example's provider on loopback, and a browser that walks between the two."""

from __future__ import annotations

import importlib.util
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from werkzeug.serving import make_server

from demijohn import Flask, jsonify, redirect, url_for
from demijohn.ext.oauth import OAuth1ConsumerBlueprint, OAuth2ConsumerBlueprint, make_oidc_blueprint

EXAMPLE = Path(__file__).parents[3] / "examples" / "oauth"
SECRET = "a secret key that is long enough for anybody"


def load(name):
    spec = importlib.util.spec_from_file_location(f"oauth_example_{name}", EXAMPLE / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


providers = load("provider")
#: Making one takes a while, and each provider may have the same.
KEY = providers.RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


class Serving:
    """An application on a socket of loopback, in threads of this process."""

    def __init__(self, app, port=0):
        self.server = make_server("127.0.0.1", port, app, threaded=True)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def provider():
    serving = Serving(lambda environ, start: made.app(environ, start))
    made = providers.Provider(serving.url, key=KEY)
    yield made
    serving.stop()


class Browser:
    """A browser between an application and the provider: the application's own client, and requests for the rest."""

    def __init__(self, client):
        self.client = client

    def begin(self, address="/login/house"):
        """Go to the login view: the provider's address that it leads to."""
        answer = self.client.get(address)
        assert answer.status_code == 302, answer.text
        return answer.location

    def consent(self, address, user="ada", confirm="yes"):
        """Answer the provider's page: the address of the application that it leads back to."""
        page = requests.get(address, timeout=10)
        assert page.status_code == 200, page.text
        form = {**fields(address), "user": user, "confirm": confirm}
        answer = requests.post(address.partition("?")[0], data=form, timeout=10, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def back(self, address):
        """Come back to the application."""
        parts = urlsplit(address)
        return self.client.get(f"{parts.path}?{parts.query}")

    def sign_in(self, address="/login/house", **answer):
        """The whole way."""
        return self.back(self.consent(self.begin(address), **answer))


def fields(address):
    """The fields of an address' query."""
    return {
        name: values[0] for name, values in parse_qs(urlsplit(address).query, keep_blank_values=True).items()
    }


def tampered(address, **changes):
    """An address with other fields in its query; None takes one out."""
    changed = {name: value for name, value in {**fields(address), **changes}.items() if value is not None}
    return (
        urlsplit(address)
        ._replace(query="&".join(f"{name}={value}" for name, value in changed.items()))
        .geturl()
    )


@pytest.fixture
def make_app(provider):
    """Makes an application that signs in with the provider by OpenID Connect, OAuth 2.0 and 1.0a."""

    def make(**options):
        app = Flask("relying", static_folder=None)
        app.secret_key = SECRET
        app.testing = True
        kwargs = {
            "issuer": provider.issuer,
            "client_id": "cellar",
            "client_secret": "cellar-secret",
            **options,
        }
        app.house = make_oidc_blueprint("house", redirect_to="done", **kwargs)
        at = provider.issuer
        app.plain = OAuth2ConsumerBlueprint(
            "plain", __name__, "cellar", "cellar-secret", scope="email", base_url=at,
            authorization_url=f"{at}/authorize", token_url=f"{at}/token", revocation_url=f"{at}/revoke",
            redirect_to="done", storage=options.get("storage"),
        )  # fmt: skip
        app.old = OAuth1ConsumerBlueprint(
            "old", __name__, "cellar", "cellar-secret", base_url=at, request_token_url="/oauth1/request",
            authorization_url="/oauth1/authorize", access_token_url="/oauth1/access", redirect_to="done",
        )  # fmt: skip
        for blueprint in (app.house, app.plain, app.old):
            app.register_blueprint(blueprint, url_prefix="/login")

        @app.get("/done")
        def done():
            return "done"

        @app.get("/me")
        def me():
            if not app.house.session.authorized:
                return redirect(url_for("house.login", next="/me"))
            return jsonify(app.house.session.get("/userinfo").json())

        @app.get("/me-async")
        async def me_async():
            if not app.house.session.authorized:
                return redirect(url_for("house.login", next="/me-async"))
            return (await app.house.session.get_async("/userinfo")).json() | {"sub": app.house.claims["sub"]}

        @app.get("/status")
        def status():
            return str(app.house.session.get("/userinfo").status_code)

        @app.get("/old")
        def old():
            return app.old.session.get("/oauth1/me").json()

        @app.get("/old-async")
        async def old_async():
            return (await app.old.session.get_async("/oauth1/me")).json()

        return app

    return make


@pytest.fixture
def app(make_app):
    return make_app()


@pytest.fixture(params=["wsgi", "asgi"])
def browser(app, request):
    return Browser(app.test_client(protocol=request.param))
