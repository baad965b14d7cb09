"""What sends the turns of a schedule: each once, however many do it, where Redis can say who was first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from demijohn import Flask
from demijohn.extend import WrongSetting, needs
from demijohn.ext.tasks.errors import TasksUnavailable
from demijohn.ext.tasks.schedule import latest_turn, next_turn
from demijohn.ext.tasks.settings import Settings

#: Seconds that are slept at most, so that a clock which is set is seen.
_LONGEST = 30.0
#: Seconds after which a turn that could not be sent is tried again.
_AGAIN = 1.0

_TURNS = "demijohn.tasks.turns"

#: KEYS: the turns. ARGV: a name, a turn. Gives 1 to whoever is the first to take the turn.
_CLAIM = """
local last = redis.call('HGET', KEYS[1], ARGV[1])
if last and tonumber(last) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""


class Turns(Protocol):
    """Where it is kept which turn was the last."""

    def last(self, name: str, now: float) -> float:
        """The last turn; the first time, now."""
        ...

    def claim(self, name: str, turn: float) -> bool:
        """Take a turn: whether nobody has."""
        ...

    def give_back(self, name: str, turn: float, last: float) -> None:
        """Give back a turn that could not be sent."""
        ...


class OwnTurns:
    """For one beat, in its memory."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def last(self, name: str, now: float) -> float:
        """The last turn; the first time, now."""
        return self._last.setdefault(name, now)

    def claim(self, name: str, turn: float) -> bool:
        """Take a turn: whether nobody has."""
        self._last[name] = turn
        return True

    def give_back(self, name: str, turn: float, last: float) -> None:
        """Give back a turn that could not be sent."""
        self._last[name] = last


class SharedTurns:
    """For all beats, and beyond their end, in Redis."""

    def __init__(self, address: str, timeout: float) -> None:
        with needs("tasks"):
            import redis  # an optional requirement

        self._client = redis.Redis.from_url(address, socket_timeout=timeout, socket_connect_timeout=timeout)

    def last(self, name: str, now: float) -> float:
        """The last turn; the first time, now."""
        self._client.hsetnx(_TURNS, name, repr(now))
        return float(self._client.hget(_TURNS, name) or now)  # type: ignore[arg-type]

    def claim(self, name: str, turn: float) -> bool:
        """Take a turn: whether nobody has."""
        return bool(self._client.eval(_CLAIM, 1, _TURNS, name, repr(turn)))

    def give_back(self, name: str, turn: float, last: float) -> None:
        """Give back a turn that could not be sent."""
        self._client.hset(_TURNS, name, repr(last))


class Beat:
    """The schedule of an application.

    :param send: Sends a task: its name, arguments, options.
    :param turns: Where it is kept which turn was the last.
    :param clock: Gives the time.
    :raises WrongSetting: for a turn that cannot be one.
    """

    def __init__(
        self, app: Flask, settings: Settings, send: Callable[..., Any], turns: Turns,
        clock: Callable[[], datetime] | None = None,
    ) -> None:  # fmt: skip
        self._app = app
        self._zone = settings.zone
        self._send = send
        self._turns = turns
        self._clock = clock or (lambda: datetime.now(UTC))
        self._entries = dict(settings.schedule)
        for name, entry in self._entries.items():
            _look_at(name, entry, settings)

    def tick(self) -> float:
        """Send what is due, and give the seconds until something is next."""
        now = self._clock()
        wait = _LONGEST
        for name, entry in self._entries.items():
            wait = min(wait, self._entry(name, entry, now))
        return max(wait, 0.01)

    def _entry(self, name: str, entry: dict[str, Any], now: datetime) -> float:
        try:
            last = self._turns.last(name, now.timestamp())
            since = datetime.fromtimestamp(last, UTC)
            due = latest_turn(entry["schedule"], since, now, self._zone)
            if due is not None and self._turns.claim(name, due.timestamp()):
                self._turn(name, entry, due, last)
        except Exception as error:  # Redis, or the broker: it is said, and tried again
            self._app.logger.error("The turn %r cannot be sent now: %s", name, error)
            return _AGAIN
        following = next_turn(entry["schedule"], now, self._zone)
        return _LONGEST if following is None else (following - now).total_seconds()

    def _turn(self, name: str, entry: dict[str, Any], due: datetime, last: float) -> None:
        try:
            with self._app.app_context():
                self._send(
                    entry["task"], tuple(entry.get("args") or ()), dict(entry.get("kwargs") or {}),
                    **(entry.get("options") or {}),
                )  # fmt: skip
        except TasksUnavailable:
            self._turns.give_back(name, due.timestamp(), last)
            raise
        self._app.logger.info("The turn %r of %s was sent", name, due.astimezone(self._zone).isoformat())

    def run(self, stop: threading.Event) -> None:
        """Send turns until somebody says stop."""
        while not stop.wait(self.tick()):
            pass


def make_beat(app: Flask, settings: Settings, send: Callable[..., object]) -> Beat:
    """The beat of an application, shared by Redis where it has one.

    :raises WrongSetting: for a turn that cannot be one.
    """
    address = settings.ledger
    turns = OwnTurns() if address is None else SharedTurns(address, settings.publish_timeout)
    return Beat(app, settings, send, turns)


def _look_at(name: str, entry: Mapping[str, Any], settings: Settings) -> None:
    try:
        task = entry["task"]
        if not isinstance(task, str):
            raise TypeError(f"its task is {task!r}, and not a name")
        next_turn(entry["schedule"], datetime.now(UTC), settings.zone)
    except KeyError as error:
        raise WrongSetting(f"TASKS_SCHEDULE[{name!r}] has no {error}.") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise WrongSetting(f"TASKS_SCHEDULE[{name!r}] cannot be: {error}.") from error
