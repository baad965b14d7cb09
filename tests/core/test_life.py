"""The life of a context is a table: what follows what, and an error with a name for all else."""

from __future__ import annotations

import pytest

from demijohn import Flask, request, stream_with_context
from demijohn.contexts.life import ENDED, HELD, LIFE, OPEN, STREAMED, InvalidMove, move

STATES = {OPEN, HELD, STREAMED, ENDED}


def test_every_move_leads_to_a_state_of_the_table():
    assert {state for state, _ in LIFE} == STATES
    assert set(LIFE.values()) <= STATES


@pytest.mark.parametrize(("state", "event"), [(OPEN, "released"), (HELD, "eaten")])
def test_what_is_not_in_the_table_is_an_error_that_names_both(state, event):
    with pytest.raises(InvalidMove, match=f"{state}.*{event}"):
        move(state, event)


@pytest.mark.parametrize("state", sorted(STATES))
@pytest.mark.parametrize("event", ["pushed", "hold", "answered", "popped"])
def test_what_the_hot_path_looks_up_without_asking_is_there_in_each_state(state, event):
    assert (state, event) in LIFE


@pytest.mark.parametrize("protocol", ["wsgi", "asgi", "rsgi"])
def test_a_held_stream_is_torn_down_once_after_its_last_part(protocol):
    app, states = Flask("life", static_folder=None), []

    @app.route("/")
    def index():
        ctx = request_ctx()

        def parts():
            states.append(ctx.state)
            yield "part"

        return stream_with_context(parts())

    @app.teardown_request
    def note(error):
        states.append("teardown")

    client = app.test_client(protocol=protocol)
    assert client.get("/").text == "part"
    client.close()
    assert states == [STREAMED, "teardown"]


def request_ctx():
    from demijohn.contexts.context import current

    assert request.path == "/"
    return current.get()
