"""Two workers and a process beside them, through a Valkey of the test's own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from tests.ext.realtime.conftest import SITE
from tests.ext.realtime.wire import Polling, Wire
from tests.sessions.server_side.conftest import RedisServer
from tests.support.servers import ROOT, Server, serve

from demijohn import Flask
from demijohn.ext.realtime import SocketIO

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@contextlib.contextmanager
def two(valkey: RedisServer, **environment: str) -> Iterator[tuple[Server, Server]]:
    environment = {"MESSAGE_QUEUE": valkey.url, **environment}
    with (
        serve(SITE, "uvicorn", env=environment) as first,
        serve(SITE, "demijohn-asgi", env=environment) as second,
    ):
        yield first, second


@pytest.fixture
def workers(valkey: RedisServer) -> Iterator[tuple[Server, Server]]:
    with two(valkey) as servers:
        yield servers


@pytest.fixture
def recovering(valkey: RedisServer) -> Iterator[tuple[Server, Server]]:
    with two(valkey, RECOVERY="60") as servers:
        yield servers


def news(server: Server, value: Any, room: str = "all") -> None:
    httpx.post(f"{server.url}/emit/{room}", json=value).raise_for_status()


def test_rooms_events_and_calls_reach_clients_of_other_workers(workers: tuple[Server, Server]) -> None:
    with Wire(workers[0].url) as here, Wire(workers[1].url) as there:
        here.welcomed()
        sid = there.welcomed()["sid"]
        for wire in (here, there):
            wire.ask("join", "r")
        here.emit("say", "r", "across")
        assert there.event() == ["said", "across"]
        for value in range(50):
            news(workers[value % 2], value)
        for wire in (here, there):
            assert sorted(wire.event()[1] for _ in range(50)) == list(range(50))
        here.send('451-["say","r",{"_placeholder":true,"num":0}]')
        here.send(b"\x00\xff")
        assert [there.receive(), there.receive()] == [
            '451-["said",{"_placeholder":true,"num":0}]',
            b"\x00\xff",
        ]
        here.emit("ask", sid, number=5)
        question = str(there.receive())
        there.send(f'43{question[2:].partition("[")[0]}["answer"]')
        assert here.receive() == '435["answer"]'
        here.emit("kick", sid)
        assert there.receive() == "41"


def test_a_script_emits_from_outside(valkey: RedisServer, workers: tuple[Server, Server]) -> None:
    program = (
        "from demijohn.ext.realtime import SocketIO\n"
        f"SocketIO(message_queue={valkey.url!r}).emit('news', {{'from': 'outside'}})\n"
    )
    with Wire(workers[0].url) as here, Wire(workers[1].url) as there:
        here.welcomed(), there.welcomed()
        subprocess.run(
            [sys.executable, "-c", program], check=True, timeout=60, env={"PYTHONPATH": str(ROOT / "src")}
        )
        assert [wire.event() for wire in (here, there)] == [["news", {"from": "outside"}]] * 2


def test_what_json_cannot_hold_is_refused_before_the_queue(workers: tuple[Server, Server]) -> None:
    with Wire(workers[0].url) as here, Wire(workers[1].url) as there:
        here.welcomed(), there.welcomed()
        assert here.ask("bad") == "TypeError"
        news(workers[0], "next")
        assert there.event() == ["news", "next"]


def test_a_subscription_that_is_cut_is_taken_up_each_time_with_one_warning(
    valkey: RedisServer, workers: tuple[Server, Server]
) -> None:
    with Wire(workers[0].url) as here, Wire(workers[1].url) as there, redis.Redis(port=valkey.port) as admin:
        here.welcomed(), there.welcomed()
        for turn in range(1, 4):
            admin.client_kill_filter(_type="pubsub")
            time.sleep(1)
            news(workers[0], turn)
            assert there.event(3) == ["news", turn]
            assert here.event(3) == ["news", turn]
            assert workers[1].log.count("the message queue was lost") == turn


def test_a_valkey_that_was_away_is_used_again(valkey: RedisServer, workers: tuple[Server, Server]) -> None:
    with Wire(workers[0].url) as here, Wire(workers[1].url) as there:
        here.welcomed(), there.welcomed()
        valkey.stop()
        news(workers[0], "away")
        assert here.event(2) == ["news", "away"]  # clients of the same worker are served
        time.sleep(2)
        valkey.start()
        time.sleep(3)
        news(workers[1], "back")
        seen = [there.event(3)[1]]
        if seen == ["away"]:  # what waited was sent as soon as it was there
            seen = [there.event(3)[1]]
        assert seen == ["back"]
        assert "back" in (here.event(3)[1], "back")
        assert workers[1].log.count("the message queue was lost") == 1


def test_nothing_but_json_is_read_from_the_queue(valkey: RedisServer, workers: tuple[Server, Server]) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return print, ("unpickled",)

    with Wire(workers[0].url) as here, redis.Redis(port=valkey.port) as outside:
        here.welcomed()
        for rubbish in (
            pickle.dumps(Evil()),
            b"{",
            b"7",
            b'{"method":"emit"}',
            b'{"method":"__class__","host":"x"}',
        ):
            outside.publish("flask-socketio", rubbish)
        news(workers[1], "heard")
        assert here.event() == ["news", "heard"]
        assert "unpickled" not in workers[0].log


def come_back(server: Server, told: dict[str, Any], offset: str | None) -> tuple[Wire, dict[str, Any]]:
    wire = Wire(server.url)
    auth = {"pid": told["pid"]} if offset is None else {"pid": told["pid"], "offset": offset}
    return wire, wire.connect(auth=auth)


def drain(wire: Wire, count: int) -> list[list[Any]]:
    return [wire.event() for _ in range(count)]


@pytest.mark.parametrize("where", ["same", "other"])
def test_a_client_that_comes_back_has_its_id_its_rooms_and_what_it_missed(
    recovering: tuple[Server, Server], where: str
) -> None:
    home = recovering[0]
    other = home if where == "same" else recovering[1]
    wire = Wire(home.url)
    told = wire.connect()
    last = wire.event()[-1]
    wire.ask("join", "r")
    for turn in range(3):  # as often as needed
        wire.close()
        time.sleep(0.3)
        for number, (server, room) in enumerate(
            [(home, "all"), (recovering[1], "r"), (home, told["sid"]), (home, "s")]
        ):
            news(server, [turn, number], room)
        time.sleep(0.3)
        server = other if turn % 2 == 0 else home
        wire, again = come_back(server, told, last)
        assert again == told
        missed = drain(wire, 3)
        assert [event[1] for event in missed] == [[turn, 0], [turn, 1], [turn, 2]]
        name, welcome, last = wire.event()
        assert (name, welcome["recovered"]) == ("welcome", True)
        assert "r" in wire.ask("join", "r2")
    wire.close()


def test_it_may_come_back_before_it_received_anything_and_before_it_was_missed(
    recovering: tuple[Server, Server],
) -> None:
    wire = Wire(recovering[0].url)
    told = wire.connect()
    first = wire.event()
    # Nothing is known here of its having gone, and it never told of an event that it received.
    back, again = come_back(recovering[1], told, None)
    assert again == told
    assert back.event()[:2] == first[:2]
    assert wire.ends()
    back.close()


def test_what_was_published_while_the_subscription_was_cut_is_not_lost(
    valkey: RedisServer, recovering: tuple[Server, Server]
) -> None:
    with (
        Wire(recovering[0].url) as here,
        Wire(recovering[1].url) as there,
        redis.Redis(port=valkey.port) as admin,
    ):
        here.welcomed(), there.welcomed()
        for value in range(30):
            if value % 10 == 5:
                admin.client_kill_filter(_type="pubsub")
            news(recovering[0], value)
        assert [event[1] for event in drain(there, 30)] == list(range(30))


def test_an_unknown_or_old_client_begins_anew(recovering: tuple[Server, Server]) -> None:
    wire, told = come_back(recovering[0], {"pid": "nobody"}, None)
    assert told["pid"] != "nobody"
    assert wire.event()[1]["recovered"] is False
    wire.close()


def test_one_process_recovers_without_a_queue() -> None:
    with serve(SITE, "uvicorn", env={"RECOVERY": "60"}) as site:
        wire = Wire(site.url)
        told = wire.connect()
        last = wire.event()[-1]
        wire.ask("join", "r")
        for turn in range(3):
            wire.close()
            time.sleep(0.3)
            for value in range(5):
                news(site, [turn, value], "r" if value % 2 else "all")
            news(site, "not for it", "s")
            wire, again = come_back(site, told, last)
            assert again == told
            assert [event[1] for event in drain(wire, 5)] == [[turn, value] for value in range(5)]
            last = wire.event()[-1]
            assert wire.ask("sid") == told["sid"]
        wire.close()


def test_polling_at_a_worker_that_does_not_know_it_is_told_in_the_log(workers: tuple[Server, Server]) -> None:
    polling = Polling(workers[0].url)
    answer = httpx.get(f"{workers[1].url}/socket.io/", params=polling.query)
    assert answer.status_code == 400
    assert workers[1].wait_for_log("sticky")


def test_a_queue_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="Redis or Valkey"):
        SocketIO(Flask("x"), message_queue="kafka://localhost")


def test_an_outside_emit_raises_where_nobody_can_be_told() -> None:
    socketio = SocketIO(message_queue="redis://127.0.0.1:1/0")
    with pytest.raises(TypeError):
        socketio.emit("x", object())
    with pytest.raises(redis.RedisError):
        socketio.emit("x", json.loads("1"))
