"""A provider for trying things out: OAuth 2.0 with OpenID Connect, and OAuth 1.0a, of Authlib's server side.

    demijohn --app provider run --port 5001

It keeps everything in memory, and whoever comes may be whoever they say: it is for this machine only.
"""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from authlib.oauth1 import AuthorizationServer as AuthorizationServer1
from authlib.oauth1 import OAuth1Request
from authlib.oauth1.rfc5849.models import ClientMixin as ClientMixin1
from authlib.oauth1.rfc5849.models import TemporaryCredential
from authlib.oauth1.rfc5849.resource_protector import ResourceProtector as ResourceProtector1
from authlib.oauth2 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, OAuth2Error, OAuth2Payload, TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from demijohn import Flask, Response, abort, jsonify, redirect, render_template_string, request
from joserfc import jwt
from joserfc.jwk import RSAKey

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # this provider is on loopback, without a certificate

CONSENT = """<!doctype html>
<html lang="en">
<title>Sign in</title>
<h1>{{ client }} asks who you are</h1>
<p>It asks for: {{ scope }}</p>
<form method="post" action="{{ request.path }}">
  {% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
  <label>Your name <input name="user" value="ada"></label>
  <button name="confirm" value="yes">Allow</button>
  <button name="confirm" value="no">Deny</button>
</form>
</html>
"""


@dataclass
class Client(ClientMixin, ClientMixin1):
    client_id: str
    secret: str
    redirect_uris: list[str] = field(default_factory=list)

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return self.redirect_uris[0] if self.redirect_uris else None

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_redirect_uri(self, redirect_uri):
        # Without a list, any page of this machine.
        return redirect_uri in self.redirect_uris or (
            not self.redirect_uris and redirect_uri.startswith(("http://127.0.0.1:", "http://localhost"))
        )

    def check_client_secret(self, client_secret):
        return secrets.compare_digest(client_secret, self.secret)

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in ("authorization_code", "refresh_token")

    # OAuth 1.0a

    def get_client_secret(self):
        return self.secret

    def get_rsa_public_key(self):
        return None


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    client_id: str
    user: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    expires: float

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


@dataclass
class Token(TokenMixin):
    client_id: str
    user: str
    access_token: str
    refresh_token: str | None
    scope: str
    expires: float
    revoked: bool = False
    #: A refresh token outlives what its access token lives.
    refresh_revoked: bool = False

    def check_client(self, client):
        return client.client_id == self.client_id

    def get_scope(self):
        return self.scope

    def get_user(self):
        return self.user

    def is_expired(self):
        return time.time() >= self.expires

    def is_revoked(self):
        return self.revoked


class Payload(OAuth2Payload):
    def __init__(self, values):
        self.values = values

    @property
    def data(self):
        return self.values

    @property
    def datalist(self):
        return {name: self.values.getlist(name) for name in self.values}


class Asked(OAuth2Request):
    def __init__(self, asked):
        super().__init__(asked.method, asked.url, headers=asked.headers)
        self.payload = Payload(asked.values)
        self._args, self._form = asked.args, asked.form

    @property
    def args(self):
        return self._args

    @property
    def form(self):
        return self._form


class Server(AuthorizationServer):
    """Authlib's, for this package's requests and responses."""

    def __init__(self, provider):
        super().__init__(scopes_supported=provider.scopes)
        self.provider = provider
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_: secrets.token_urlsafe(24),
                lambda **_: secrets.token_urlsafe(24),
                lambda *_: provider.token_lifetime,
            ),
        )
        self.register_grant(make_code_grant(provider), [CodeChallenge(required=True)])
        self.register_grant(make_refresh_grant(provider))
        self.register_endpoint(make_revocation(provider))

    def query_client(self, client_id):
        return self.provider.clients.get(client_id)

    def save_token(self, token, request):
        self.provider.keep(token, request)

    def create_oauth2_request(self, _):
        return Asked(request)

    def handle_response(self, status, body, headers):
        answer = jsonify(body) if isinstance(body, dict) else Response(body)
        answer.status_code = status
        answer.headers.update(dict(headers))
        return answer

    def send_signal(self, name, *args, **kwargs):
        pass


def make_code_grant(provider):
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

        def save_authorization_code(self, code, request):
            given = request.payload.data
            provider.codes[code] = Code(
                code, request.client.client_id, request.user, request.payload.redirect_uri, request.payload.scope or "",
                given.get("nonce"), given.get("code_challenge"), given.get("code_challenge_method"),
                time.time() + provider.code_lifetime,
            )  # fmt: skip

        def query_authorization_code(self, code, client):
            found = provider.codes.get(code)
            right = found is not None and found.client_id == client.client_id and found.expires > time.time()
            return found if right else None

        def delete_authorization_code(self, authorization_code):
            provider.codes.pop(authorization_code.code, None)

        def authenticate_user(self, authorization_code):
            return authorization_code.user

    def add_id_token(grant, answer):
        status, token, headers = answer
        code = grant.request.authorization_code
        if "openid" in code.scope.split():
            token["id_token"] = provider.id_token(code, token["access_token"])
        return status, token, headers

    class WithIDToken(Grant):
        def create_token_response(self):
            return add_id_token(self, super().create_token_response())

    return WithIDToken


def make_refresh_grant(provider):
    class Grant(RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

        @property
        def INCLUDE_NEW_REFRESH_TOKEN(self):
            return provider.rotates

        def authenticate_refresh_token(self, refresh_token):
            found = [token for token in provider.tokens if token.refresh_token == refresh_token]
            return next((token for token in found if not token.refresh_revoked), None)

        def authenticate_user(self, refresh_token):
            return refresh_token.user

        def revoke_old_credential(self, refresh_token):
            refresh_token.revoked = True
            if provider.rotates:
                refresh_token.refresh_revoked = True

    return Grant


def make_revocation(provider):
    class Endpoint(RevocationEndpoint):
        CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

        def query_token(self, token_string, token_type_hint):
            for token in provider.tokens:
                if token_string in (token.access_token, token.refresh_token):
                    return token
            return None

        def revoke_token(self, token, request):
            token.revoked = token.refresh_revoked = True

    return Endpoint


class Provider:
    """A provider, its state, and the application that it is."""

    scopes = ["openid", "email", "profile", "offline_access"]
    token_lifetime = 3600
    code_lifetime = 60
    #: Whether a refresh token is good for once.
    rotates = True

    def __init__(self, issuer, clients=(("cellar", "cellar-secret"),), key=None):
        self.issuer = issuer
        self.clients = {name: Client(name, secret) for name, secret in clients}
        self.keys = [key or RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})]
        self.codes, self.tokens = {}, []
        self.users = {"ada": {"email": "ada@cellar.example", "email_verified": True, "name": "Ada"}}
        #: What was asked for, as (method, path).
        self.asked = []
        self.credentials, self.tokens1, self.nonces = {}, {}, set()
        self.server, self.server1 = Server(self), Server1(self)
        self.app = make_app(self)

    def metadata(self):
        at = self.issuer
        return {
            "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys", "userinfo_endpoint": f"{at}/userinfo", "revocation_endpoint": f"{at}/revoke",
            "end_session_endpoint": f"{at}/logout", "scopes_supported": self.scopes,
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def keep(self, token, request):
        self.tokens.append(
            Token(
                request.client.client_id,
                request.user,
                token["access_token"],
                token.get("refresh_token"),
                token.get("scope") or "",
                time.time() + token["expires_in"],
            )
        )

    def claims(self, code, access_token):
        now = int(time.time())
        known = self.users.get(code.user, {})
        about = {
            name: known[name]
            for name in ("email", "email_verified")
            if "email" in code.scope and name in known
        }
        return {
            "iss": self.issuer, "sub": f"id-of-{code.user}", "aud": code.client_id, "iat": now, "exp": now + 300,
            **({"nonce": code.nonce} if code.nonce else {}), **about,
        }  # fmt: skip

    def id_token(self, code, access_token):
        key = self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": key.kid}, self.claims(code, access_token), key)

    def whose(self):
        """The token that a call comes with."""
        word, _, given = request.headers.get("Authorization", "").partition(" ")
        for token in self.tokens:
            if (
                word.lower() == "bearer"
                and token.access_token == given
                and not token.revoked
                and not token.is_expired()
            ):
                return token
        return abort(401)


class Server1(AuthorizationServer1):
    """Authlib's for OAuth 1.0a."""

    TEMPORARY_CREDENTIALS_METHOD = "POST"

    def __init__(self, provider):
        self.provider = provider

    def get_client_by_id(self, client_id):
        return self.provider.clients.get(client_id)

    def exists_nonce(self, nonce, request):
        key = (nonce, request.timestamp, request.client_id, request.token)
        seen = key in self.provider.nonces
        self.provider.nonces.add(key)
        return seen

    def create_temporary_credential(self, request):
        made = TemporaryCredential(
            client_id=request.client_id, oauth_callback=request.redirect_uri, **new_credential()
        )
        self.provider.credentials[made["oauth_token"]] = made
        return made

    def get_temporary_credential(self, request):
        return self.provider.credentials.get(request.token)

    def delete_temporary_credential(self, request):
        self.provider.credentials.pop(request.token, None)

    def create_authorization_verifier(self, request):
        verifier = secrets.token_urlsafe(16)
        request.credential.update(oauth_verifier=verifier, user_id=request.user)
        return verifier

    def create_token_credential(self, request):
        made = TemporaryCredential(**new_credential(), user_id=request.credential.get_user_id())
        self.provider.tokens1[made["oauth_token"]] = made
        return made

    def create_oauth1_request(self, _):
        return asked1()

    def handle_response(self, status_code, payload, headers):
        return Response(urlencode(payload), status_code, dict(headers))


class Protector1(ResourceProtector1):
    def __init__(self, provider):
        self.provider = provider

    def get_client_by_id(self, client_id):
        return self.provider.clients.get(client_id)

    def get_token_credential(self, request):
        return self.provider.tokens1.get(request.token)

    def exists_nonce(self, nonce, request):
        return self.provider.server1.exists_nonce(nonce, request)


def new_credential():
    return {"oauth_token": secrets.token_urlsafe(16), "oauth_token_secret": secrets.token_urlsafe(16)}


def asked1():
    body = request.form.to_dict() if request.method == "POST" else None
    return OAuth1Request(request.method, request.url, body, request.headers)


def make_app(provider):
    app = Flask("provider", static_folder=None)

    @app.before_request
    def remember():
        provider.asked.append((request.method, request.path))

    @app.get("/.well-known/openid-configuration")
    def metadata():
        return provider.metadata()

    @app.get("/keys")
    def keys():
        return {"keys": [key.as_dict(private=False) for key in provider.keys]}

    @app.get("/authorize")
    def ask():
        try:
            grant = provider.server.get_consent_grant(end_user=None)
        except OAuth2Error as error:
            return f"{error.error}: {error.description}", 400
        asked = grant.request.payload
        return render_template_string(
            CONSENT, client=grant.client.client_id, scope=asked.scope, fields=request.args.to_dict()
        )

    @app.post("/authorize")
    def answer():
        user = request.form["user"] if request.form["confirm"] == "yes" else None
        grant = provider.server.get_authorization_grant(Asked(request))
        response = provider.server.create_authorization_response(grant_user=user, grant=grant)
        if "location" in response.headers:
            joined = "&" if "?" in response.headers["location"] else "?"
            response.headers["location"] += joined + urlencode({"iss": provider.issuer})
        return response

    @app.post("/token")
    def token():
        return provider.server.create_token_response()

    @app.post("/revoke")
    def revoke():
        return provider.server.create_endpoint_response("revocation")

    @app.get("/userinfo")
    def userinfo():
        token = provider.whose()
        return {"sub": f"id-of-{token.user}", **provider.users.get(token.user, {})}

    @app.get("/user")
    def user():
        return {"id": 42, "login": provider.whose().user, "name": "Ada"}

    @app.get("/user/emails")
    def emails():
        known = provider.users[provider.whose().user]
        return [{"email": known["email"], "primary": True, "verified": known["email_verified"]}]

    @app.get("/logout")
    def logout():
        return redirect(request.args["post_logout_redirect_uri"])

    @app.post("/oauth1/request")
    def request_token():
        return provider.server1.create_temporary_credentials_response()

    @app.get("/oauth1/authorize")
    def ask1():
        asked = asked1()
        provider.server1.validate_authorization_request(asked)
        fields = {"oauth_token": asked.token}
        return render_template_string(
            CONSENT, client=asked.credential.get_client_id(), scope="all", fields=fields
        )

    @app.post("/oauth1/authorize")
    def answer1():
        if request.form["confirm"] != "yes":
            credential = provider.credentials.pop(request.form["oauth_token"])
            return redirect(f"{credential.get_redirect_uri()}?denied={credential.get_oauth_token()}")
        return provider.server1.create_authorization_response(None, request.form["user"])

    @app.post("/oauth1/access")
    def access_token():
        return provider.server1.create_token_response(None)

    @app.get("/oauth1/me")
    def me1():
        asked = Protector1(provider).validate_request(request.method, request.url, None, request.headers)
        return {"id_str": "7", "name": asked.credential.get_user_id()}

    return app


app = Provider(os.environ.get("ISSUER", "http://127.0.0.1:5001")).app
