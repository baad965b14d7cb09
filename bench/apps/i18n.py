"""A page of thirty texts, a plural, a date and a number, plain and translated, for each entrant.

The catalogue is made when the entrant starts; the visitor asks for Spanish by Accept-Language.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TEXTS = [f"This is text number {number} of the page" for number in range(30)]
PLAIN = (
    "<html><body>"
    + "".join(f"<p>{{{{ '{text}' }}}}</p>" for text in TEXTS)
    + "<p>{{ count }} bottles</p><p>{{ laid }}</p><p>{{ price }}</p></body></html>"
)
TRANSLATED = (
    "<html><body>"
    + "".join(f"<p>{{{{ _('{text}') }}}}</p>" for text in TEXTS)
    + "<p>{{ ngettext('%(num)d bottle', '%(num)d bottles', count) }}</p>"
    "<p>{{ laid|datetimeformat }}</p><p>{{ price|decimalformat }}</p></body></html>"
)
VALUES = {"count": 3, "laid": datetime(2026, 4, 12, 13, 46, tzinfo=UTC), "price": 1234.5}
HEADER = "es-MX,es;q=0.8,en-US;q=0.5,en;q=0.3"
#: The plain page without and with an extension that is not used, the translated page, a thousand calls of gettext.
Calls = tuple[Callable[[], str], Callable[[], str], Callable[[], str], Callable[[], str]]


def _catalogue() -> str:
    from babel.messages import Catalog
    from babel.messages.mofile import write_mo

    folder = Path(tempfile.mkdtemp(prefix="bench-i18n-"))
    for locale in ("es", "en"):
        catalogue = Catalog(locale=locale)
        for text in TEXTS:
            catalogue.add(text, f"{locale}: {text}")
        catalogue.add(
            ("%(num)d bottle", "%(num)d bottles"), ("%(num)d botella", "%(num)d botellas", "%(num)d botellas")
        )
        path = folder / locale / "LC_MESSAGES"
        path.mkdir(parents=True)
        with (path / "messages.mo").open("wb") as stream:
            write_mo(stream, catalogue)
    return str(folder)


def _served(flask: Any, extension: Any, options: dict[str, Any]) -> Calls:
    plain, translated, idle = (flask.Flask(f"{__name__}.{name}") for name in ("plain", "translated", "idle"))
    folder = _catalogue()
    for app in (translated, idle):
        app.config["BABEL_TRANSLATION_DIRECTORIES"] = folder
        app.config.update(options.get("config", {}))
        extension.Babel(app, **options.get("arguments", {}))
    for app, source in ((plain, PLAIN), (idle, PLAIN), (translated, TRANSLATED)):
        template = app.jinja_env.from_string(source)
        app.add_url_rule("/", view_func=lambda template=template: flask.render_template(template, **VALUES))

    def call(app: Any) -> str:
        environ = {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "",
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
            "HTTP_ACCEPT_LANGUAGE": HEADER,
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(), "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }  # fmt: skip
        answer = app(environ, lambda status, fields, error=None: None)
        text = b"".join(answer).decode()
        if hasattr(answer, "close"):
            answer.close()
        return text

    def texts() -> str:
        gettext, text = extension.gettext, TEXTS[7]
        with translated.test_request_context(headers={"Accept-Language": HEADER}):
            for _ in range(1000):
                found: str = gettext(text)
        return found

    return lambda: call(plain), lambda: call(idle), lambda: call(translated), texts


def flask() -> Calls:
    """Flask with Flask-Babel, which asks Accept-Language as its documentation shows."""
    import flask
    import flask_babel

    def select() -> str | None:
        best: str | None = flask.request.accept_languages.best_match(["en", "es"])
        return best

    return _served(flask, flask_babel, {"arguments": {"locale_selector": select}})


def demijohn() -> Calls:
    """demijohn with its own translations."""
    import demijohn
    from demijohn.ext import i18n

    return _served(demijohn, i18n, {"config": {"BABEL_LOCALES": ["en", "es"]}})
