"""The live journal: what one does, all others hear; and what a page may say to the server."""

from __future__ import annotations

import pytest

from .conftest import BOTTLE, CLEO, POSTGRESQL, Visitor


@pytest.fixture(params=["sqlite", POSTGRESQL])
def kind(request):
    return request.param


class Page:
    """A page's socket, past its greeting."""

    def __init__(self, app, visitor=None):
        socketio = app.extensions["socketio"]
        client = visitor.client if visitor else app.test_client()
        self.socket = socketio.test_client(app, flask_test_client=client)
        self.close = self.socket.disconnect

    def hear(self, name="news", kind=None):
        """What came under this name since it was asked last."""
        told = [one["args"][0] for one in self.socket.get_received() if one["name"] == name]
        return told if kind is None else [one for one in told if one["type"] == kind]

    def ask(self, name, *said):
        """What the server answers."""
        return self.socket.emit(name, *said, callback=True)


@pytest.fixture
def socket(app):
    return Page(app)


def test_adding_and_opening_are_heard_with_stock_and_places(cleo, socket):
    number = int(cleo.post("/bottles/new", BOTTLE).headers["Location"].rsplit("/", 1)[1])
    [told] = socket.hear(kind="activity")
    assert (told["activity"]["who"], told["activity"]["verb"]) == ("Cleo", "added")
    assert told["activity"]["url"] == f"/bottles/{number}"
    assert told["stock"] == {"bottle": number, "count": 2}
    before = told["totals"]["bottles"]
    assert [slot["bottle"]["colour"] for slot in told["slots"]] == ["white", "white"]

    cleo.post(f"/bottles/{number}/open")
    [told] = socket.hear(kind="activity")
    assert told["stock"] == {"bottle": number, "count": 1}
    assert [slot["bottle"] for slot in told["slots"]] == [None]
    assert told["totals"]["bottles"] == before - 1


def test_a_refused_form_is_not_heard(cleo, socket):
    cleo.post("/bottles/new", {**BOTTLE, "count": "48"})
    cleo.post("/racks/new", {"name": "Attic", "shelves": "1", "places": "1"})
    [told] = socket.hear(kind="activity")
    assert told["activity"]["subject"] == "Attic"


def test_a_page_that_comes_back_hears_what_it_missed(cleo, socket):
    assert socket.ask("since", 10**6)["missed"] == []
    cleo.post("/bottles/1/open")
    [told] = socket.hear(kind="activity")
    cleo.post("/bottles/1/open")
    answer = socket.ask("since", told["activity"]["id"])
    assert [entry["id"] for entry in answer["missed"]] == [told["activity"]["id"] + 1]
    assert answer["totals"]["bottles"] > 100


def test_a_glass_is_raised_once_a_person_and_heard_by_all(app, cleo):
    cleo.post("/bottles/1/open")
    one, other = Page(app, cleo), Page(app)
    entry = one.ask("since", 0)["missed"][-1]["id"]
    told = {"type": "cheer", "activity": entry, "count": 1}
    for _ in range(2):
        assert one.ask("cheer", entry) == {"count": 1}
        assert other.hear(kind="cheer") == [told]
    assert cleo.post(f"/live/glasses/{entry}").status_code == 303
    assert other.hear(kind="cheer") == [told]


def test_a_glass_to_nothing_is_trouble(app, cleo):
    page = Page(app, cleo)
    assert page.ask("cheer", 10**6)["trouble"] == "There is no such entry in the journal."
    assert cleo.post(f"/live/glasses/{10**6}").status_code == 404


def test_strangers_may_watch_but_raise_no_glass(socket, client):
    assert socket.ask("cheer", 1) == {"trouble": "Sign in to raise a glass."}
    page = Visitor(client)
    assert page.post("/live/glasses/1").headers["Location"].startswith("/auth/sign-in")


@pytest.mark.parametrize(
    "said", [(), ("1",), (1, 2), (-1,), (1.5,), (None,), ({},), (True,), (2**40,)], ids=str
)
@pytest.mark.parametrize("name", ["since", "cheer"])
def test_nonsense_is_answered_and_the_connection_lives(socket, name, said):
    assert socket.ask(name, *said) == {"trouble": "Send the number of an entry."}
    assert socket.ask("since", 10**6)["missed"] == []


def test_pages_are_counted_as_they_come_and_go(app, socket):
    other = Page(app)
    assert socket.hear("watching") == [1, 2]
    other.close()
    assert socket.hear("watching") == [1]


def test_a_silent_page_holds_no_connection(make_app):
    """There is one connection for three open pages, which have all asked for something, and a visitor."""
    app = make_app(SQLALCHEMY_POOL_SIZE=1, SQLALCHEMY_MAX_OVERFLOW=0, SQLALCHEMY_POOL_TIMEOUT=20)
    with app.test_client(protocol="asgi", lifespan=True) as client:
        with client.session_transaction() as session:
            session["_user_id"] = str(CLEO)
        for _ in range(3):
            assert Page(app, Visitor(client)).ask("cheer", 1)["count"]
        for path in ("/", "/bottles/1", "/live/"):
            assert client.get(path).status_code == 200


def test_a_screen_that_only_listens_gets_the_news_as_events(app, cleo):
    with app.test_client(protocol="asgi", lifespan=True) as client:
        answer = client.get("/live/events")
        assert answer.mimetype == "text/event-stream"
        parts = iter(answer.response)
        assert next(parts) == b"retry: 3000\n\n"
        cleo.post("/bottles/1/open")
        told = next(parts)
        assert b"data: {" in told
        assert b"activity" in told
        answer.close()


def test_the_journal_page_shows_what_the_socket_says(app, cleo):
    cleo.post("/bottles/1/open")
    page = Visitor(app.test_client()).get("/live/").text
    assert "Cleo" in page
    assert 'data-live="/live/events"' in page
