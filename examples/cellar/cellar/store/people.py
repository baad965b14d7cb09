"""People and their passwords. The session that remembers a person is the web's matter."""

from __future__ import annotations

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
