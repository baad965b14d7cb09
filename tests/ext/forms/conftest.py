"""One application with forms, asked over each protocol, with sync and async views."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from wtforms import StringField
from wtforms.validators import DataRequired

from demijohn import Flask
from demijohn.ext.forms import FlaskForm

PROTOCOLS = ("wsgi", "asgi", "rsgi")


class NameForm(FlaskForm):
    name = StringField("Name", [DataRequired()])


class Site:
    """An application whose views are all of one kind, and a client."""

    def __init__(self, protocol: str = "wsgi", async_views: bool = False) -> None:
        self.protocol = protocol
        self.async_views = async_views
        self.app = app = Flask(__name__)
        app.secret_key = "the key of these tests, which is long"
        app.testing = True

    def route(self, rule: str, view: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        """Register a sync function, as an async one where the site is async."""
        added = view
        if self.async_views:

            async def added(**values: Any) -> Any:
                return view(**values)

        added.__name__, added.__module__ = view.__name__, view.__module__
        options.setdefault("methods", ["GET", "POST", "PUT", "PATCH", "DELETE"])
        self.app.add_url_rule(rule, options.pop("endpoint", None), added, **options)
        return added

    def client(self) -> Any:
        return self.app.test_client(protocol=self.protocol)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture(
    params=[(protocol, kind) for protocol in PROTOCOLS for kind in (False, True)],
    ids=lambda p: f"{p[0]}-{'async' if p[1] else 'sync'}",
)
def every_site(request: Any) -> Any:
    """The site over each protocol, with views of each kind."""
    return Site(*request.param)


@pytest.fixture
def new_site() -> type[Site]:
    return Site


@pytest.fixture
def name_form() -> type[NameForm]:
    return NameForm


@pytest.fixture
def token_in() -> Callable[[str], str]:
    """The token in a page."""

    def find(page: str) -> str:
        found = re.search(r'(?:value|content)="([^"]{80,})"', page)
        assert found is not None, page
        return found.group(1)

    return find
