"""What is found out about an application before others can reach it: findings, and keys that are none.

``demijohn check`` shows findings; a key that anybody can guess is told of when the application begins to serve,
too. This module must not know which checks there are, nor how findings are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, TypeAlias

__all__ = ["Diagnosis", "Finding", "Level", "State", "check_at_start", "weakness"]

#: ``serious``: not to be served like this. ``warning``: to be mended or silenced. ``note``: to be known.
Level: TypeAlias = Literal["serious", "warning", "note"]

#: How something is that is needed.
State: TypeAlias = Literal["ok", "missing", "old", "broken"]

#: Bytes below which a key can be tried out by machine.
SHORTEST = 16

#: What is printed in books, answers and templates, as letters and digits only.
_KNOWN = frozenset(
    {
        "abc123", "abcdefghijklmnop", "app", "appsecret", "appsecretkey", "changeit", "changeme",
        "changemeinproduction", "changethis", "changethiskey", "default", "demo", "dev", "devkey",
        "development", "devsecret", "devsecretkey", "devsecretkeychangeinproduction", "example", "flask",
        "flasksecret", "flasksecretkey", "hardtoguessstring", "iamasecret", "insecure", "key", "mykey",
        "mysecret", "mysecretkey", "notasecret", "password", "placeholder", "replaceme", "s3cr3t", "s3cret",
        "sekret", "sekrit", "secret", "secretkey", "secretkeyhere", "secretpassword", "somerandomstring",
        "somesecret", "somesecretkey", "string", "supersecret", "supersecretkey", "test", "testing", "testkey",
        "thisisasecret", "thisisasecretkey", "thisissecret", "topsecret", "verysecret", "verysecretkey",
        "whatever", "xxx", "youllneverguess", "yoursecret", "yoursecretkey", "yoursecretkeyhere",
        "youwillneverguess", "5y2lf4q8z", "5y2lf4q8znxec",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    }
)  # fmt: skip


class Starting(Protocol):
    """An application, for what is asked when it starts."""

    start_checks: list[Callable[[], None]]


def check_at_start(app: Starting, check: Callable[[], None]) -> None:
    """Have ``check()`` called when a process starts, before its first request: what it raises keeps it from serving.

    The application is settled then: its debug mode, its rules and its settings are known.
    """
    app.start_checks.append(check)


class Finding(NamedTuple):
    """Something about an application that should be otherwise, or at least known, where others can reach it."""

    #: What it is about, in the words of ``SILENCED_CHECKS``.
    id: str
    level: Level
    #: What was found; never a secret's value.
    what: str
    #: What can come of it.
    why: str
    #: What to do.
    mend: str


class Diagnosis(NamedTuple):
    """How something is that an application needs: what is there, what is needed, what to do."""

    #: What it is about.
    name: str
    state: State
    #: What there is, and where it is broken, how; never a secret.
    have: str
    #: What is needed.
    need: str
    #: What to do, a command where there is one; empty where all is well.
    fix: str


def weakness(key: str | bytes) -> str | None:
    """Why anybody can guess a key, in words that follow its name; None for one that seems good."""
    data = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else bytes(key)
    plain = bytes(byte for byte in data.lower() if chr(byte).isascii() and chr(byte).isalnum())
    if plain.decode("ascii") in _KNOWN:
        return "is one that is printed in books and examples"
    if len(data) < SHORTEST:
        return f"is shorter than {SHORTEST} bytes"
    if len(set(data)) < 6:
        return "repeats a few characters"
    return None
