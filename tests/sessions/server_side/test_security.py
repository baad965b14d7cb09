"""What may not happen to sessions on a server."""

from __future__ import annotations

import base64
import pickle

import pytest

from demijohn.sessions.secure_cookie import session_json_serializer as tags
from demijohn.sessions.server_side import MemoryStore
from demijohn.sessions.server_side.codec import Unreadable, decode, encode


class Bomb:
    exploded = False

    def __reduce__(self):
        return (setattr, (Bomb, "exploded", True))


@pytest.mark.parametrize("protocol", range(6))
def test_case_36_pickle_in_the_store_is_not_read(make_site, sid, protocol):
    store = MemoryStore()
    site = make_site(store)
    client = site.app.test_client()
    client.get("/set/a/1")
    (key,) = store._records
    store.replace(key, pickle.dumps(Bomb(), protocol), 60)
    assert client.get("/get/a").text == "None"
    assert not Bomb.exploded


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"1", b'{"a":', b"\xff", b"\x80\x80", b"\x93\x01\x02\x03", b"{}" * 2, b"\xc1",
     b'{"a":{" d":1}}', b'{"a":{" u":"x"}}', b'{"a":{" b":1}}', b'{"a":' + b"[" * 100_000],
)  # fmt: skip
def test_case_36_what_is_no_session_is_not_read(data):
    with pytest.raises(Unreadable):
        decode(data, tags)


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_a_session_of_any_contents_comes_back(form):
    contents = {
        "t": ((1,), [b"x"]),
        " t": 1,
        "one": {" t": [1]},
        "m": {"k": None},
        "big": 2**63 - 1,
        "f": 0.1,
    }
    assert decode(encode(contents, tags, form), tags) == contents


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_what_no_format_has_is_an_error_for_who_wrote_it(make_site, form):
    site = make_site(MemoryStore(), SESSION_SERIALIZATION_FORMAT=form)

    def put():
        from demijohn import session

        session["a"] = object()
        return ""

    site.add("/put", put)
    with pytest.raises(TypeError):
        site.app.test_client().get("/put")
    assert len(site.store) == 0


def test_case_34_an_identifier_has_256_random_bits(make_site, sid):
    site = make_site(MemoryStore())
    made = set()
    for _ in range(50):
        client = site.app.test_client()
        client.get("/set/a/1")
        made.add(sid(client))
    assert len(made) == 50
    assert all(len(base64.urlsafe_b64decode(value + "=")) == 32 for value in made)


def test_whoever_reads_the_store_can_take_over_no_session(make_site, sid):
    store = MemoryStore()
    site = make_site(store)
    client, thief = site.app.test_client(), site.app.test_client()
    client.get("/set/a/1")
    (key,) = store._records
    assert sid(client) not in key
    for stolen in (key, key[:43]):
        thief.set_cookie("session", stolen)
        assert thief.get("/get/a").text == "None"


def test_the_cookie_is_protected_as_the_settings_say(make_site):
    site = make_site(MemoryStore())
    client = site.app.test_client()
    secure = client.get("/set/a/1", base_url="https://shop.example").headers["Set-Cookie"]
    assert all(part in secure for part in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/"))
    assert "Secure" not in client.get("/set/a/1").headers["Set-Cookie"]
    site.app.config.update(SESSION_COOKIE_NAME="__Host-id", SESSION_COOKIE_SAMESITE="Strict")
    assert (
        client.get("/set/a/1", base_url="https://shop.example").headers["Set-Cookie"].startswith("__Host-id=")
    )


def test_the_identifier_is_not_shown_by_the_session(make_site, sid):
    site = make_site(MemoryStore())
    site.add("/show", lambda: _session_object().__repr__())
    client = site.app.test_client()
    client.get("/set/a/1")
    assert sid(client) not in client.get("/show").text


def test_a_session_that_is_too_large_is_not_written(make_site):
    site = make_site(MemoryStore())

    def fill():
        _session_object()["a"] = "x" * 2_000_000
        return ""

    site.add("/fill", fill)
    with pytest.raises(ValueError, match="2000008 bytes; at most 1048576"):
        site.app.test_client().get("/fill")


def _session_object():
    from demijohn import session

    return session._get_current_object()


def test_the_session_behaves_as_a_dictionary(make_site):
    site = make_site(MemoryStore())
    with site.app.test_request_context():
        kept = _session_object()
        assert not kept.modified
        assert kept.new
        kept.update(a=1, b=2)
        assert kept == {"a": 1, "b": 2}
        assert len(kept) == 2
        assert list(kept) == ["a", "b"]
        assert kept | {"c": 3} == {"a": 1, "b": 2, "c": 3}
        assert {"c": 3} | kept == {"c": 3, "a": 1, "b": 2}
        assert kept.copy() == dict(kept)
        assert kept.setdefault("a", 9) == 1
        with pytest.raises(KeyError):
            del kept["z"]
        assert kept.pop("z", "d") == "d"
        assert len(kept.sid) == 43
        assert kept.sid == kept.sid
        kept.permanent = True
        assert kept.permanent
        site.app.session_interface.regenerate(kept)
