"""How the user of a request is found."""

from __future__ import annotations

import functools
import threading

import pytest

from demijohn import request, websocket
from demijohn.ext.login import current_user, login_required, user_loaded_from_request
from demijohn.views import MethodView


def test_a_request_loader_finds_who_has_no_session(site):
    @site.manager.request_loader
    def by_key(request):
        return site.users.get(request.headers.get("X-Key"))

    heard = []
    with user_loaded_from_request.connected_to(lambda app, user: heard.append(user.name)):
        assert site.app.test_client().get("/secret", headers={"X-Key": "1"}).text == "secret of Ada"
    assert heard == ["Ada"]
    assert site.app.test_client().get("/secret", headers={"X-Key": "9"}).status_code == 401


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
def test_a_request_loader_may_be_async(new_site, protocol):
    site = new_site(async_views=True)

    @site.manager.request_loader
    async def by_key(request):
        return site.users.get(request.headers.get("X-Key"))

    with site.app.test_client(protocol=protocol) as client:
        assert client.get("/secret", headers={"X-Key": "1"}).text == "secret of Ada"
        assert client.get("/who", headers={"X-Key": "1"}).text == "Ada"


def test_a_header_loader_is_deprecated_and_works(site):
    with pytest.warns(DeprecationWarning, match="request_loader"):
        site.manager.header_loader(lambda value: site.users.get(value))
    assert site.app.test_client().get("/who", headers={"Authorization": "1"}).text == "Ada"


def test_loaders_are_given_back_to_whoever_registers_them(site):
    assert site.manager.user_loader(site.find) == site.find == site.manager.user_callback
    assert site.manager.request_loader(site.find) == site.find == site.manager.request_callback


def test_a_sync_loader_does_not_run_on_the_event_loop_of_an_async_view_that_needs_a_login(new_site):
    site = new_site(async_views=True)
    seen = []

    @site.manager.user_loader
    def find(user_id):
        seen.append(threading.get_ident())
        return site.users.get(user_id)

    async def where():
        seen.append(threading.get_ident())
        return current_user.name

    site.app.add_url_rule("/where", "where", login_required(where))
    with site.app.test_client(protocol="asgi") as client:
        client.get("/in/1")
        assert client.get("/where").text == "Ada"
    assert len(set(seen)) == 2


def test_the_methods_of_a_class_may_be_async_with_an_async_loader(new_site):
    site = new_site(async_views=True, async_loader=True)

    class Page(MethodView):
        decorators = [login_required]

        async def get(self):
            return current_user.name

    site.app.add_url_rule("/class", view_func=Page.as_view("class"))
    with site.app.test_client(protocol="asgi") as client:
        assert client.get("/class").status_code == 401
        client.get("/in/1")
        assert client.get("/class").text == "Ada"


def test_a_websocket_knows_its_user(new_site):
    site = new_site(async_views=True, async_loader=True)

    @site.app.websocket("/ws")
    async def talk():
        await websocket.send(current_user.name if current_user.is_authenticated else "nobody")

    with site.app.test_client(protocol="asgi") as client:
        with client.websocket("/ws") as ws:
            assert ws.receive() == "nobody"
        client.get("/in/1")
        with client.websocket("/ws") as ws:
            assert ws.receive() == "Ada"


@pytest.mark.parametrize("wraps_twice", [False, True])
def test_an_async_view_below_a_decorator_made_for_plain_ones_knows_its_user(new_site, wraps_twice):
    site = new_site(async_views=True, async_loader=True)

    def counted(view):
        @functools.wraps(view)
        def count(**values):
            return view(**values)

        return count

    async def who():
        return current_user.name

    view = counted(who)
    site.app.add_url_rule("/below", "below", functools.partial(counted(view)) if wraps_twice else view)
    with site.app.test_client(protocol="asgi") as client:
        client.get("/in/1")
        assert client.get("/below").text == "Ada"


def test_a_class_whose_call_is_async_can_be_a_view_that_needs_a_login(new_site):
    site = new_site(async_views=True, async_loader=True)

    class Page:
        async def __call__(self):
            return current_user.name

    site.app.add_url_rule("/page", "page", login_required(Page()))
    with site.app.test_client(protocol="asgi") as client:
        assert client.get("/page").status_code == 401
        client.get("/in/1")
        assert client.get("/page").text == "Ada"


def test_asking_on_the_loop_before_the_loader_ran_says_what_to_await(new_site):
    site = new_site(async_views=True, async_loader=True)
    told = []

    def hidden():  # looks sync, and is called where its awaitable is awaited
        async def answer():
            try:
                return current_user.name
            except RuntimeError as e:
                told.append(str(e))
                return (await site.manager.load_user()).name

        return answer()

    site.app.add_url_rule("/hidden", "hidden", hidden)
    with site.app.test_client(protocol="asgi") as client:
        client.get("/in/1")
        assert client.get("/hidden").text == "Ada"
    assert "await login_manager.load_user()" in told[0]


def test_handlers_answer_instead_of_the_view_sync_or_async(new_site):
    for is_async in (False, True):
        site = new_site(async_views=is_async)

        def refuse():
            return f"not for you on {request.path}", 403

        async def refuse_async():
            return refuse()

        site.manager.unauthorized_handler(refuse_async if is_async else refuse)
        for protocol in ("wsgi", "asgi"):
            with site.app.test_client(protocol=protocol) as client:
                answer = client.get("/secret")
                assert (answer.status_code, answer.text) == (403, "not for you on /secret")
