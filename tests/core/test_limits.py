"""Limits: of the application, of a route, of one request; each is 413 with its name, and none is forgotten."""

from __future__ import annotations

import asyncio
from io import BytesIO

import pytest

from demijohn import request

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=edge"


def multipart(*fields):
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    return "".join([*parts, "--edge--\r\n"]).encode()


@pytest.fixture
def size(app):
    """Register a view that tells the size of its body, sync or async."""

    def register(rule, is_async=False, **options):
        def view():
            return str(len(request.get_data()))

        async def later():
            return view()

        app.add_url_rule(rule, rule, later if is_async else view, methods=["POST"], **options)

    return register


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_a_routes_own_limit_wins_over_the_applications(app, client, size, is_async):
    app.config["MAX_CONTENT_LENGTH"] = 100
    size("/usual", is_async)
    size("/large", is_async, max_content_length=1000)
    size("/small", is_async, max_content_length=10)
    size("/unlimited", is_async, max_content_length=None)

    def status(path, length):
        return client.post(path, data=b"x" * length, content_type="text/plain").status_code

    assert (status("/usual", 100), status("/usual", 101)) == (200, 413)
    assert (status("/large", 1000), status("/large", 1001)) == (200, 413)
    assert (status("/small", 10), status("/small", 11)) == (200, 413)
    assert status("/unlimited", 5000) == 200


def test_the_413_names_the_limit_and_the_setting(app, client, size):
    size("/", max_content_length=10)
    answer = client.post("/", data=b"x" * 11)
    assert "10 bytes" in answer.text
    assert "MAX_CONTENT_LENGTH" in answer.text


@pytest.mark.parametrize("padding", [0, 100_000], ids=["small", "large"])
@pytest.mark.parametrize(
    ("setting", "kind"),
    [("MAX_FORM_PARTS", MULTIPART), ("MAX_FORM_PARTS", FORM), ("MAX_FORM_MEMORY_SIZE", MULTIPART)],
)
def test_a_form_past_a_limit_is_413_that_names_the_setting(app, client, padding, setting, kind):
    app.config["MAX_FORM_PARTS"], app.config["MAX_FORM_MEMORY_SIZE"] = 9, 200_000
    app.add_url_rule("/", "form", lambda: str(len(request.form)), methods=["POST"])
    many = [(f"f{number}", "x") for number in range(10)]
    if kind == FORM:
        body = "&".join(f"{name}={value}" for name, value in [*many, ("more", "x" * padding)])
    else:
        own = many if setting == "MAX_FORM_PARTS" else [("long", "x" * 200_001)]
        body = multipart(*own, ("more", "x" * padding))
    answer = client.post("/", data=body, content_type=kind)
    assert answer.status_code == 413
    assert setting in answer.text


@pytest.mark.parametrize("size", [1, 1000], ids=["small", "large"])
def test_more_than_100_files_are_413(app, client, size):
    """However large the form is, and whichever parser reads it."""
    app.add_url_rule("/", "form", lambda: str(len(request.files)), methods=["POST"])
    files = {f"f{number}": (BytesIO(b"x" * size), "a.png") for number in range(101)}
    answer = client.post("/", data=files)
    assert (answer.status_code, "more than 100 files" in answer.text) == (413, True)
    assert "MAX_FORM_FILES" in answer.text
    del files["f0"]
    files = {name: (BytesIO(b"x" * size), "a.png") for name in files}
    assert client.post("/", data=files).text == "100"


def test_a_routes_own_limit_of_files_counts(app, client):
    app.add_url_rule("/", "form", lambda: str(len(request.files)), methods=["POST"], max_form_files=101)
    files = {f"f{number}": (BytesIO(b"x"), "a.png") for number in range(101)}
    assert client.post("/", data=files).text == "101"


def test_too_many_query_fields_are_400_that_names_the_setting(app, client):
    app.add_url_rule("/", "args", lambda: str(len(request.args)))
    answer = client.get("/?" + "a=1&" * 1001)
    assert (answer.status_code, "(MAX_QUERY_FIELDS)" in answer.text) == (400, True)


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_a_limit_set_on_the_request_counts_for_what_is_read_later(app, client, is_async):
    def view():
        request.max_content_length = 5
        return str(len(request.get_data()))

    async def later():
        return view()

    app.add_url_rule("/", "index", later if is_async else view, methods=["POST"])
    assert client.post("/", data=b"12345").status_code == 200
    assert client.post("/", data=b"123456").status_code == 413


@pytest.mark.parametrize(("kind", "body"), [(FORM, b"a=1&b=2&c=3"), (MULTIPART, multipart("a1", "b2", "c3"))])
def test_a_routes_own_limit_of_parts_counts(app, client, kind, body):
    app.add_url_rule("/", "index", lambda: str(len(request.form)), methods=["POST"], max_form_parts=2)
    answer = client.post("/", data=body, content_type=kind)
    assert answer.status_code == 413
    app_wide = client.post("/", data=b"a=1&b=2", content_type=FORM)
    assert app_wide.text == "2"


def test_a_routes_own_limit_of_field_memory_counts(app, client):
    app.add_url_rule(
        "/", "index", lambda: str(len(request.form["a"])), methods=["POST"], max_form_memory_size=50
    )
    assert client.post("/", data=multipart(("a", "x" * 10)), content_type=MULTIPART).text == "10"
    assert client.post("/", data=multipart(("a", "x" * 100)), content_type=MULTIPART).status_code == 413


@pytest.mark.parametrize(
    "body", ["[" * 2000 + "]" * 2000, '{"a":NaN}', '{"a":' + "9" * 5000 + "}", b'"\xff"']
)
def test_case_21_and_22_hostile_json_is_400(app, client, body):
    app.add_url_rule("/", "index", lambda: {"got": str(request.get_json())[:10]}, methods=["POST"])
    assert client.post("/", data=body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
def test_a_handler_of_413_answers(app, client, size, is_async):
    app.register_error_handler(413, lambda e: ("too much", 413))
    size("/", is_async, max_content_length=1)
    assert client.post("/", data=b"xx").text == "too much"


@pytest.mark.parametrize("is_async", [False, True], ids=["def", "async def"])
@pytest.mark.parametrize("reads", ["data", "form", "json", "stream"])
def test_case_24_a_body_that_a_server_ends_early_is_not_presented_as_complete(app, is_async, reads):
    """Servers report a lost connection, but one that takes the early end for the end must do no harm."""
    seen, sent = [], []

    def view():
        if reads == "stream":
            seen.append(request.stream.read())
        else:
            seen.append(request.get_json() if reads == "json" else getattr(request, reads))
        return "complete"

    async def later():
        if reads == "stream":
            seen.append(b"".join([part async for part in request.stream]))
            return "complete"
        return view()

    streams = {"stream": True} if reads == "stream" else {}
    app.add_url_rule("/", "index", later if is_async else view, methods=["POST"], **streams)
    kind = b"application/json" if reads == "json" else FORM.encode()
    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"own.example"), (b"content-length", b"9"), (b"content-type", kind)],
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"12", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert seen == []
    assert sent[0]["status"] == 400


def test_case_17_the_limit_holds_behind_wsgi_middleware_when_no_length_is_announced(app):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    inner, sent = app.wsgi_app, []
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)
    app.add_url_rule("/", "index", lambda: str(len(request.get_data())), methods=["POST"])
    scope = {
        "type": "http", "method": "POST", "path": "/", "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"own.example"), (b"transfer-encoding", b"chunked")],
    }  # fmt: skip
    part, last = ({"type": "http.request", "body": b"x" * 500, "more_body": more} for more in (True, False))
    coming = iter([*[part] * 10, last])

    async def receive():
        for message in coming:
            return message
        await asyncio.sleep(20)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_multipart_form_whose_body_is_empty_is_an_empty_form(app, protocol, method):
    app.testing = True
    app.add_url_rule("/", "index", lambda: repr((*request.form, *request.files)), methods=[method])
    fields = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "0"}
    with app.test_client(protocol=protocol) as client:
        # As a stream: the client makes a form of its own of data.
        answer = client.open("/", method=method, input_stream=BytesIO(), headers=fields, buffered=True)
        assert (answer.status_code, answer.text) == (200, "()")


def nested(depth):
    return b"[" * depth + b"]" * depth


@pytest.fixture
def json(app, client):
    """Post JSON to a view that tells how long its text is."""

    def register(**options):
        app.add_url_rule("/", "json", lambda: str(len(str(request.get_json()))), methods=["POST"], **options)

    def post(body, **options):
        return client.post("/", data=body, content_type="application/json", **options)

    post.register = register
    return post


def test_case_22_json_over_its_limit_is_413_and_names_the_setting(json):
    json.register()
    assert json(b'"' + b"x" * (1024 * 1024 - 2) + b'"').status_code == 200
    answer = json(b'"' + b"x" * (1024 * 1024 - 1) + b'"')
    assert (answer.status_code, "MAX_JSON_SIZE" in answer.text) == (413, True)


def test_case_22_json_without_a_length_is_held_to_its_limit_too(json):
    json.register(max_json_size=10)
    told = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert json(b"[1, 2, 3]", environ_overrides=told).status_code == 200
    assert json(b"[1, 2, 3, 4]", environ_overrides=told).status_code == 413


@pytest.mark.parametrize("where", ["setting", "route", "request"])
def test_how_large_json_may_be_is_said_in_three_places(app, json, where):
    app.config["MAX_JSON_SIZE"] = 8 if where == "setting" else 100
    json.register(**({"max_json_size": 8} if where == "route" else {}))
    if where == "request":

        @app.before_request
        def tighten():
            request.max_json_size = 8

    assert json(b"[1,2,3]").status_code == 200
    assert json(b"[1,2,3,4]").status_code == 413


def test_a_body_that_is_no_json_has_no_limit_as_json(app, client, size):
    app.config["MAX_JSON_SIZE"] = 8
    size("/")
    assert client.post("/", data=b"x" * 1000, content_type="text/plain").text == "1000"


def test_case_21_json_nested_deeper_than_the_setting_or_the_route_says_is_400(app, json):
    app.config["MAX_JSON_DEPTH"] = 3
    json.register()
    assert json(nested(3)).status_code == 200
    answer = json(nested(4))
    assert (answer.status_code, "MAX_JSON_DEPTH" in answer.text) == (400, True)


def test_case_21_a_routes_own_depth_wins(app, json):
    app.config["MAX_JSON_DEPTH"] = 3
    json.register(max_json_depth=150)
    assert json(nested(150)).status_code == 200
    assert json(nested(151)).status_code == 400


def test_case_21_without_a_setting_the_providers_depth_counts(app, json):
    json.register()
    app.json.max_depth = 5
    assert json(nested(5)).status_code == 200
    assert json(nested(6)).status_code == 400
