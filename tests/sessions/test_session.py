from __future__ import annotations

import pytest
from werkzeug.datastructures import CallbackDict

from demijohn.sessions import NullSession, SecureCookieSession, SessionMixin


@pytest.fixture
def session():
    return SecureCookieSession({"a": 1, "b": 2})


def test_it_is_a_dictionary_and_what_extensions_look_for(session):
    assert isinstance(session, dict)
    assert isinstance(session, CallbackDict)
    assert isinstance(session, SessionMixin)
    assert repr(session) == "<SecureCookieSession {'a': 1, 'b': 2}>"
    assert SecureCookieSession() == {}


def test_a_new_object_is_neither_read_nor_changed(session):
    assert (session.accessed, session.modified, session.new) == (False, False, False)


READS = {
    "item": lambda s: s["a"],
    "missing item": lambda s: pytest.raises(KeyError, s.__getitem__, "x"),
    "get": lambda s: s.get("x"),
    "in": lambda s: "x" in s,
    "len": len,
    "truth": bool,
    "iteration": list,
    "reversed": lambda s: list(reversed(s)),
    "keys": lambda s: s.keys(),
    "values": lambda s: s.values(),
    "items": lambda s: s.items(),
    "copy": lambda s: s.copy(),
    "dict": dict,
    "unpacking": lambda s: {**s},
    "equality": lambda s: s == {},
    "inequality": lambda s: s != {},
    "union": lambda s: s | {},
    "union from the right": lambda s: {} | s,
    "permanent": lambda s: s.permanent,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_case_30_every_way_of_reading_is_noticed(session, read):
    read(session)
    assert session.accessed
    assert not session.modified


CHANGES = {
    "item": (lambda s: s.__setitem__("a", 3), {"a": 3, "b": 2}),
    "same item": (lambda s: s.__setitem__("a", 1), {"a": 1, "b": 2}),
    "del": (lambda s: s.__delitem__("a"), {"b": 2}),
    "pop": (lambda s: s.pop("a"), {"b": 2}),
    "popitem": (lambda s: s.popitem(), {"a": 1}),
    "clear": (lambda s: s.clear(), {}),
    "update": (lambda s: s.update(c=3), {"a": 1, "b": 2, "c": 3}),
    "union": (lambda s: s.__ior__({"c": 3}), {"a": 1, "b": 2, "c": 3}),
    "setdefault": (lambda s: s.setdefault("c", 3), {"a": 1, "b": 2, "c": 3}),
    "permanent": (lambda s: setattr(s, "permanent", True), {"a": 1, "b": 2, "_permanent": True}),
}


@pytest.mark.parametrize(("change", "after"), CHANGES.values(), ids=CHANGES)
def test_every_change_is_noticed(session, change, after):
    change(session)
    assert session.modified
    assert session == after


@pytest.mark.parametrize(
    "attempt", [lambda s: s.pop("x", None), lambda s: s.setdefault("a", 9), lambda s: s.pop("x", 0)]
)
def test_an_attempt_that_changes_nothing_is_only_a_read(session, attempt):
    attempt(session)
    assert session.accessed
    assert not session.modified


def test_a_copy_is_a_plain_dictionary(session):
    assert type(session.copy()) is dict
    assert session.copy() == {"a": 1, "b": 2}
    assert type(session | {"c": 3}) is dict


def test_permanent_is_kept_in_the_session(session):
    assert session.permanent is False
    session.permanent = 1
    assert session["_permanent"] is True
    assert session.permanent is True


def test_a_session_of_ones_own_has_the_attributes():
    class Own(dict, SessionMixin):
        pass

    own = Own()
    own.permanent = True
    assert own == {"_permanent": True}
    assert (own.permanent, own.modified, own.accessed, own.new) == (True, True, False, False)


def test_a_null_session_reads_as_empty():
    session = NullSession()
    assert len(session) == 0
    assert session.get("a") is None
    assert "a" not in session
    with pytest.raises(KeyError):
        session["a"]


@pytest.mark.parametrize(
    "write",
    [
        lambda s: s.__setitem__("a", 1),
        lambda s: s.__delitem__("a"),
        lambda s: s.__ior__({"a": 1}),
        lambda s: s.clear(),
        lambda s: s.pop("a", None),
        lambda s: s.popitem(),
        lambda s: s.update(a=1),
        lambda s: s.setdefault("a", 1),
        lambda s: setattr(s, "permanent", True),
    ],
)
def test_a_null_session_says_how_to_get_a_real_one(write):
    with pytest.raises(RuntimeError, match="session is unavailable because no secret key was set") as caught:
        write(NullSession())
    assert "secrets.token_hex()" in str(caught.value)
