"""The life of a request's context: its states, and what may happen in each, as a table.

It is the same for a request, for a WebSocket, for one whose streamed bodies go on after the answer, and for
a copy that is pushed in another thread. What is not in the table is a mistake of whoever asks for it. A
request that nothing has to be done for at its end stays ``open`` until it is forgotten. In which order several
contexts are popped is not the table's: one below others goes, and they stay (:func:`above`).

    open --hold--> held --answered--> streamed --released--> ended      (or popped, when pushed by hand)
      ^              |                                         |
      |<--released---+         open --answered--> ended        |
      |<--------------------------pushed-----------------------+
"""

from __future__ import annotations

from contextvars import Token
from typing import Any

__all__ = ["ENDED", "HELD", "InvalidMove", "LIFE", "OPEN", "STREAMED", "above", "move"]

#: Worked on, or not yet begun.
OPEN = "open"
#: Worked on, and a streamed body has said that it will go on after the answer.
HELD = "held"
#: Answered; the teardown waits for the streamed bodies.
STREAMED = "streamed"
#: Torn down. A test client, and whoever pushes a context twice, may open it again.
ENDED = "ended"

#: State and event to the next state.
LIFE: dict[tuple[str, str], str] = {
    (OPEN, "pushed"): OPEN,
    (OPEN, "hold"): HELD,
    (OPEN, "answered"): ENDED,
    (OPEN, "popped"): ENDED,
    (HELD, "pushed"): HELD,
    (HELD, "hold"): HELD,
    (HELD, "released"): OPEN,
    (HELD, "answered"): STREAMED,
    (HELD, "popped"): ENDED,
    (STREAMED, "pushed"): STREAMED,
    (STREAMED, "hold"): STREAMED,
    (STREAMED, "released"): ENDED,
    (STREAMED, "answered"): STREAMED,
    (STREAMED, "popped"): STREAMED,
    (ENDED, "pushed"): OPEN,
    (ENDED, "hold"): ENDED,
    (ENDED, "released"): ENDED,
    (ENDED, "answered"): ENDED,
    (ENDED, "popped"): ENDED,
}


class InvalidMove(RuntimeError):
    """Something was asked of a context that its state does not allow."""


def move(state: str, event: str) -> str:
    """The state that follows.

    :raises InvalidMove: when the event has no place in that state.
    """
    try:
        return LIFE[state, event]
    except KeyError:
        raise InvalidMove(
            f"A context that is {state} cannot be {event!r}: see demijohn.contexts.life."
        ) from None


def above(ctx: Any, found: Any) -> list[tuple[Any, int]] | None:
    """What was pushed after a context's last push and is still there, the latest first; None if this is not there.

    Each is a context and which of its pushes it is, an index of its tokens.

    :param found: What is current, or None.
    """
    later: list[tuple[Any, int]] = []
    pushes: dict[int, int] = {}
    while found is not None and found is not Token.MISSING:
        pushed = found.pushed
        if pushed is ctx:
            return later
        push = pushes.get(id(pushed), len(pushed._tokens or ())) - 1
        if push < 0:  # made current without being pushed
            return None
        pushes[id(pushed)] = push
        later.append((pushed, push))
        found = pushed._tokens[push].old_value
    return None
