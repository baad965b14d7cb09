from __future__ import annotations

import hashlib
import time
import uuid
import warnings
from collections import UserDict
from datetime import UTC, datetime, timedelta, timezone

import pytest
from itsdangerous import URLSafeTimedSerializer
from markupsafe import Markup
from werkzeug.datastructures import Headers
from werkzeug.http import dump_cookie
from werkzeug.test import EnvironBuilder

from demijohn import Flask, Response, request, session
from demijohn.errors import WrongSetting
from demijohn.policy import Policy
from demijohn.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from demijohn.sessions.server_side.interface import ServerSideSessionInterface
from demijohn.sessions.server_side.memory import MemoryStore

NOW = 1_700_000_000
KEY = "the secret of the tests"
RICH = {
    "a": (1, b"x"),
    "m": Markup("<b>"),
    "u": uuid.UUID(int=5),
    "d": datetime(2024, 2, 29, 12, 0, 5, tzinfo=UTC),
    " t": [{" b": 1}],
}

# Recorded from Flask 3.1.3 with the key and the time above.
FLASK_COOKIES = [
    ({"user": 1}, "eyJ1c2VyIjoxfQ.ZVPxAA.ZtawQvN_1tWltjZ58ljF2-XJ150"),
    (
        RICH,
        (
            ".eJx9ijEKhUAMBa8SXr1FdtHCoIKNv_qdnYi4KGhhp5Xk7mb3AKaYwMx7QBdkfEDrAbEX5xniVSeHJYuUvUsFgq1rGuikDmuORgz77S"
            "hU1G-RAoeCfBBm4ZJ-_wE2PfPUiDq2SdxZGMHfV0L1BSyiJ00.ZVPxAA.tQlntCmTwjSW_uhw1xk5NdCHR7w"
        ),
    ),
    (
        {"text": "abc" * 60, "n": [1, 2, None]},
        ".eJyrVspTsoo21DHSySvNyYnVUSpJrShRslJKTEoeckipFgBWdUyu.ZVPxAA.ByUsAfiSMffTFs4lmHnL3PT41bw",
    ),
]


@pytest.fixture
def app():
    app = Flask("demijohn", root_path="/")
    app.secret_key = KEY
    app.testing = True
    return app


@pytest.fixture
def interface(app):
    return app.session_interface


@pytest.fixture
def clock(monkeypatch):
    def set_to(seconds):
        monkeypatch.setattr(time, "time", lambda: seconds)

    set_to(NOW)
    return set_to


def opened(app, cookie, **kwargs):
    with app.test_request_context("/", headers={"Cookie": cookie}, **kwargs):
        return dict(session)


@pytest.mark.parametrize(("value", "cookie"), FLASK_COOKIES)
def test_flasks_cookies_are_read(app, clock, value, cookie):
    assert opened(app, f"session={cookie}") == value


def test_flasks_cookies_are_written(app, clock):
    value, cookie = FLASK_COOKIES[0]
    with app.app_context():
        assert app.session_interface.get_signing_serializer(app).dumps(value) == cookie


def test_types_come_back_from_the_browser(app):
    app.add_url_rule("/save", view_func=lambda: session.update(RICH) or "", endpoint="save")
    app.add_url_rule("/load", view_func=lambda: repr(dict(session)), endpoint="load")
    client = app.test_client()
    client.get("/save")
    loaded = client.get("/load").text
    for part in (
        "(1, b'x')",
        "Markup('<b>')",
        f"{uuid.UUID(int=5)!r}",
        "datetime.datetime(2024, 2, 29, 12, 0, 5",
    ):
        assert part in loaded


def test_an_extension_can_make_and_read_cookies(app, interface):
    serializer = interface.get_signing_serializer(app)
    assert isinstance(serializer, URLSafeTimedSerializer)
    assert serializer.loads(serializer.dumps({"a": (1,)})) == {"a": (1,)}


def test_the_serializer_is_made_once_per_settings(app, interface):
    first = interface.get_signing_serializer(app)
    assert interface.get_signing_serializer(app) is first
    app.secret_key = "another"
    assert interface.get_signing_serializer(app) is not first
    app.secret_key = None
    assert interface.get_signing_serializer(app) is None


def test_changed_fallbacks_count_even_when_changed_in_place(app, interface, clock):
    old = Flask("old", root_path="/")
    old.secret_key = "old key"
    token = interface.get_signing_serializer(old).dumps({"user": 1})
    app.config["SECRET_KEY_FALLBACKS"] = fallbacks = []
    assert opened(app, f"session={token}") == {}
    fallbacks.append("old key")
    assert opened(app, f"session={token}") == {"user": 1}


@pytest.mark.parametrize("old", ["old key", b"old key"])
@pytest.mark.parametrize("read_env", [False, True])
def test_a_single_old_key_is_one_key_and_not_its_letters(app, interface, monkeypatch, old, read_env):
    def token(key):
        other = Flask("other", root_path="/")
        other.secret_key = key
        return interface.get_signing_serializer(other).dumps({"user": 1})

    if read_env:
        monkeypatch.setenv("FLASK_SECRET_KEY_FALLBACKS", "old key")
        app.config.from_prefixed_env()
    else:
        app.config["SECRET_KEY_FALLBACKS"] = old
    assert opened(app, f"session={token('o')}") == {}
    assert opened(app, f"session={token('old key')}") == {"user": 1}
    assert interface.get_signing_serializer(app).loads(token("old key")) == {"user": 1}


def test_case_31_a_cookie_of_an_old_key_is_read_and_signed_anew(app):
    app.add_url_rule("/", view_func=lambda: session.update(n=session.get("n", 0) + 1) or "")
    client = app.test_client()
    client.get("/")
    app.secret_key, app.config["SECRET_KEY_FALLBACKS"] = "new", [KEY]
    client.get("/")
    app.config["SECRET_KEY_FALLBACKS"] = None
    with client.session_transaction() as stored:
        assert stored["n"] == 2


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "eyJ1c2VyIjoxfQ.ZVPxAA.ZtawQvN_1tWltjZ58ljF2-XJ151",
        "eyJ1c2VyIjoyfQ.ZVPxAA.ZtawQvN_1tWltjZ58ljF2-XJ150",
        "A" * 1_000_000,
    ],
)
def test_case_32_a_cookie_that_is_not_ours_is_an_empty_session(app, clock, cookie):
    assert opened(app, f"session={cookie}") == {}


def test_case_32_a_cookie_from_the_future_is_an_empty_session(app, clock):
    clock(NOW - 60)
    assert opened(app, f"session={FLASK_COOKIES[0][1]}") == {}


def test_a_cookie_ends_with_the_lifetime(app, clock):
    app.permanent_session_lifetime = timedelta(seconds=60)
    cookie = f"session={FLASK_COOKIES[0][1]}"
    clock(NOW + 60)
    assert opened(app, cookie) == {"user": 1}
    clock(NOW + 61)
    assert opened(app, cookie) == {}


def test_case_33_a_compressed_bomb_is_an_empty_session(app, interface):
    bomb = interface.get_signing_serializer(app).dumps({"a": "0" * 5_000_000})
    assert len(bomb) < 10_000
    assert opened(app, f"session={bomb}") == {}


def test_without_a_secret_key_writing_says_so(app):
    app.secret_key = None
    app.add_url_rule("/", view_func=lambda: session.update(a=1), endpoint="write")
    app.add_url_rule("/read", view_func=lambda: str(session.get("a")), endpoint="read")
    client = app.test_client()
    assert client.get("/read").text == "None"
    with pytest.raises(RuntimeError, match="session is unavailable because no secret key was set"):
        client.get("/")


def saved(app, values, response=None, **state):
    """The response after saving a session of these values in a request to localhost."""
    stored = SecureCookieSession(values)
    for name, value in state.items():
        setattr(stored, name, value)
    response = Response("body") if response is None else response
    with app.test_request_context("/"):
        app.session_interface.save_session(app, stored, response)
    return response


def test_an_untouched_session_leaves_the_response_alone(app):
    headers = saved(app, {"a": 1}).headers
    assert {"Vary", "Cache-Control", "Set-Cookie"}.isdisjoint(dict(headers))


def test_case_30_a_read_session_makes_the_response_private(app):
    headers = saved(app, {"a": 1}, accessed=True).headers
    assert headers["Vary"] == "Cookie"
    assert headers["Cache-Control"] == "private"
    assert "Set-Cookie" not in headers


def test_case_30_a_written_session_makes_the_response_private(app):
    for values in ({"a": 1}, {}):
        headers = saved(app, values, modified=True).headers
        assert headers["Vary"] == "Cookie"
        assert headers["Cache-Control"] == "private"


READS = [
    lambda: session.get("a"),
    lambda: "a" in session,
    lambda: len(session),
    lambda: list(session),
    lambda: bool(session),
    lambda: session.permanent,
]


@pytest.mark.parametrize("read", READS)
def test_case_30_every_read_in_a_view_is_told_to_caches(app, read):
    app.add_url_rule("/", view_func=lambda: str(read()))
    response = app.test_client().get("/")
    assert response.headers["Vary"] == "Cookie"
    assert response.headers["Cache-Control"] == "private"


def test_a_view_that_leaves_the_session_alone_can_be_cached(app):
    app.add_url_rule("/", view_func=lambda: "public")
    client = app.test_client()
    client.set_cookie("session", FLASK_COOKIES[0][1])
    assert {"Vary", "Cache-Control"}.isdisjoint(dict(client.get("/").headers))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("public, max-age=60", "public, max-age=60"),
        ("no-store", "no-store"),
        ("private, max-age=5", "private, max-age=5"),
        ("max-age=60", "max-age=60, private"),
    ],
)
def test_what_the_view_says_about_caches_is_kept(app, given, kept):
    response = Response("body", headers={"Cache-Control": given, "Vary": "Accept"})
    headers = saved(app, {"a": 1}, response, accessed=True).headers
    assert headers["Cache-Control"] == kept
    assert headers["Vary"] == "Accept, Cookie"


def test_with_a_policy_without_private_sessions_only_vary_is_set():
    class Old(Flask):
        policy = Policy(private_sessions=False)

    app = Old("demijohn", root_path="/")
    app.secret_key = KEY
    headers = saved(app, {"a": 1}, accessed=True).headers
    assert headers["Vary"] == "Cookie"
    assert "Cache-Control" not in headers


def test_an_emptied_session_is_removed_from_the_browser(app):
    app.config.update(SESSION_COOKIE_PATH="/shop", SESSION_COOKIE_DOMAIN="example.com")
    cookie = saved(app, {}, modified=True).headers["Set-Cookie"]
    assert cookie.startswith("session=; ")
    for part in (
        "Expires=Thu, 01 Jan 1970",
        "Max-Age=0",
        "Path=/shop",
        "Domain=example.com",
        "HttpOnly",
        "SameSite=Lax",
    ):
        assert part in cookie


def test_an_empty_session_that_was_only_read_sets_nothing(app):
    assert "Set-Cookie" not in saved(app, {}, accessed=True).headers


SETTINGS = [
    {},
    {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Strict"},
    {"SESSION_COOKIE_HTTPONLY": False, "SESSION_COOKIE_SAMESITE": None},
    {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_DOMAIN": ".example.com"},
    {"SESSION_COOKIE_PATH": "/a path/ü", "SESSION_COOKIE_NAME": "sid"},
    {"APPLICATION_ROOT": "/app", "SESSION_COOKIE_SAMESITE": "none"},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("permanent", [False, True])
def test_the_header_field_is_the_one_werkzeug_writes(app, interface, clock, settings, permanent):
    app.config.update(settings)
    values = {"a": 1, "_permanent": True} if permanent else {"a": 1}
    written = saved(app, values, modified=True).headers["Set-Cookie"]
    with app.test_request_context("/"):
        expires = interface.get_expiration_time(app, SecureCookieSession(values))
        expected = dump_cookie(
            interface.get_cookie_name(app),
            interface.get_signing_serializer(app).dumps(values),
            expires=expires,
            domain=interface.get_cookie_domain(app),
            path=interface.get_cookie_path(app),
            secure=interface.get_cookie_secure(app),
            httponly=interface.get_cookie_httponly(app),
            samesite=interface.get_cookie_samesite(app),
            partitioned=interface.get_cookie_partitioned(app),
        )
    assert written == expected


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=5))])
def test_the_date_of_an_overridden_expiry_is_written_in_utc(app, zone):
    class Fixed(SecureCookieSessionInterface):
        def get_expiration_time(self, app, session):
            return datetime(2040, 5, 6, 12, 0, 0, 999, tzinfo=zone)

    app.session_interface = Fixed()
    hour = 7 if zone and zone.utcoffset(None) else 12
    cookie = saved(app, {"a": 1}, modified=True).headers["Set-Cookie"]
    assert f"; Expires=Sun, 06 May 2040 {hour:02}:00:00 GMT;" in cookie


@pytest.mark.parametrize(
    "settings",
    [
        {"SESSION_COOKIE_NAME": "a;b"},
        {"SESSION_COOKIE_PATH": "/\r\nX: y"},
        {"SESSION_COOKIE_DOMAIN": "a.b; Secure"},
        {"SESSION_COOKIE_SAMESITE": "Sometimes"},
    ],
)
def test_case_28_a_setting_that_would_break_out_is_refused(app, settings):
    app.config.update(settings)
    with pytest.raises((ValueError, WrongSetting)):  # each setting has words of its own
        saved(app, {"a": 1}, modified=True)


def test_a_cookie_that_browsers_would_drop_warns(app):
    with pytest.warns(UserWarning, match="The 'session' cookie is too large"):
        saved(app, {"a": uuid.uuid4().hex.join(uuid.uuid4().hex for _ in range(300))}, modified=True)
    app.config["MAX_COOKIE_SIZE"] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saved(app, {"a": uuid.uuid4().hex.join(uuid.uuid4().hex for _ in range(300))}, modified=True)


def test_an_overridden_set_cookie_is_used(app):
    class Noting(Response):
        noted = None

        def set_cookie(self, key, value="", **kwargs):
            self.noted = (key, kwargs)

    response = saved(app, {"a": 1}, Noting("body"), modified=True)
    assert response.noted[0] == "session"
    assert response.noted[1]["httponly"] is True
    assert "Set-Cookie" not in response.headers


def test_a_subclass_may_sign_differently(app):
    class Stronger(SecureCookieSessionInterface):
        digest_method = staticmethod(hashlib.sha256)
        salt = "another"

    app.session_interface = Stronger()
    app.add_url_rule("/", view_func=lambda: str(session.setdefault("n", 7)))
    client = app.test_client()
    assert [client.get("/").text, client.get("/").text] == ["7", "7"]
    token = client.get_cookie("session").value
    theirs = URLSafeTimedSerializer(
        [KEY],
        salt="another",
        serializer=Stronger.serializer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": Stronger.digest_method},
    )
    assert theirs.loads(token) == {"n": 7}


def test_a_subclass_may_bring_its_own_serializer(app):
    class Plain(SecureCookieSessionInterface):
        def get_signing_serializer(self, app):
            return URLSafeTimedSerializer("its own key", salt="s")

    app.session_interface = Plain()
    app.add_url_rule("/", view_func=lambda: str(session.setdefault("n", 7)))
    client = app.test_client()
    assert [client.get("/").text, client.get("/").text] == ["7", "7"]


def test_a_session_lives_from_request_to_request(app):
    @app.get("/")
    def count():
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    client = app.test_client()
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]
    assert app.test_client().get("/").text == "1"


def test_a_session_with_nan_comes_back(app):
    """JSON from outside may not hold NaN; a session that was written with it is still a session."""
    app.add_url_rule("/", view_func=lambda: str(session.setdefault("n", float("nan"))))
    client = app.test_client()
    client.get("/")
    with client.session_transaction() as stored:
        assert str(stored["n"]) == "nan"


def test_an_apps_own_json_is_used_for_its_sessions(app):
    class Upper(type(app.json)):
        def dumps(self, obj, **kwargs):
            return super().dumps(obj, **kwargs).upper()

        def loads(self, s, **kwargs):
            return super().loads(s.lower(), **kwargs)

    app.json = Upper(app)
    with app.app_context():
        serializer = app.session_interface.serializer
        assert serializer.dumps({"a": 1}) == '{"A":1}'
        assert serializer.loads('{"A":1}') == {"a": 1}


def answered(app, cookie="", path="/"):
    """The header fields and body of one request, past the test client: the short way is taken if there is one."""
    environ = EnvironBuilder(path=path, headers={"Cookie": cookie}).get_environ()
    got = []
    body = b"".join(app(environ, lambda status, headers: got.extend(headers)))
    return Headers(got), body


def field_values(fields):
    return {name: sorted(fields.getlist(name)) for name in fields.keys()}  # noqa: SIM118 (Headers iterates pairs)


STATES = {
    "untouched": lambda: None,
    "read": lambda: session.get("n"),
    "written": lambda: session.update(n=2),
    "permanent": lambda: session.update(n=2, _permanent=True),
    "emptied": lambda: session.clear(),
    "none": lambda: session.pop("n", None) and session.clear(),
    "private type": lambda: session.update(t=(1,)),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("cookie", ["", "session=" + FLASK_COOKIES[0][1]])
def test_the_short_way_sends_the_fields_of_the_long_one(clock, state, cookie):
    def made(short):
        app = Flask("demijohn", root_path="/")
        app.secret_key = KEY
        app.add_url_rule("/", view_func=lambda: STATES[state]() and "" or "")
        if not short:
            app.after_request(lambda response: response)
        answered(app)  # the first request takes the long way always
        return field_values(answered(app, cookie)[0])

    assert made(True) == made(False)


CHANGES = [
    {"SECRET_KEY": "another key"},
    {"SESSION_COOKIE_NAME": "sid"},
    {"SESSION_COOKIE_DOMAIN": "own.example"},
    {"SESSION_COOKIE_PATH": "/shop"},
    {"APPLICATION_ROOT": "/app"},
    {"SESSION_COOKIE_HTTPONLY": False},
    {"SESSION_COOKIE_SAMESITE": "Strict"},
    {"SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_PARTITIONED": True},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_setting_that_changes_between_requests_counts(app, interface, clock, change):
    app.testing = False
    app.add_url_rule("/", view_func=lambda: session.update(n=2) or "")
    for _ in range(2):
        before = answered(app)[0]["Set-Cookie"]
    app.config.update(change)
    after = answered(app)[0]["Set-Cookie"]
    assert after != before
    fresh = Flask("fresh", root_path="/")
    fresh.config.update(app.config)
    fresh.add_url_rule("/", view_func=lambda: session.update(n=2) or "")
    assert after == answered(fresh)[0]["Set-Cookie"]


def test_a_lifetime_that_changes_between_requests_counts(app, clock):
    app.add_url_rule("/", view_func=lambda: str(session.get("user")))
    cookie = f"session={FLASK_COOKIES[0][1]}"
    clock(NOW + 61)
    assert answered(app, cookie)[1] == b"1"
    app.permanent_session_lifetime = 60
    assert answered(app, cookie)[1] == b"None"


def test_an_application_may_compute_its_secret_key(clock):
    class Rotating(Flask):
        keys = [KEY]

        @property
        def secret_key(self):
            return self.keys[0]

        @secret_key.setter
        def secret_key(self, value):
            self.keys[0] = value

    app = Rotating("demijohn", root_path="/")
    app.add_url_rule("/", view_func=lambda: str(session.get("user")))
    cookie = f"session={FLASK_COOKIES[0][1]}"
    assert answered(app, cookie)[1] == b"1"
    app.secret_key = "another"
    assert answered(app, cookie)[1] == b"None"


def test_an_interface_may_be_changed_while_it_is_used(app, clock):
    app.session_interface = SecureCookieSessionInterface()
    app.add_url_rule("/", view_func=lambda: str(session.get("user")))
    cookie = f"session={FLASK_COOKIES[0][1]}"
    assert answered(app, cookie)[1] == b"1"
    app.session_interface.salt = "another"
    assert answered(app, cookie)[1] == b"None"


@pytest.mark.parametrize("where", ["class", "object"])
def test_an_overridden_save_session_is_asked_on_the_short_way_too(app, where):
    def save_session(self, app, session, response):
        response.headers["X-Saved"] = str(dict(session))

    if where == "class":
        app.session_interface = type("Own", (SecureCookieSessionInterface,), {"save_session": save_session})()
    else:
        interface = SecureCookieSessionInterface()
        interface.save_session = save_session.__get__(interface)
        app.session_interface = interface
    app.add_url_rule("/", view_func=lambda: session.update(n=2) or "")
    for _ in range(2):
        fields = answered(app)[0]
    assert fields["X-Saved"] == "{'n': 2}"
    assert "Set-Cookie" not in fields


# What is kept of the settings must never be another application's, interface's or moment's.

WRITTEN = lambda: session.update(n=2) or ""  # noqa: E731
USER = lambda: str(session.get("user"))  # noqa: E731
COOKIE = f"session={FLASK_COOKIES[0][1]}"


def made(cls=Flask, view=USER, **config):
    app = cls("demijohn", root_path="/")
    app.config.update({"SECRET_KEY": KEY, **config})
    app.add_url_rule("/", view_func=view)
    answered(app)
    return app


def test_an_application_that_computes_its_key_is_not_taken_for_another_of_the_same_settings(clock):
    class Own(Flask):
        secret_key = property(lambda self: "its own key")

    first, second = made(), made(Own)
    assert [answered(first, COOKIE)[1], answered(second, COOKIE)[1]] == [b"1", b"None"]


def test_an_application_that_computes_its_lifetime_is_not_taken_for_another(clock):
    class Brief(Flask):
        permanent_session_lifetime = property(lambda self: timedelta(seconds=5))

    first, second = made(), made(Brief)
    clock(NOW + 100)
    assert [answered(first, COOKIE)[1], answered(second, COOKIE)[1]] == [b"1", b"None"]


@pytest.mark.parametrize("how", ["property", "class", "object", "deleted"])
def test_the_salt_is_the_one_of_the_moment(clock, how):
    class Own(SecureCookieSessionInterface):
        tenant = "cookie-session"

    if how == "property":
        Own.salt = property(lambda self: self.tenant)
    app = made()
    app.session_interface = interface = SecureCookieSessionInterface() if how == "deleted" else Own()
    if how == "deleted":
        interface.salt = "another"
        assert answered(app, COOKIE)[1] == b"None"
        del interface.salt
        assert answered(app, COOKIE)[1] == b"1"
        return
    assert answered(app, COOKIE)[1] == b"1"
    if how == "property":
        Own.tenant = "another"
    else:
        (Own if how == "class" else interface).salt = "another"
    assert answered(app, COOKIE)[1] == b"None"


@pytest.mark.parametrize("where", ["class", "subclass", "object"])
def test_a_replaced_method_is_asked_each_time(where, monkeypatch):
    domains = iter("abcdefgh")
    kind = (
        type("Own", (SecureCookieSessionInterface,), {})
        if where == "subclass"
        else SecureCookieSessionInterface
    )
    interface = kind()

    def domain(*args):
        return f"{next(domains)}.example"

    app = Flask("demijohn", root_path="/")
    app.secret_key = KEY
    app.add_url_rule("/", view_func=WRITTEN)
    app.session_interface = interface
    if where != "class":  # a patch of this package's own class has to be there before its first use
        answered(app)
    monkeypatch.setattr(interface if where == "object" else kind, "get_cookie_domain", domain)
    for letter in "ab":
        assert f"Domain={letter}.example" in answered(app)[0]["Set-Cookie"]


def test_settings_that_the_view_changes_count_for_its_own_cookie_and_no_longer(clock):
    changed = {"SESSION_COOKIE_PATH": "/p", "SESSION_COOKIE_NAME": "other"}

    def view():
        session.get("user")
        if request.args:
            app.config.update(changed)
        session["n"] = 5
        return ""

    app = made(view=view)
    before = dict(app.config)
    environ = EnvironBuilder("/?change=1", headers={"Cookie": COOKIE}).get_environ()
    got = []
    b"".join(app(environ, lambda status, headers: got.extend(headers)))
    assert Headers(got)["Set-Cookie"].startswith("other=")
    assert "Path=/p" in Headers(got)["Set-Cookie"]
    app.config.update(before)
    for _ in range(2):
        cookie = answered(app, COOKIE)[0]["Set-Cookie"]
        assert cookie.startswith("session=")
        assert "Path=/;" in cookie


def test_a_session_is_signed_by_the_interface_that_saves_it(clock):
    class Other(SecureCookieSessionInterface):
        salt = "another"

    class Moving(SecureCookieSessionInterface):
        def save_session(self, app, session, response):
            Other().save_session(app, session, response)

    app = made(view=WRITTEN)
    app.session_interface = Moving()
    token = answered(app, COOKIE)[0]["Set-Cookie"].partition("=")[2].partition(";")[0]
    with app.app_context():
        assert Other().get_signing_serializer(app).loads(token) == {"user": 1, "n": 2}


def test_a_session_class_need_not_be_a_dictionary(clock):
    class Plain(UserDict, SessionMixin):
        pass

    interface = SecureCookieSessionInterface()
    interface.session_class = Plain
    app = made(view=WRITTEN)
    app.session_interface = interface
    fields, body = answered(app, COOKIE)
    assert body == b""
    assert "Set-Cookie" in fields


def test_a_session_class_decides_what_is_empty(clock):
    class Marked(SecureCookieSession):
        def __len__(self):
            return len([key for key in dict.keys(self) if key != "_mark"])

    interface = SecureCookieSessionInterface()
    interface.session_class = Marked
    app = made(view=lambda: session.update(_mark=1) or "")
    app.session_interface = interface
    assert "Max-Age=0" in answered(app)[0]["Set-Cookie"]


@pytest.mark.parametrize("where", ["class", "object"])
def test_an_overridden_is_null_session_is_asked(where):
    app = made(view=WRITTEN)
    app.session_interface = interface = (
        SecureCookieSessionInterface()
        if where == "object"
        else type("Own", (SecureCookieSessionInterface,), {"is_null_session": lambda self, obj: True})()
    )
    if where == "object":
        interface.is_null_session = lambda obj: True
    assert "Set-Cookie" not in answered(app)[0]


def test_a_save_session_that_is_replaced_while_it_serves_is_asked():
    app = made(view=WRITTEN)
    app.session_interface = SecureCookieSessionInterface()
    assert "Set-Cookie" in answered(app)[0]
    app.session_interface.save_session = lambda app, session, response: None
    assert "Set-Cookie" not in answered(app)[0]


def test_settings_that_are_not_needed_may_be_missing():
    app = made()
    for name in ("MAX_COOKIE_SIZE", "SESSION_COOKIE_PATH", "SESSION_COOKIE_PARTITIONED"):
        del app.config[name]
    assert answered(app)[1] == b"None"


@pytest.mark.parametrize("keys", [["another", KEY], (KEY,), {KEY: 1}.keys()])
def test_old_keys_may_come_in_any_collection(clock, keys):
    assert answered(made(SECRET_KEY="new", SECRET_KEY_FALLBACKS=keys), COOKIE)[1] == b"1"


def test_a_key_may_be_a_bytearray(clock):
    assert answered(made(SECRET_KEY=bytearray(KEY.encode())), COOKIE)[1] == b"1"


@pytest.mark.parametrize("form", ["cookie", "json", "msgpack"])
def test_a_value_that_cannot_be_stored_is_named_by_its_key(app, form):
    if form != "cookie":
        app.session_interface = ServerSideSessionInterface(MemoryStore(), form=form)
    app.add_url_rule("/", "write", lambda: session.update(a=1, cart=[object()], z=(1, 2)) or "written")
    with pytest.raises(TypeError, match=r"object.*session\['cart'\]"):
        app.test_client().get("/")


def test_the_error_of_a_value_that_cannot_be_stored_keeps_its_kind(app):
    circle = []
    circle.append(circle)
    app.add_url_rule("/", "write", lambda: session.update(a=1, circle=circle) or "written")
    with pytest.raises((RecursionError, ValueError), match=r"session\['circle'\]"):
        app.test_client().get("/")
