from __future__ import annotations

import json
import os
import subprocess
import sys

import blinker
import pytest

from demijohn import signals

FLASK = """
    template_rendered before_render_template request_started request_finished request_tearing_down
    got_request_exception appcontext_tearing_down appcontext_pushed appcontext_popped message_flashed
""".split()
QUART = """
    got_background_exception got_serving_exception got_websocket_exception websocket_finished
    websocket_received websocket_sent websocket_started websocket_tearing_down
""".split()


def test_the_names_are_flasks_and_quarts():
    assert sorted([*FLASK, *QUART, "Namespace"]) == signals.__all__


def test_each_signal_is_named_as_its_variable():
    for name in FLASK + QUART:
        assert getattr(signals, name).name == name.replace("_", "-")


def test_a_receiver_gets_the_sender_and_what_is_sent_with_it():
    seen = []

    def receive(sender, **extra):
        seen.append((sender, extra))

    with signals.message_flashed.connected_to(receive):
        signals.message_flashed.send("app", message="hi", category="info")
    assert seen == [("app", {"message": "hi", "category": "info"})]
    assert not signals.message_flashed.receivers


def test_namespaces_are_blinkers_and_apart_from_ours():
    assert signals.Namespace is blinker.Namespace
    assert signals.Namespace().signal("request-started") is not signals.request_started


OF_REQUESTS = """
    request_started request_finished request_tearing_down appcontext_pushed appcontext_popped appcontext_tearing_down
""".split()


#: In a process of its own: in this one, tests of other things may be connected still.
SCRIPT = """
import gc, json, sys
from demijohn import signals

class Sender:
    pass

def told(name, leave):
    signal = getattr(signals, name)

    def receive(sender, **extra):
        pass

    seen = [signals.listening]
    sender = Sender()
    signal.connect(receive, *([sender] if "sender" in leave else []))
    seen.append(signals.listening)
    with signals.request_started.connected_to(lambda sender, **extra: None):
        seen.append(signals.listening)
    seen.append(signals.listening)  # one is left
    if leave == "disconnected":
        signal.disconnect(receive)
    elif leave == "disconnected from its only sender":
        signal.disconnect(receive, sender)
    elif leave == "deaf with its sender":
        del sender
        gc.collect()
    elif leave == "collected":
        del receive
        gc.collect()
    else:
        signal._clear_state()
    return [*seen, signals.listening]

names, leaves = json.load(sys.stdin)
json.dump({f"{name} {leave}": told(name, leave) for name in names for leave in leaves}, sys.stdout)
"""
LEAVES = [
    "disconnected", "disconnected from its only sender", "deaf with its sender", "collected", "cleared",
]  # fmt: skip


@pytest.fixture(scope="module")
def told():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([OF_REQUESTS, LEAVES]),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", OF_REQUESTS)
@pytest.mark.parametrize("leave", LEAVES)
def test_requests_are_as_cheap_again_once_the_last_receiver_is_gone(told, name, leave):
    """The flag that adapters test follows the receivers, whichever way they go."""
    assert told[f"{name} {leave}"] == [False, True, True, True, False]
