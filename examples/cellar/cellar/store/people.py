"""People and their passwords. The session that remembers a person is the web's matter."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from functools import cache

from werkzeug.security import check_password_hash, generate_password_hash

from cellar.store.database import now


class NameTaken(Exception):
    """Somebody has this name already, whatever the case of its letters."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may change the cellar."""

    id: int
    name: str


@cache
def unusable_hash() -> str:
    """A hash like every other, of a password that nobody knows."""
    return generate_password_hash(secrets.token_urlsafe(32))


def join(connection: sqlite3.Connection, name: str, password: str) -> Person:
    """Keep a new person; raises `NameTaken`."""
    hashed = generate_password_hash(password)
    try:
        cursor = connection.execute(
            "INSERT INTO person (name, password_hash, joined_at) VALUES (?, ?, ?)", (name, hashed, now())
        )
    except sqlite3.IntegrityError:
        raise NameTaken(name) from None
    return Person(int(cursor.lastrowid or 0), name)


def get(connection: sqlite3.Connection, person_id: int) -> Person | None:
    """The person with this number, or `None`."""
    row = connection.execute("SELECT id, name FROM person WHERE id = ?", (person_id,)).fetchone()
    return Person(**dict(row)) if row else None


def recognise(connection: sqlite3.Connection, name: str, password: str) -> Person | None:
    """The person with this name and password, or `None`.

    A name that nobody has costs a hash too, so that the time taken does not tell who has an account.
    """
    row = connection.execute("SELECT id, name, password_hash FROM person WHERE name = ?", (name,)).fetchone()
    right = check_password_hash(row["password_hash"] if row else unusable_hash(), password)
    return Person(row["id"], row["name"]) if row and right else None
