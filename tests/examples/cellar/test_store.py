"""What the cellar knows, without the web: stock, racks, windows, and how templates say it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from cellar.store import bottles, people, racks
from cellar.store.database import db, now
from cellar.store.models import Bottle, Person, Rack, Slot
from cellar.store.refusals import NameTaken, NoneLeft, RackFull
from cellar.web.words import ago, initials, money, timeline
from sqlalchemy.exc import IntegrityError

from .conftest import CLEO, PASSWORD, POSTGRESQL, Visitor


@pytest.fixture(params=["sqlite", POSTGRESQL])
def kind(request):
    return request.param


@pytest.fixture
def attic(app):
    """The number of a rack of two shelves of three places, empty."""
    with app.app_context(), db.transaction():
        yield racks.build("Attic", 2, 3).id


def added(**changes):
    given = {
        "name": "Plateau",
        "producer": "Test",
        "vintage": 2019,
        "colour": "red",
        "region": "Jura",
        "country": "FR",
    }
    bottle = Bottle(**{**given, **changes})
    db.session.add(bottle)
    db.session.flush()
    return bottle


def test_stock_is_the_number_of_places_taken(attic):
    bottle, rack = added(), db.session.get(Rack, attic)
    racks.shelve(attic, bottle.id, 4)
    db.session.expire_all()
    assert (bottle.stock, rack.taken) == (4, 4)
    racks.take(bottle.id)
    db.session.expire_all()
    assert (bottle.stock, rack.taken) == (3, 3)


def test_bottles_fill_the_first_free_places_and_leave_from_the_last(attic):
    bottle = added()
    filled = racks.shelve(attic, bottle.id, 4)
    assert [(place.shelf, place.place) for place in filled] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert racks.take(bottle.id) == (attic, 2, 1)


def test_a_rack_that_is_too_full_takes_none(attic):
    bottle = added()
    with pytest.raises(RackFull, match="6 free places"):
        racks.shelve(attic, bottle.id, 7)
    assert racks.places_of(bottle.id) == []


def test_taking_from_nothing_says_so(attic):
    with pytest.raises(NoneLeft):
        racks.take(added().id)


def test_no_place_holds_two(attic):
    bottle = added()
    racks.shelve(attic, bottle.id, 1)
    db.session.add(Slot(rack_id=attic, shelf=1, place=1, bottle_id=bottle.id))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize(
    "wrong",
    [{"colour": "blue"}, {"price_cents": -1}, {"photo": "a.png"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_database_itself_refuses_what_no_bottle_is(attic, wrong):
    added(photo="a.png")
    with pytest.raises(IntegrityError):
        added(**wrong)
    db.session.rollback()


def test_a_bottle_that_goes_takes_its_places_and_notes_with_it(app):
    with app.app_context():
        bottle = db.session.scalars(db.select(Bottle).where(Bottle.rating.is_not(None))).first()
        number = bottle.id
        with db.transaction() as session:
            session.delete(bottle)
        assert racks.places_of(number) == []
        totals = racks.Totals.of(db.session.execute(racks.by_colour(date.today().year)))
        assert totals.labels == 33


def test_totals_count_what_the_racks_hold(app):
    with app.app_context():
        year = date.today().year
        totals = racks.Totals.of(db.session.execute(racks.by_colour(year)))
        found = db.session.scalars(db.select(Bottle)).all()
        assert totals.bottles == sum(bottle.stock for bottle in found)
        assert totals.labels == sum(bottle.stock > 0 for bottle in found)
        ready = [bottle for bottle in found if bottle.window(year) in {"ready", "last"}]
        assert totals.ready == sum(bottle.stock for bottle in ready)
        assert sum(totals.by_colour.values()) == totals.bottles


@pytest.mark.parametrize("sort", bottles.SORTS)
def test_every_order_is_one_that_the_database_knows(app, sort):
    with app.app_context():
        found = db.session.scalars(bottles.find(bottles.Search(sort=sort))).all()
    assert len({bottle.id for bottle in found}) == 34


def test_the_best_rated_come_first_and_the_unrated_last(app):
    with app.app_context():
        found = db.session.scalars(bottles.find(bottles.Search(sort="rating"))).all()
        ratings = [bottle.rating for bottle in found]
    rated = [rating for rating in ratings if rating is not None]
    assert ratings[: len(rated)] == sorted(rated, reverse=True)
    assert len(rated) == 7


def test_two_people_never_have_one_name_whatever_its_case(app):
    with app.app_context():
        people.join("Gro\N{LATIN SMALL LETTER SHARP S}", PASSWORD)
        with pytest.raises(NameTaken):
            people.join("GROSS", PASSWORD)


def test_a_hash_made_with_older_settings_is_renewed_at_the_next_sign_in(app):
    old = people.PasswordHasher("pbkdf2:sha256:1000")
    with app.app_context():
        db.session.get(Person, CLEO).password = old.hash(PASSWORD)
        db.session.commit()
        assert people.recognise("Cleo", "wrong") is None
        assert people.recognise("Cleo", PASSWORD).id == CLEO
        assert not people.passwords.needs_rehash(db.session.get(Person, CLEO).password)
        assert people.recognise("Cleo", PASSWORD).id == CLEO


def at_once(app, count, path, data):
    """Let so many browsers, all signed in as Cleo, send a form at the same moment; returns the statuses."""
    browsers = [Visitor(app.test_client()) for _ in range(count)]
    forms = []
    for browser in browsers:
        with browser.client.session_transaction() as session:
            session["_user_id"] = str(CLEO)
        forms.append({"csrf_token": browser.token(), **data})
    together, statuses = threading.Barrier(count), []

    def send(browser, form):
        together.wait(60)
        statuses.append(browser.client.post(path, data=form).status_code)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(browsers, forms)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


@pytest.fixture
def patient(make_app):
    """An application whose SQLite waits for its turn however slow the machine is."""
    pragmas = {"busy_timeout": 60_000, "foreign_keys": "ON", "journal_mode": "WAL", "synchronous": "NORMAL"}
    return make_app(SQLALCHEMY_SQLITE_PRAGMAS=pragmas)


def test_of_many_hands_each_takes_another_bottle_until_none_is_left(patient):
    with patient.app_context():
        number, stock = db.session.execute(
            db.select(Bottle.id, Bottle.stock).where(Bottle.stock.between(2, 4)).limit(1)
        ).one()
    assert at_once(patient, 6, f"/bottles/{number}/open", {}) == [303] * stock + [422] * (6 - stock)


def test_many_hands_lay_no_two_bottles_in_one_place(patient):
    with patient.app_context(), db.transaction():
        rack = racks.build("Attic", 1, 4).id
    statuses = at_once(patient, 6, "/bottles/1/shelve", {"rack": str(rack), "count": "1"})
    assert statuses == [303] * 4 + [422] * 2


@pytest.mark.parametrize(
    ("start", "end", "window"),
    [
        (None, None, "open"),
        (2027, None, "early"),
        (2027, 2040, "early"),
        (2020, 2030, "ready"),
        (2026, None, "ready"),
        (None, 2040, "ready"),
        (2020, 2027, "last"),
        (2020, 2026, "last"),
        (2020, 2025, "past"),
    ],
)
def test_the_window_in_2026(start, end, window):
    assert Bottle(**fields(drink_from=start, drink_until=end)).window(2026) == window


def fields(**changes):
    return {
        "name": "",
        "producer": "",
        "vintage": 2015,
        "colour": "red",
        "region": "",
        "country": "",
        **changes,
    }


@pytest.mark.parametrize("years", [(None, None), (2020, None), (None, 2022), (2020, 2020), (1800, 2200)])
def test_the_line_of_years_holds_the_window_and_today(years):
    line = timeline(Bottle(**fields(drink_from=years[0], drink_until=years[1])))
    assert 0 <= line["start"] <= line["start"] + line["width"] <= 400
    assert 0 < line["now"] < 400


@pytest.mark.parametrize(
    ("language", "cents", "words"),
    [
        ("en", 0, "€0.00"),
        ("en", 5, "€0.05"),
        ("en", 120001, "€1,200.01"),
        ("de", 120001, "1.200,01 €"),
        ("es", 1250, "12,50 €"),
    ],
)
def test_money(app, language, cents, words):
    with app.test_request_context(headers={"Accept-Language": language}):
        assert money(cents).replace("\N{NO-BREAK SPACE}", " ") == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (7200, "2 hours ago"),
        (86400, "1 day ago"),
        (14 * 86400, "2 weeks ago"),
        (400 * 86400, "1 year ago"),
        (800 * 86400, "2 years ago"),
        (-5, "just now"),
    ],
)
def test_ago(seconds, words):
    then = datetime(2026, 1, 1, tzinfo=UTC)
    assert ago(then, then + timedelta(seconds=seconds)) == words


def test_now_is_what_ago_reads():
    assert ago(now()) == "just now"


def test_initials():
    assert [initials(name) for name in ("Aubert & Filles", "Kellerei", "Vve. Lantenay", "&", "")] == [
        "AF",
        "K",
        "VL",
        "",
        "",
    ]
