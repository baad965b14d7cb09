"""The console: who may send code, where it runs, what comes back, and when it is stopped."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.debugger.conftest import HERE, PIN

from demijohn import g, request, session
from demijohn.debugger import console
from demijohn.testing import FlaskClient


@pytest.fixture(autouse=True)
def views(app):
    @app.post("/fails/<word>")
    @app.get("/fails/<word>")
    def fails(word):
        session["who"] = word
        g.found = [word]
        amount = 3
        return inner(amount)

    def inner(amount):
        here = "inside"
        raise ValueError(f"{amount} {here} {request.path}")

    @app.get("/later")
    async def later():
        value = "of an async view"
        raise ValueError(value)


@pytest.fixture
def page(client):
    client.unlock()
    return client.failed("/fails/big")


def test_expressions_are_answered_with_their_value_and_statements_with_what_they_print(page):
    assert page.output("amount * 2") == "6\n"
    assert page.output("print('seen'); here") == "seen\n'inside'\n"
    assert page.output("None") == ""
    assert page.output("for n in range(2):\n    print(n)") == "0\n1\n"


def test_what_code_leaves_stays_in_its_frame_and_in_no_other(page):
    assert page.output("mine = amount + 1") == ""
    assert page.output("mine") == "4\n"
    assert page.output("def twice(): return mine * 2\n[twice() for _ in range(2)]") == "[8, 8]\n"
    assert "NameError" in page.output("mine", page.own[1])
    assert page.output("word", page.own[1]) == "'big'\n"


def test_the_request_that_failed_is_current(page):
    assert page.output("request.path, session['who'], g.found") == "('/fails/big', 'big', ['big'])\n"
    assert page.output("g.more = 1; current_app.name") == "'debugged'\n"
    assert page.output("g.more") == "1\n"


def test_another_request_meanwhile_is_not_mixed_in(client, page):
    other = client.failed("/fails/other")
    assert other.output("request.path, g.found") == "('/fails/other', ['other'])\n"
    assert page.output("request.path, g.found") == "('/fails/big', ['big'])\n"


def test_awaiting_works_at_the_top_in_frames_of_sync_and_async_views(client, page):
    assert page.output("import asyncio\nawait asyncio.sleep(0.01, amount)") == "3\n"
    later = client.failed("/later")
    assert later.output("import asyncio\nfound = await asyncio.sleep(0, value)\nfound, request.path") == (
        "('of an async view', '/later')\n"
    )
    assert "ZeroDivisionError" in later.output("async def bad(): 1 / 0\nawait bad()")


def test_what_is_awaited_runs_on_the_loop_of_the_application(app, client):
    import asyncio

    @app.get("/loop")
    async def loop():
        mine = asyncio.get_running_loop()
        raise ValueError(mine.is_running())

    client.unlock()
    page = client.failed("/loop")
    page.output("import asyncio\nasync def same(): return asyncio.get_running_loop() is mine")
    if client.client.protocol == "wsgi":  # elsewhere a test client has a loop for each request
        assert page.output("await same()") == "True\n"
    assert page.output("await asyncio.sleep(0, 1)") == "1\n"


def test_an_error_comes_back_as_its_traceback_without_the_console_s_own_frames(page):
    output = page.output("def f():\n    1 / 0\nf()")
    assert output.startswith('Traceback (most recent call last):\n  File "<console>", line 3')
    assert output.endswith("ZeroDivisionError: division by zero\n")
    assert "demijohn" not in output
    assert "SyntaxError" in page.output("def")
    assert "SystemExit" in page.output("raise SystemExit")


def test_only_its_own_output_comes_back(page, capsys):
    stop = threading.Event()

    def chatter():
        while not stop.is_set():
            print("somebody else")
            time.sleep(0.001)

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        output = page.output("import time\nfor n in range(3):\n    print('mine', n)\n    time.sleep(0.02)")
    finally:
        stop.set()
        thread.join()
    assert output == "mine 0\nmine 1\nmine 2\n"
    assert "somebody else" in capsys.readouterr().out


def test_output_without_end_is_cut(page):
    assert len(page.output("print('x' * 10_000_000)")) < 200_000


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        "import asyncio\nawait asyncio.sleep(60)",
        "async def spin():\n    while True: pass\nawait spin()",
    ],
)
def test_code_that_does_not_end_is_stopped(page, monkeypatch, code):
    monkeypatch.setattr(console, "SECONDS", 0.3)
    began = time.monotonic()
    assert "Stopped" in page.output(code)
    assert time.monotonic() - began < 8
    assert page.output("amount") == "3\n"


def test_code_that_waits_where_python_cannot_stop_it_is_left_behind(page, monkeypatch):
    monkeypatch.setattr(console, "SECONDS", 0.2)
    assert "Left behind" in page.output("import time\ntime.sleep(5)")
    assert page.output("amount") == "3\n"


def test_a_sent_code_has_ten_seconds():
    assert console.SECONDS == 10


def test_the_pin_is_asked_for(client):
    page = client.failed("/fails/big")
    assert page.ask("1").status_code == 403
    wrong = client.post(f"{HERE}pin", {"pin": "000-000-000"})
    assert (wrong.status_code, wrong.json) == (403, {"left": 9})
    right = client.post(f"{HERE}pin", {"pin": PIN.replace("-", "")})
    assert right.status_code == 204
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert page.output("1") == "1\n"


def test_the_tenth_wrong_pin_locks_also_for_the_right_one(client):
    answers = [client.post(f"{HERE}pin", {"pin": str(n)}) for n in range(10)]
    assert [answer.json["left"] for answer in answers] == list(range(9, -1, -1))
    assert {answer.status_code for answer in answers} == {403}
    assert client.post(f"{HERE}pin", {"pin": PIN}).status_code == 429
    assert client.failed("/fails/big").ask("1").status_code == 403


def test_case_53_of_a_hundred_pins_at_once_ten_are_looked_at(app, client, protocol):
    client.install()

    def guess(number):
        with FlaskClient(app, app.response_class, protocol=protocol) as one:
            pin = PIN if number > 50 else f"{number:09}"
            return one.post(f"{HERE}pin", json={"pin": pin}).status_code

    for number in range(10):
        assert guess(number) == 403
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(guess, range(100))) == {429}


def test_without_a_pin_the_token_is_enough_on_this_machine(client, environment):
    environment(DEBUG_PIN="off")
    page = client.failed("/fails/big")
    assert page.output("1") == "1\n"
    page.token = None
    assert page.ask("1").status_code == 403


def test_a_pin_that_is_off_is_none_only_where_nobody_else_can_come(environment):
    from demijohn.debugger import pin_of

    environment(DEBUG_PIN="off")
    assert pin_of("key", local=True) is None
    assert len(pin_of("key", local=False).replace("-", "")) == 9


@pytest.mark.parametrize("token", [None, "", "wrong", "0" * 64])
def test_without_the_page_s_token_no_code_is_run(page, token):
    page.token = token
    assert page.ask("1").status_code == 403


@pytest.mark.parametrize(
    "fields", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_page_of_another_site_cannot_use_up_the_pins(client, fields):
    for _ in range(12):
        assert client.post(f"{HERE}pin", {"pin": "0"}, **fields).status_code == 403
    client.unlock()


def test_a_form_is_no_code(client, page):
    data = {"frame": page.own[0], "code": "1"}
    answer = client.client.post(f"{HERE}eval", data=data, headers={"X-Demijohn-Debugger": page.token})
    assert answer.status_code == 415


def test_what_is_sent_has_to_be_two_texts(client, page):
    headers = {"X-Demijohn-Debugger": page.token}
    for sent in (
        {},
        [],
        {"frame": 1, "code": "1"},
        {"frame": page.own[0]},
        {"frame": page.own[0], "code": 1},
    ):
        assert client.post(f"{HERE}eval", sent, **headers).status_code == 400, sent


def test_a_frame_of_an_error_that_is_not_kept_is_gone(client, page):
    for _ in range(10):
        client.failed("/fails/other")
    assert page.ask("1").status_code == 404


def test_only_post_is_taken(client):
    assert client.get(f"{HERE}eval").status_code == 405
    assert client.get(f"{HERE}pin").status_code == 405


def test_the_teardown_of_the_context_runs_after_code(app, client):
    ended = []
    app.teardown_appcontext(lambda error: ended.append(request.path))
    client.unlock()
    page = client.failed("/fails/big")
    before = len(ended)
    page.output("1")
    assert "/fails/big" in ended[before:]
