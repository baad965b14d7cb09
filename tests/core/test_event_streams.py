"""Event streams: what they take, signs of life, where they go on, on the three protocols."""

from __future__ import annotations

import asyncio
import time

import pytest
from werkzeug.exceptions import NotFound

from demijohn import Broadcast, ServerSentEvent, event_stream, request


def read(client, path="/", events=1, **options):
    """The first events of a stream that may have no end, as text."""
    answer = client.get(path, **options)
    found = b""
    for part in answer.response:
        found += part
        if found.count(b"\n\n") >= events:
            break
    answer.close()
    return found.decode()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_text_json_events_and_bytes_are_taken(app, client, kind):
    given = ["text", {"a": [1, "é"]}, 5, None, ServerSentEvent("x", event="e"), "é".encode()]

    async def later():
        for event in given:
            yield event

    app.add_url_rule("/", "index", lambda: event_stream(iter(given) if kind == "sync" else later()))
    text = client.get("/").text
    assert [block.partition("data: ")[2] for block in text.strip().split("\n\n")] == [
        "text", '{"a": [1, "\\u00e9"]}', "5", "null", "x", "é",
    ]  # fmt: skip


def test_a_message_has_its_id_and_a_client_that_comes_back_gets_what_it_missed(app, client):
    prices = Broadcast(history=10)
    ids = [str(prices._hub.publish("wine", "text", str(number))) for number in range(4)]

    @app.get("/")
    async def events():
        return event_stream(prices.subscribe("wine", after=request.last_event_id), retry=3000)

    text = read(client, events=4, headers={"Last-Event-ID": ids[0]})
    assert text == "retry: 3000\n\n" + "".join(f"id: {ids[n]}\ndata: {n}\n\n" for n in (1, 2, 3))


def test_an_unknown_id_is_answered_by_a_reset_from_which_it_goes_on(app, client):
    prices = Broadcast(history=10)
    last = str(prices._hub.publish("wine", "text", "0"))

    @app.get("/")
    async def events():
        return event_stream(prices.subscribe("wine", after=request.last_event_id), retry=1)

    text = read(client, events=2, headers={"Last-Event-ID": "nobody-knows"})
    assert text == f"retry: 1\n\nevent: reset\nid: {last}\ndata: \n\n"


@pytest.mark.parametrize("kind", ["subscription", "async", "sync"])
def test_silence_is_broken_by_comments(app, client, kind):
    async def later():
        await asyncio.sleep(0.5)
        yield "late"

    def slow():
        time.sleep(0.5)
        yield "late"

    sources = {"subscription": lambda: Broadcast().subscribe("wine"), "async": later, "sync": slow}
    app.add_url_rule("/", "index", lambda: event_stream(sources[kind](), ping=0.1, retry=1))
    text = read(client, events=4)
    assert text.startswith("retry: 1\n\n:\n\n:\n\n")
    if kind != "subscription":
        assert read(client, events=9).endswith("data: late\n\n")


def test_a_subscription_that_was_full_ends_its_stream_without_an_error(app, client, caplog):
    prices = Broadcast()

    @app.get("/")
    async def events():
        subscription = prices.subscribe("wine", capacity=2)
        for number in range(5):
            prices.publish("wine", number)
        return event_stream(subscription)

    assert [line for line in client.get("/").text.split("\n") if "data" in line] == ["data: 0", "data: 1"]
    assert not caplog.records


def test_an_error_of_the_source_is_raised_and_not_taken_for_the_end(app, client):
    async def fails():
        yield "one"
        raise NotFound

    app.add_url_rule("/", "index", lambda: event_stream(fails()))
    with pytest.raises(NotFound):
        list(client.get("/").response)


@pytest.mark.parametrize(
    ("field", "found"),
    [(None, None), ("", None), ("7", "7"), ("caf\xc3\xa9", "café"), ("\xff", "\ufffd")],
)
def test_the_last_event_id_is_the_text_that_was_sent(app, client, protocol, field, found):
    if protocol == "rsgi" and field is not None and not field.isascii():
        found = None  # RSGI carries no byte beyond ASCII, which is logged
    app.add_url_rule("/", "index", lambda: {"id": request.last_event_id})
    headers = {} if field is None else {"Last-Event-ID": field}
    assert client.get("/", headers=headers).json == {"id": found}
