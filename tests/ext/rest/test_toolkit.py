"""Lists, entity tags, repeated requests and callers."""

from __future__ import annotations

import re
import threading
from typing import Annotated

import pytest
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from demijohn import abort
from demijohn.ext.rest import ApiKeyAuth, BearerAuth, Listing, Page, check_etag


class Base(DeclarativeBase):
    pass


class Wine(Base):
    __tablename__ = "wine"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    colour: Mapped[str]
    year: Mapped[int]
    secret: Mapped[str] = mapped_column(default="s")


class WineOut(Struct):
    id: int
    name: str


@pytest.fixture
def engine():
    made = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(made)
    with Session(made) as session, session.begin():
        session.add_all(
            Wine(id=n, name=f"w{n}", colour=["red", "white"][n % 2], year=2000 + n // 2) for n in range(1, 11)
        )
    yield made
    made.dispose()


def list_wines(site, engine, **options):
    listing = Listing(Wine, filters=("colour", "year"), sorts=("year", "name"), per_page=4, most=8, **options)

    def wines(page, dry=False):
        with Session(engine) as session:
            return page.of(session, sa.select(Wine))

    wines.__annotations__ = {"page": Annotated[Page, listing], "dry": bool, "return": list[WineOut]}
    site.api.get("/wines")(site.kind(wines))


def links_of(answer):
    return {name: address for address, name in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["Link"])}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("colour=red&per_page=8", [2, 4, 6, 8, 10]),
        ("year[gte]=2004&year[lt]=2005", [8, 9]),
        ("year[in]=2000,2005", [1, 10]),
        ("colour[ne]=red&sort=-year,name&page=2&per_page=2", [5, 3]),
        ("sort=-name&per_page=3&dry=1", [9, 8, 7]),
    ],
)
def test_a_list_is_filtered_sorted_and_cut(site, engine, query, ids):
    list_wines(site, engine)
    answer = site.client.get(f"/wines?{query}")
    assert [one["id"] for one in answer.json] == ids, answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("secret=s", 400),  # case 70
        ("secret[gte]=s", 400),
        ("colour[like]=r", 400),
        ("colour[]=r", 400),
        ("sort=secret", 400),
        ("sort=-id", 400),
        ("year=x", 422),
        ("year[in]=2000,x", 422),
        ("year=99999999999999999999", 422),  # more than any database's integer
        ("page=0", 422),
        ("page=x", 422),
        ("per_page=9", 422),
        ("page=99999999999999999999", 422),
    ],
)
def test_what_a_list_cannot_be_asked_for(one, engine, query, status):
    list_wines(one, engine)
    answer = one.client.get(f"/wines?{query}")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_pages_are_linked(one, engine):
    list_wines(one, engine)
    links = links_of(one.client.get("/wines?page=2&colour=red&per_page=2"))
    assert links == {
        "first": "/wines?colour=red&per_page=2&page=1", "prev": "/wines?colour=red&per_page=2&page=1",
        "next": "/wines?colour=red&per_page=2&page=3", "last": "/wines?colour=red&per_page=2&page=3",
    }  # fmt: skip
    assert set(links_of(one.client.get("/wines?page=3"))) == {"first", "prev", "last"}


def test_a_cursor_leads_through_all_and_cannot_be_forged(site, engine):
    list_wines(site, engine, style="cursor")
    address, seen = "/wines?sort=-year", []
    while address:
        answer = site.client.get(address)
        seen += [one["id"] for one in answer.json]
        address = links_of(answer).get("next")
    assert seen == [10, 8, 9, 6, 7, 4, 5, 2, 3, 1]
    following = links_of(site.client.get("/wines?sort=-year"))["next"]
    cursor = re.search("cursor=([^&]+)", following)[1]
    assert site.client.get(f"/wines?cursor={cursor}").status_code == 400  # of another order
    assert site.client.get(f"/wines?sort=-year&cursor=x{cursor}").status_code == 400
    assert site.client.get("/wines?sort=-year&cursor=WzFd").status_code == 400


def test_an_entity_tag_is_strong_and_spares_the_answer(site):
    @site.add("get", "/", etag=True)
    def view() -> WineOut:
        return WineOut(1, "a")

    first = site.client.get("/")
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    again = site.client.get("/", headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert site.client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("debug", [False, True])
def test_a_change_says_what_it_changes(one, debug):
    one.app.debug = debug
    kept = {"wine": WineOut(1, "a")}

    @one.add("get", "/", etag=True)
    def get() -> WineOut:
        return kept["wine"]

    @one.add("put", "/")
    def put(wine: WineOut) -> WineOut:
        check_etag(kept["wine"])
        kept["wine"] = wine
        return wine

    tag = one.client.get("/").headers["ETag"]
    body = {"id": 1, "name": "b"}
    assert one.client.put("/", json=body).status_code == 428
    assert one.client.put("/", json=body, headers={"If-Match": '"x"'}).status_code == 412
    assert one.client.put("/", json=body, headers={"If-Match": tag}).json == body
    assert one.client.put("/", json=body, headers={"If-Match": tag}).status_code == 412


@pytest.fixture
def orders(site):
    """A site whose POST counts, and does what its body says."""
    site.done = []

    class Order(Struct):
        name: str
        fail: int = 0

    def order(order):
        site.done.append(order.name)
        if order.fail:
            abort(order.fail)
        return order.name, 201, {"X-Number": str(len(site.done))}

    order.__annotations__ = {"order": Order, "return": str}
    site.api.post("/orders", idempotent=True)(site.kind(order))
    site.api.post("/strict", endpoint="strict", idempotent="required")(site.kind(order))
    return site


def post(site, path="/orders", key="k", **body):
    headers = {} if key is None else {"Idempotency-Key": key}
    return site.client.post(path, json=body, headers=headers)


def test_a_request_that_is_sent_again_is_done_once(orders):
    first = post(orders, name="a")
    again = post(orders, name="a")
    assert (first.status_code, first.text, "Idempotency-Replayed" in first.headers) == (201, "a", False)
    assert (again.status_code, again.text, again.headers["X-Number"]) == (201, "a", "1")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert orders.done == ["a"]
    assert post(orders, name="b").status_code == 422
    assert post(orders, key="other", name="b").status_code == 201
    assert post(orders, key=None, name="c").status_code == 201
    assert orders.done == ["a", "b", "c"]


def test_the_key_may_be_required(orders):
    assert post(orders, "/strict", key=None, name="a").status_code == 400
    assert post(orders, "/strict", key="k" * 300, name="a").status_code == 400
    assert post(orders, "/strict", name="a").status_code == 201
    assert post(orders, name="a").status_code == 201  # of another route
    assert orders.done == ["a", "a"]


def test_an_answer_that_is_the_server_s_fault_is_not_kept(orders):
    for _ in range(2):
        assert post(orders, name="a", fail=503).status_code == 503
    assert orders.done == ["a", "a"]
    for _ in range(2):
        assert post(orders, key="n", name="b", fail=409).status_code == 409
    assert orders.done == ["a", "a", "b"]


def test_a_request_that_has_not_ended_is_409(one):
    entered, go = threading.Event(), threading.Event()

    @one.add("post", "/", idempotent=True)
    def view() -> str:
        entered.set()
        assert go.wait(10)
        return "done"

    client = one.client
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(one.app.test_client().post("/", headers={"Idempotency-Key": "k"}))
    )
    thread.start()
    assert entered.wait(10)
    assert client.post("/", headers={"Idempotency-Key": "k"}).status_code == 409
    go.set()
    thread.join()
    assert answers[0].text == "done"
    assert client.post("/", headers={"Idempotency-Key": "k"}).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("style", ["pages", "cursor"])
def test_an_async_session_lists_the_same(site, engine, style, tmp_path):
    address = f"sqlite+aiosqlite:///{tmp_path / 'wines.db'}"
    there = sa.create_engine(f"sqlite:///{tmp_path / 'wines.db'}")
    Base.metadata.create_all(there)
    with Session(there) as session, session.begin():
        session.add_all(Wine(id=n, name=f"w{n}", colour="red", year=2000 + n) for n in range(1, 6))
    there.dispose()
    listing = Listing(Wine, filters=("year",), sorts=("year",), per_page=2, style=style)

    async def wines(page):
        made = create_async_engine(address, poolclass=sa.NullPool)
        async with AsyncSession(made) as session:
            found = await page.of_async(session, sa.select(Wine))
        await made.dispose()
        return found

    wines.__annotations__ = {"page": Annotated[Page, listing], "return": list[WineOut]}
    site.api.get("/wines")(wines)
    found: list[list[int]] = []
    following: str | None = "/wines?year[gt]=2001&sort=-year"
    while following:
        answer = site.client.get(following)
        found.append([wine["id"] for wine in answer.json])
        following = links_of(answer).get("next")
    assert found == [[5, 4], [3, 2]]


@pytest.fixture(params=[False, True], ids=["sync_loader", "async_loader"])
def loader(request):
    def load(secret: str) -> str | None:
        return {"good": "Ada"}.get(secret)

    async def load_async(secret: str) -> str | None:
        return load(secret)

    return load_async if request.param else load


def test_a_bearer_token_says_who_calls(site, loader):
    def view(user):
        return user

    view.__annotations__ = {"user": Annotated[str, BearerAuth(loader, realm="cellar")], "return": str}
    site.api.get("/")(site.kind(view))

    def maybe(user):
        return user or "nobody"

    maybe.__annotations__ = {"user": Annotated[str | None, BearerAuth(loader)], "return": str}
    site.api.get("/maybe")(site.kind(maybe))
    answer = site.client.get("/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].replace('"', "") == "Bearer realm=cellar"
    answer = site.client.get("/", headers={"Authorization": "Bearer bad"})
    assert (answer.status_code, "invalid_token" in answer.headers["WWW-Authenticate"]) == (401, True)
    assert site.client.get("/", headers={"Authorization": "bearer good"}).text == "Ada"
    assert site.client.get("/maybe").text == "nobody"
    assert site.client.get("/maybe", headers={"Authorization": "Bearer bad"}).status_code == 401


def test_who_is_not_known_is_told_before_what_is_invalid(site, loader):
    @site.add("get", "/", auth=[ApiKeyAuth(loader), BearerAuth(loader)])
    def view(n: int) -> str:
        return str(n)

    assert site.client.get("/?n=x").status_code == 401
    assert site.client.get("/?n=1", headers={"X-API-Key": "bad"}).status_code == 401
    assert site.client.get("/?n=1", headers={"X-API-Key": "good"}).text == "1"
    assert site.client.get("/?n=1", headers={"Authorization": "Bearer good"}).text == "1"
    assert site.client.get("/?n=x", headers={"X-API-Key": "good"}).status_code == 422
