"""What clients see of it, over each server: Engine.IO's sessions and Socket.IO's packets."""

from __future__ import annotations

import json
import threading
import time

import httpx
import pytest
from tests.ext.realtime.wire import Polling, Wire
from tests.support.servers import Server, serve
from websockets.exceptions import InvalidStatus

pytestmark = pytest.mark.servers


def test_a_session_begins_with_its_conditions(site: Server) -> None:
    told = Polling(site.url).opened
    assert told.keys() == {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    assert (told["upgrades"], told["pingInterval"], told["maxPayload"]) == (["websocket"], 25000, 100_000)
    with Wire(site.url) as wire:
        assert wire.opened["upgrades"] == []


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", "transport=polling"), ("GET", "EIO=3&transport=polling"), ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=smoke"), ("POST", "EIO=4&transport=polling"), ("PUT", "EIO=4&transport=polling"),
        ("GET", "EIO=4&transport=polling&sid=nobody"), ("GET", "EIO=4&transport=websocket"),
    ],
)  # fmt: skip
def test_what_is_no_engine_io_is_refused(site: Server, method: str, query: str) -> None:
    answer = httpx.request(method, f"{site.url}/socket.io/?{query}")
    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "message"}


@pytest.mark.parametrize("query", ["transport=websocket", "EIO=4&transport=smoke", "EIO=4&transport=polling"])
def test_such_a_handshake_is_refused_too(site: Server, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Wire(site.url, query)
    assert refused.value.response.status_code in {400, 403}


def test_what_the_connect_handler_emits_comes_after_the_connection(site: Server) -> None:
    with Wire(site.url) as wire:
        assert wire.connect().keys() == {"sid"}
        assert wire.event() == ["welcome", {"recovered": False, "name": None, "auth": None}]
        wire.connect("/lots")
        assert wire.receive() == '42/lots,["welcome","lots"]'


def test_auth_reaches_the_handler(site: Server) -> None:
    with Wire(site.url) as wire:
        assert wire.welcomed({"token": "7"})["auth"] == {"token": "7"}


def test_an_unknown_namespace_is_invalid(site: Server) -> None:
    with Wire(site.url) as wire:
        wire.send("40/nowhere")
        assert wire.receive() == '44/nowhere,{"message":"Invalid namespace"}'


def test_a_refused_connection_is_told_why(site: Server) -> None:
    with Wire(site.url) as wire:
        wire.send('40{"refuse":true}')
        assert wire.receive() == '44{"message":"not you","data":{"why":"asked for"}}'


MALFORMED = [
    "4abc", "49", "4", "42", "42{}", "42[]", "42[1]", '42["connect"]', '42abc["echo"]', '421["echo"', "43[1]",
    '441{"a":1}', "44", "7", '42/lots,["echo"]', '452-["echo",{"_placeholder":true,"num":0}]\x00text',
    '45["echo",{"_placeholder":true,"num":0}]', '450-["echo"]', '4599999999-["echo"]', '4599999999999999-["echo"]',
    '421-["echo"]', b"\x01", "42" + "[" * 50_000, '42["echo",NaN]',
]  # fmt: skip


@pytest.mark.parametrize("packet", MALFORMED, ids=lambda packet: repr(packet[:30]))
def test_what_is_malformed_ends_the_session(one_site: Server, packet: str | bytes) -> None:
    with Wire(one_site.url) as wire:
        wire.welcomed()
        for part in packet.split("\x00") if isinstance(packet, str) else [packet]:
            wire.send(part)
        assert wire.ends()
    assert one_site.is_alive()


@pytest.mark.parametrize("num", ["-1", "1", "1e3", "null", '"0"', "true"])
def test_a_placeholder_for_no_attachment_ends_it(one_site: Server, num: str) -> None:
    with Wire(one_site.url) as wire:
        wire.welcomed()
        wire.send(f'451-["echo",{{"_placeholder":true,"num":{num}}}]')
        wire.send(b"x")
        assert wire.ends()


def test_an_event_before_the_connection_ends_it(site: Server) -> None:
    with Wire(site.url) as wire:
        wire.send('42["echo",1]')
        assert wire.ends()


def test_attachments_go_both_ways(site: Server) -> None:
    with Wire(site.url) as wire:
        wire.welcomed()
        wire.send('452-7["echo",{"_placeholder":true,"num":0},{"in":[{"_placeholder":true,"num":1}]}]')
        wire.send(b"\x01\x02")
        wire.send(b"")
        head = '2-["echo",{"_placeholder":true,"num":0},{"in":[{"_placeholder":true,"num":1}]}]'
        assert [wire.receive() for _ in range(3)] == [f"45{head}", b"\x01\x02", b""]
        assert [wire.receive() for _ in range(3)] == [
            '462-7[{"_placeholder":true,"num":0},{"in":[{"_placeholder":true,"num":1}]}]', b"\x01\x02", b"",
        ]  # fmt: skip


def test_attachments_by_polling_are_base64(site: Server) -> None:
    polling = Polling(site.url)
    polling.post("40")
    polling.receive()
    polling.post('451-["echo",{"_placeholder":true,"num":0}]\x1ebAQI=')
    packets: list[str] = []
    while len(packets) < 3:
        packets += [packet for packet in polling.receive() if not packet.startswith("42")]
        if packets and packets[-1].startswith("b"):
            break
    assert packets == ['451-["echo",{"_placeholder":true,"num":0}]', "bAQI="]


def test_a_plain_call_keeps_its_order(site: Server) -> None:
    with Wire(site.url) as wire:
        wire.welcomed()
        wire.emit("count", 200)
        assert [wire.event()[1] for _ in range(200)] == list(range(200))


def test_a_handler_that_sleeps_in_a_thread_keeps_nobody_waiting(site: Server) -> None:
    with Wire(site.url) as wire:
        wire.welcomed()
        wire.emit("slow", 1.5, number=8)
        begin = time.monotonic()
        assert wire.ask("echo", "quick", number=9) == "quick"
        assert time.monotonic() - begin < 1
        assert wire.receive() == '438["slept"]'


@pytest.mark.parametrize("event", ["ask", "ask_async"])
def test_call_waits_for_the_client(site: Server, event: str) -> None:
    with Wire(site.url) as wire, Wire(site.url) as other:
        wire.welcomed()
        sid = other.welcomed()["sid"]
        answers = []
        asking = threading.Thread(target=lambda: answers.append(wire.ask(event, sid)))
        asking.start()
        question = other.receive()
        assert isinstance(question, str)
        number = question[2:].partition("[")[0]
        other.send(f'43{number}["answer"]')
        asking.join(5)
        assert answers == ["answer"]


def test_what_json_cannot_hold_is_a_type_error_and_the_next_event_arrives(site: Server) -> None:
    with Wire(site.url) as wire:
        wire.welcomed()
        wire.emit("bad", number=1)
        assert [wire.receive(), wire.receive()] == ['42["message","TypeError"]', '431["TypeError"]']
        assert wire.ask("echo", "next", number=2) == "next"


def test_a_session_moves_from_polling_to_a_websocket(site: Server) -> None:
    polling = Polling(site.url)
    polling.post("40")
    assert polling.receive()[0].startswith("40")
    sid = polling.opened["sid"]
    with Wire(site.url, f"EIO=4&transport=websocket&sid={sid}") as wire:
        wire.send("2probe")
        assert wire.receive() == "3probe"
        wire.send("5")
        assert wire.ask("echo", 1) == 1
        assert polling.get().status_code == 400
        with pytest.raises(InvalidStatus):
            Wire(site.url, f"EIO=4&transport=websocket&sid={sid}")
        assert wire.ask("echo", 2, number=2) == 2


def test_a_poll_that_comes_while_a_websocket_takes_over_is_answered(site: Server) -> None:
    polling = Polling(site.url)
    with Wire(site.url, f"EIO=4&transport=websocket&sid={polling.opened['sid']}") as wire:
        wire.send("2probe")
        assert wire.receive() == "3probe"
        assert polling.receive() == ["6"]
        wire.send("5")
        assert wire.connect()


def test_a_second_poll_at_a_time_ends_the_session(site: Server) -> None:
    polling = Polling(site.url)
    answers: list[int] = []
    waiting = threading.Thread(target=lambda: answers.append(polling.get().status_code))
    waiting.start()
    time.sleep(0.5)
    assert httpx.get(f"{site.url}/socket.io/", params=polling.query).status_code == 400
    waiting.join(5)
    assert httpx.get(f"{site.url}/socket.io/", params=polling.query).status_code == 400


def test_a_client_that_ends_its_polling_has_its_poll_answered(site: Server) -> None:
    polling = Polling(site.url)
    answers: list[str] = []
    waiting = threading.Thread(target=lambda: answers.append(polling.get().text))
    waiting.start()
    time.sleep(0.3)
    httpx.post(f"{site.url}/socket.io/", params=polling.query, content="1")
    waiting.join(5)
    assert answers == ["6"]


def test_a_payload_that_is_too_large_ends_the_session(site: Server) -> None:
    polling = Polling(site.url)
    assert polling.post("4" + "x" * 200_000).status_code == 413
    assert polling.get().status_code == 400
    with Wire(site.url) as wire:
        wire.welcomed()
        wire.emit("echo", "x" * 200_000)
        assert wire.ends()


FOREIGN = "https://elsewhere.example"


def test_a_page_of_another_origin_is_refused_on_both_transports(site: Server) -> None:
    query = {"EIO": "4", "transport": "polling"}
    answer = httpx.get(f"{site.url}/socket.io/", params=query, headers={"Origin": FOREIGN})
    assert answer.status_code == 403
    with pytest.raises(InvalidStatus) as refused:
        Wire(site.url, origin=FOREIGN)
    assert refused.value.response.status_code == 403
    Polling(site.url, {"Origin": site.url})
    Wire(site.url, origin=site.url).close()


def test_500_refused_connections_leave_nothing(one_site: Server) -> None:
    def refused() -> None:
        with Wire(one_site.url) as wire:
            wire.send('40{"refuse":true}')
            assert str(wire.receive()).startswith("44")

    def counts() -> dict[str, int]:
        time.sleep(1.5)
        found: dict[str, int] = httpx.get(f"{one_site.url}/counts").json()
        return found

    for _ in range(100):  # what the process takes once
        refused()
    before = counts()
    for _ in range(500):
        refused()
    after = counts()
    assert {name: after[name] for name in ("sessions", "environs", "clients", "rooms")} == {
        name: before[name] for name in ("sessions", "environs", "clients", "rooms")
    }
    assert after["memory"] - before["memory"] < 1_000_000


def test_a_refused_client_that_stays_is_closed(one_site: Server) -> None:
    with Wire(one_site.url) as wire:
        wire.send('40{"refuse":true}')
        wire.receive()
        assert wire.ends()


def test_a_client_that_reads_too_slowly_is_closed_with_a_line_in_the_log(one_site: Server) -> None:
    with Wire(one_site.url, max_queue=1) as wire:
        wire.welcomed()
        wire.emit("flood", 5000, 100_000)
        assert one_site.wait_for_log("reads too slowly", 10)
        assert one_site.wait_for_log("max_queue", 1)
    with Wire(one_site.url) as other:
        other.welcomed()


def test_a_client_that_goes_is_known_to_be_gone_with_the_reason(one_site: Server) -> None:
    with Wire(one_site.url) as wire:
        wire.welcomed()
        wire.send("41")
        time.sleep(0.3)
    with Wire(one_site.url) as wire:
        wire.welcomed()
    time.sleep(0.5)
    ended = httpx.get(f"{one_site.url}/counts").json()["ended"]
    assert ended[-2:] == ["client disconnect", "transport close"]


def test_the_own_origin_behind_a_proxy_that_ends_tls_passes() -> None:
    headers = {"Origin": "https://cellar.example", "Host": "cellar.example", "X-Forwarded-Proto": "https"}
    query = {"EIO": "4", "transport": "polling"}
    with serve("tests.ext.realtime.site:app", "uvicorn", env={"TRUSTED_PROXIES": "1"}) as behind:
        assert httpx.get(f"{behind.url}/socket.io/", params=query, headers=headers).status_code == 200


def test_heartbeats_may_be_fractions_of_seconds() -> None:
    environment = {"PING_INTERVAL": "0.3", "PING_TIMEOUT": "0.2"}
    with serve("tests.ext.realtime.site:app", "uvicorn", env=environment) as site:
        with Wire(site.url) as wire:
            wire.welcomed()
            assert wire.opened["pingInterval"] == 300
            begin = time.monotonic()
            for _ in range(3):
                assert wire.socket.recv(2) == "2"
                wire.send("3")
            assert time.monotonic() - begin < 2
            wire.answers_pings = False
            assert wire.ends()
        polling = Polling(site.url)
        time.sleep(0.8)
        assert polling.get().status_code == 400


def test_the_heartbeat_goes_on_when_a_namespace_was_left() -> None:
    environment = {"PING_INTERVAL": "0.3"}
    with serve("tests.ext.realtime.site:app", "uvicorn", env=environment) as site, Wire(site.url) as wire:
        wire.welcomed()
        wire.send("41")
        assert wire.socket.recv(0.9) == "2"


def test_plain_wsgi_polls_only_and_says_so_once() -> None:
    with serve("tests.ext.realtime.site:app", "gunicorn") as site:
        for _ in range(2):
            polling = Polling(site.url)
            polling.post("40")
            packets = polling.receive()
            assert packets[0].startswith("40")
            polling.post('421["echo",5]')
            seen = packets[1:]
            while len(seen) < 3:
                seen += polling.receive()
            assert seen[-2:] == ['42["echo",5]', "431[5]"]
        assert site.log.count("by polling only") == 1
        assert json.loads(httpx.get(f"{site.url}/counts").text)["clients"] == 2
