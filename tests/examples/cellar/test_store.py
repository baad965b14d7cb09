"""What the cellar knows, without the web: stock, racks, windows, photos, and how templates say it."""

from __future__ import annotations

import io
import multiprocessing
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from cellar.store import bottles, photos, racks, seed
from cellar.store.database import connect, create_tables, fill_once, now, transaction
from cellar.web.words import ago, initials, money, timeline

from .conftest import PNG


@pytest.fixture
def connection(tmp_path):
    """An empty cellar with one rack of two shelves of three places."""
    create_tables(tmp_path / "cellar.sqlite3")
    with closing(connect(tmp_path / "cellar.sqlite3")) as connection:
        racks.build(connection, "Attic", 2, 3)
        yield connection


def bottle(**changes):
    given = {
        "name": "Plateau",
        "producer": "Test",
        "vintage": 2019,
        "colour": "red",
        "region": "Jura",
        "country": "FR",
    }
    return bottles.Details(**{**given, **changes})


def test_stock_is_the_number_of_places_taken(connection):
    number = bottles.add(connection, bottle())
    racks.shelve(connection, 1, number, 4)
    assert bottles.get(connection, number).stock == 4
    assert racks.get(connection, 1).taken == 4
    racks.take(connection, number)
    assert bottles.get(connection, number).stock == 3


def test_bottles_fill_the_first_free_places_and_leave_from_the_last(connection):
    number = bottles.add(connection, bottle())
    filled = racks.shelve(connection, 1, number, 4)
    assert [(slot.shelf, slot.place) for slot in filled] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    emptied = racks.take(connection, number)
    assert (emptied.shelf, emptied.place) == (2, 1)


def test_a_rack_that_is_too_full_takes_none(connection):
    number = bottles.add(connection, bottle())
    with pytest.raises(racks.RackFull, match="6 free places"):
        racks.shelve(connection, 1, number, 7)
    assert racks.stock(connection, number) == 0


def test_taking_from_nothing_says_so(connection):
    with pytest.raises(racks.NoneLeft):
        racks.take(connection, bottles.add(connection, bottle()))


def test_no_place_holds_two(connection):
    number = bottles.add(connection, bottle())
    racks.shelve(connection, 1, number, 1)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO slot VALUES (1, 1, 1, ?)", (number,))


def test_a_transaction_that_fails_keeps_nothing(connection):
    def fails():
        with transaction(connection):
            bottles.add(connection, bottle())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert bottles.find(connection, bottles.Search()).total == 0


def start(path, results):
    create_tables(path)
    results.put(fill_once(path, seed.fill))


def test_workers_that_start_together_fill_the_cellar_once(tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    path = tmp_path / "cellar.sqlite3"
    workers = [context.Process(target=start, args=(path, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    filled = [results.get(timeout=30) for _ in workers]
    for worker in workers:
        worker.join()
    assert sorted(filled) == [False, False, False, True]
    with closing(connect(path)) as connection:
        assert bottles.find(connection, bottles.Search()).total == len(seed.WINES)


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
    assert bottles.Bottle(**fields(drink_from=start, drink_until=end)).window(2026) == window


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
    line = timeline(bottles.Bottle(**fields(drink_from=years[0], drink_until=years[1])))
    assert 0 <= line["start"] <= line["start"] + line["width"] <= 400
    assert 0 < line["now"] < 400


def test_a_photo_that_cannot_be_written_leaves_no_file(tmp_path):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 0:
                raise OSError("the disk is full")
            return super().read(size)

    with pytest.raises(OSError, match="full"):
        photos.keep(tmp_path, Broken(PNG))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("cents", "words"),
    [(0, "€ 0"), (5, "€ 0.05"), (1250, "€ 12.50"), (120000, "€ 1,200"), (120001, "€ 1,200.01")],
)
def test_money(cents, words):
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
    assert ago("2026-01-01T00:00:00Z", then + timedelta(seconds=seconds)) == words


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
