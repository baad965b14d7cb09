from __future__ import annotations

import pytest
from werkzeug import datastructures
from werkzeug.http import dump_options_header

from demijohn.http.headers import Headers, ScopeHeaders, check_status, find_header

BAD_VALUES = ["a\0b", "a\rb", "a\nb", "a\r\nSet-Cookie: x=1", "\x1b[31m", "a\x7f"]
BAD_NAMES = ["", "a b", "a:", "a\r\n", "é", "a\0", "(x)", "a/b"]
SETTERS = {
    "add": lambda headers, name, value: headers.add(name, value),
    "add_header": lambda headers, name, value: headers.add_header(name, value),
    "set": lambda headers, name, value: headers.set(name, value),
    "setlist": lambda headers, name, value: headers.setlist(name, ["fine", value]),
    "setdefault": lambda headers, name, value: headers.setdefault(name, value),
    "setlistdefault": lambda headers, name, value: headers.setlistdefault(name, [value]),
    "setitem": lambda headers, name, value: headers.__setitem__(name, value),
    "index": lambda headers, name, value: headers.__setitem__(0, (name, value)),
    "slice": lambda headers, name, value: headers.__setitem__(slice(0, 1), [(name, value)]),
    "extend": lambda headers, name, value: headers.extend([(name, value)]),
    "update": lambda headers, name, value: headers.update({name: value}),
    "or": lambda headers, name, value: headers.__ior__({name: value}),
    "init": lambda headers, name, value: Headers([(name, value)]),
}


@pytest.mark.parametrize("setter", SETTERS)
@pytest.mark.parametrize("value", BAD_VALUES)
def test_case_42_control_character_in_a_value_is_refused(setter, value):
    headers = Headers([("First", "1")])
    with pytest.raises(ValueError, match="'X-Name'"):
        SETTERS[setter](headers, "X-Name", value)
    assert list(headers) == [("First", "1")]


@pytest.mark.parametrize("setter", SETTERS)
@pytest.mark.parametrize("name", BAD_NAMES)
def test_case_42_bad_header_name_is_refused(setter, name):
    headers = Headers([("First", "1")])
    with pytest.raises(ValueError, match="not a valid name"):
        SETTERS[setter](headers, name, "value")
    assert list(headers) == [("First", "1")]


def test_bytes_are_no_header_name():
    with pytest.raises(ValueError, match="not a valid name"):
        Headers().add(b"X-Name", "value")


@pytest.mark.parametrize("setter", SETTERS)
def test_good_header_is_set_as_werkzeug_sets_it(setter):
    ours, theirs = Headers([("First", "1")]), datastructures.Headers([("First", "1")])
    SETTERS[setter](ours, "X-Name", "a\tb é ☃")
    SETTERS[setter](theirs, "X-Name", "a\tb é ☃")
    assert list(ours) == list(theirs)


def test_set_takes_the_place_of_the_first_and_drops_the_rest():
    headers = Headers([("a", "1"), ("B", "2"), ("c", "3"), ("b", "4")])
    headers["b"] = 5
    assert list(headers) == [("a", "1"), ("b", "5"), ("c", "3")]


def test_empty_list_of_values_removes_the_header():
    headers = Headers([("a", "1"), ("b", "2")])
    headers.setlist("A", [])
    assert list(headers) == [("b", "2")]


def test_keyword_arguments_become_parameters():
    headers = Headers()
    headers.add("Content-Disposition", "attachment", filename="a b.txt")
    headers.set("X-Test", "v", some_name="x")
    assert headers["Content-Disposition"] == dump_options_header("attachment", {"filename": "a b.txt"})
    assert headers["X-Test"] == "v; some-name=x"


def test_over_shares_the_list_both_ways():
    raw = [("Content-Type", "text/plain")]
    headers = Headers.over(raw)
    headers["X-New"] = "1"
    raw.append(("X-Raw", "2"))
    assert raw[1] == ("X-New", "1")
    assert headers["x-raw"] == "2"
    del headers["content-type"]
    assert raw == [("X-New", "1"), ("X-Raw", "2")]


def test_copy_is_apart():
    raw = [("A", "1")]
    copy = Headers.over(raw).copy()
    copy["B"] = "2"
    assert raw == [("A", "1")]
    assert type(copy) is Headers


def test_equal_to_werkzeugs_with_the_same_items():
    assert Headers([("A", "1"), ("B", "2")]) == datastructures.Headers([("b", "2"), ("a", "1")])
    assert datastructures.Headers([("A", "1")]) == Headers([("a", "1")])
    assert Headers([("A", "1")]) != datastructures.Headers([("a", "2")])


@pytest.mark.parametrize(
    "status",
    [0, 99, 1000, -200, "", "99 Low", "1000 High", "200 OK\r\nX: y", "200\n", "²00 OK", "wat", "2e2"],
)
def test_case_42_bad_status_is_refused(status):
    with pytest.raises(ValueError, match="(?i)status"):
        check_status(status)


@pytest.mark.parametrize("status", [200, "200", "200 OK", "200 Très bien", "200 "])
def test_status_code_is_returned(status):
    assert check_status(status) == 200


def test_status_of_another_type_is_a_type_error():
    with pytest.raises(TypeError, match="float"):
        check_status(200.0)


def scope_headers():
    return ScopeHeaders(
        [
            (b"host", b"a.example"),
            (b"accept", b"text/html"),
            (b"cookie", b"a=1"),
            (b"accept", b"*/*"),
            (b"cookie", b"b=2"),
            (b"x-name", b"caf\xe9"),
        ]
    )


def test_scope_headers_answer_as_environ_headers():
    ours = scope_headers()
    theirs = datastructures.EnvironHeaders(
        {
            "HTTP_HOST": "a.example",
            "HTTP_ACCEPT": "text/html, */*",
            "HTTP_COOKIE": "a=1; b=2",
            "HTTP_X_NAME": "café",
        }
    )
    for call in (
        lambda h: list(h),
        lambda h: h["ACCEPT"],
        lambda h: h.get("cookie"),
        lambda h: h.get("none", "default"),
        lambda h: h.get("x-name", type=int),
        lambda h: h.getlist("Accept"),
        lambda h: "x-Name" in h and "none" not in h,
        lambda h: len(h),
        lambda h: list(h.keys(lower=True)),
        lambda h: h.to_wsgi_list(),
        lambda h: str(h),
    ):
        assert call(ours) == call(theirs)
    assert ours == datastructures.Headers(list(theirs))


def test_scope_headers_are_read_only_headers():
    headers = scope_headers()
    assert isinstance(headers, datastructures.Headers)
    for change in (
        lambda: headers.add("a", "b"),
        lambda: headers.__setitem__("a", "b"),
        lambda: headers.pop("host"),
        lambda: headers.__delitem__("host"),
        lambda: headers.copy(),
        lambda: headers | {"a": "b"},
    ):
        with pytest.raises(TypeError):
            change()
    with pytest.raises(KeyError):
        headers["none"]
    with pytest.raises(KeyError):
        headers[0]


def test_case_10_underscore_is_not_a_dash():
    headers = ScopeHeaders([(b"x_forwarded_for", b"6.6.6.6")])
    assert headers.get("X-Forwarded-For") is None
    assert "X-Forwarded-For" not in headers


def test_find_header_joins_what_was_repeated():
    raw = [(b"via", b"a"), (b"cookie", b"x=1"), (b"via", b"b"), (b"cookie", b"y=2")]
    assert find_header(raw, b"via") == "a, b"
    assert find_header(raw, b"cookie") == "x=1; y=2"
    assert find_header(raw, b"host") is None


def test_unheard_names_do_not_fill_memory():
    from demijohn.http import headers as module

    for number in range(2000):
        Headers().add(f"X-{number}", "1")
        ScopeHeaders([(b"x-%d" % number, b"1")]).get(f"X-{number}")
        list(ScopeHeaders([(b"x-%d" % number, b"1")]))
    sizes = [len(module._names_seen), len(module._encoded_names), len(module._titled_names)]
    assert max(sizes) <= module._CACHE_SIZE
