"""People and their passwords. The session that remembers a person is the web's matter."""

from __future__ import annotations

import itertools
import secrets

from demijohn.ext.login import PasswordHasher
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cellar.store.database import db
from cellar.store.models import Person
from cellar.store.refusals import NameTaken

passwords = PasswordHasher()


def join(name: str, password: str) -> Person:
    """Keep a new person; raises `NameTaken`."""
    person = Person(name=name, key=name.casefold(), password=passwords.hash(password))
    try:
        with db.transaction() as session:
            session.add(person)
    except IntegrityError:
        raise NameTaken(f"There is somebody called {name} already.") from None
    return person


def known_elsewhere(key: str) -> Person | None:
    """The person whom a provider knows by this key."""
    return db.session.scalar(select(Person).where(Person.elsewhere == key))


def join_from_elsewhere(key: str, name: str) -> Person:
    """Keep a new person whom a provider vouches for, by the first name like theirs that nobody has."""
    name = " ".join(name.split())[:25] or "?"
    password = passwords.hash(secrets.token_hex(32))  # nobody knows it: they sign in elsewhere
    for number in itertools.count(1):
        called = name if number == 1 else f"{name} {number}"
        person = Person(name=called, key=called.casefold(), password=password, elsewhere=key)
        try:
            with db.transaction() as session:
                session.add(person)
        except IntegrityError:
            if known := known_elsewhere(key):  # by another tab, a moment ago
                return known
            continue
        break
    return person


def recognise(name: str, password: str) -> Person | None:
    """The person with this name and password, or `None`.

    A name that nobody has costs a hash too, so that the time taken does not tell who has an account.
    """
    person = db.session.scalar(select(Person).where(Person.key == name.casefold()))
    if not passwords.verify(person.password if person else None, password) or person is None:
        return None
    if passwords.needs_rehash(person.password):
        with db.transaction():
            person.password = passwords.hash(password)
    return person
