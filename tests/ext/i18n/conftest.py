"""An application with catalogues, over each protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo

from demijohn import Flask
from demijohn.ext.i18n import Babel

TEXTS = {
    "es": {
        "Cellar": "Bodega",
        "Hello %(name)s!": "¡Hola %(name)s!",
        "Get 50% off": "50% de descuento",
        ("%(num)d bottle", "%(num)d bottles"): ("%(num)d botella", "%(num)d de botellas", "%(num)d botellas"),
        ("month", "May"): "mayo",
        "<b>New</b>": "<b>Nuevo</b>",
    },
    "fr": {"Cellar": "Cave", "Hello %(name)s!": "Bonjour %(name)s !"},
    "pt_BR": {"Cellar": "Adega"},
    "zh_Hans": {"Cellar": "酒窖"},
    "ar": {"Cellar": "قبو"},
}


def catalogue(folder: Path, locale: str, texts: dict[Any, Any], domain: str = "messages") -> Path:
    """Write a compiled catalogue. A pair beginning with a small letter and one word is a context and a text."""
    made = Catalog(locale=locale)
    for source, text in texts.items():
        if isinstance(source, tuple) and isinstance(text, str):
            made.add(source[1], text, context=source[0])
        else:
            made.add(source, text)
    path = folder / locale / "LC_MESSAGES" / f"{domain}.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        write_mo(stream, made)
    return path


@pytest.fixture(params=["wsgi", "asgi", "rsgi"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def translations(tmp_path: Path) -> Path:
    folder = tmp_path / "translations"
    for locale, texts in TEXTS.items():
        catalogue(folder, locale, texts)
    return folder


@pytest.fixture
def make(translations: Path) -> Callable[..., Flask]:
    """Make an application that is offered in what there are catalogues of."""

    def made(arguments: dict[str, Any] | None = None, **config: Any) -> Flask:
        app = Flask("translated", root_path=str(translations.parent), static_folder=None)
        app.secret_key = "a key that is long enough"
        app.testing = True
        app.config["BABEL_LOCALES"] = ["en", *TEXTS]
        app.config.update(config)
        Babel(app, **(arguments or {}))
        return app

    return made


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    return make()


@pytest.fixture
def reach(protocol: str) -> Iterator[Callable[[Flask], Any]]:
    """A client of an application, over a protocol."""
    made: list[Any] = []

    def client_of(app: Flask) -> Any:
        made.append(app.test_client(protocol=protocol))
        return made[-1]

    yield client_of
    for client in made:
        client.close()
