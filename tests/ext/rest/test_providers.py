"""Providers: once per request, told of every exception, finished before the first byte."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest

from demijohn import Response, abort
from demijohn.ext.rest import Header


class Session:
    def __init__(self, name: str = "") -> None:
        self.name = name


class Repository:
    def __init__(self, session: Session) -> None:
        self.session = session


class Log(list):
    pass


@pytest.fixture(params=["sync", "async"])
def provided(request, site):
    """A site whose provider of sessions notes what happens to it."""
    log = Log()

    if request.param == "sync":

        @site.api.provider
        def session(name: Annotated[str, Header("X-Name")] = "nobody") -> Iterator[Session]:
            log.append("open")
            try:
                yield Session(name)
            except BaseException as e:
                log.append(type(e).__name__)  # and swallowed
            log.append("closed")

    else:

        @site.api.provider
        async def session(name: Annotated[str, Header("X-Name")] = "nobody") -> AsyncIterator[Session]:
            log.append("open")
            try:
                yield Session(name)
            except BaseException as e:
                log.append(type(e).__name__)
            log.append("closed")

    @site.api.provider
    def repository(session: Session) -> Repository:
        log.append("repository")
        return Repository(session)

    site.log = log
    return site


def test_a_provider_makes_what_a_view_takes_once(provided):
    @provided.add("get", "/")
    def view(session: Session, repository: Repository) -> str:
        assert repository.session is session
        return session.name

    assert provided.client.get("/", headers={"X-Name": "Ada"}).text == "Ada"
    assert provided.log == ["open", "repository", "closed"]


@pytest.mark.parametrize(("n", "status", "told"), [(1, 404, "NotFound"), (2, 500, "ValueError")])
def test_every_exception_is_told_and_none_swallowed(provided, n, status, told):
    @provided.add("get", "/")
    def view(session: Session, n: int) -> str:
        if n == 1:
            abort(404)
        raise ValueError

    assert provided.client.get(f"/?n={n}").status_code == status
    assert provided.log == ["open", told, "closed"]


def test_nothing_is_opened_for_a_request_that_is_invalid(provided):
    @provided.add("get", "/")
    def view(session: Session, n: int) -> str:
        return "never"

    assert provided.client.get("/?n=x").status_code == 422
    assert provided.log == []


def test_clean_up_runs_before_the_first_byte_also_of_a_stream(provided):
    log = provided.log

    @provided.add("get", "/")
    def view(session: Session) -> Response:
        def parts() -> Iterator[bytes]:
            log.append("first byte")
            yield b"x"

        return Response(parts())

    assert provided.client.get("/").text == "x"
    assert log == ["open", "closed", "first byte"]


def test_an_error_of_the_clean_up_is_the_answer(site):
    @site.api.provider
    def session() -> Iterator[Session]:
        yield Session()
        abort(409, "It cannot be committed.")

    @site.add("get", "/")
    def view(session: Session) -> str:
        return "done"

    answer = site.client.get("/")
    assert (answer.status_code, answer.json["detail"]) == (409, "It cannot be committed.")


def test_the_answer_is_made_while_what_it_is_read_from_is_open(site):
    from msgspec import Struct

    class Lazy:
        def __init__(self, session):
            self._session = session

        @property
        def name(self) -> str:
            if self._session.name == "closed":
                raise RuntimeError("closed")
            return "read"

    class Out(Struct):
        name: str

    @site.api.provider
    def session() -> Iterator[Session]:
        made = Session()
        yield made
        made.name = "closed"

    def view(session):
        return Lazy(session)

    view.__annotations__ = {"session": Session, "return": Out}
    site.api.get("/")(site.kind(view))
    assert site.client.get("/").json == {"name": "read"}


def test_a_provider_yields_once(one):
    @one.api.provider
    def session() -> Iterator[Session]:
        yield Session()
        yield Session()

    @one.add("get", "/")
    def view(session: Session) -> str:
        return "done"

    one.app.testing = True
    with pytest.raises(RuntimeError, match="second time"):
        one.client.get("/")
