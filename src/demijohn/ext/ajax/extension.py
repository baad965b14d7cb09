"""Sijax for applications: ``g.sijax`` in each request, and the tag that loads the script of the page."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from markupsafe import Markup

from demijohn import (
    Blueprint, Flask, Response, csp_nonce, current_app, g, has_request_context, request, stream_with_context, url_for,
)  # fmt: skip
from demijohn.ext.ajax import exchange
from demijohn.ext.ajax.folder import SCRIPT, fill_folder
from demijohn.ext.ajax.responses import CometResponse, UploadResponse
from demijohn.extend import (
    EitherWay, Finding, add_check, expect_settings, is_awaitable, nonblocking, running_loop, unproxied,
)  # fmt: skip

__all__ = ["Sijax", "route"]

F = TypeVar("F", bound=Callable[..., Any])

_LINES = "application/x-ndjson"

_blueprint = Blueprint("_sijax", __name__, static_folder="static", static_url_path="/_sijax/static")


class NoCall(RuntimeError, AttributeError):
    """There is no request that could be a call, or its hooks have not run."""


class Sijax:
    """Lets pages call functions of the server: ``g.sijax``.

    :param app: The application; or call :meth:`init_app` later.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Give each request of an application ``g.sijax``, and templates ``sijax_script()``.

        :raises SijaxError: for a folder ``SIJAX_STATIC_PATH`` that holds other files.
        """
        app = unproxied(app)
        expect_settings(
            app, SIJAX_STATIC_PATH="path", SIJAX_JSON_URI="text", SIJAX_ALLOW_SCRIPT="flag"
        )  # fmt: skip
        folder = app.config.get("SIJAX_STATIC_PATH")
        if folder is not None:
            fill_folder(Path(folder))
        app.extensions["sijax"] = self
        # First of all, so that hooks of the application may use it.
        app.before_request_funcs.setdefault(None, []).insert(0, self._begin)
        if "_sijax" not in app.blueprints:
            app.register_blueprint(_blueprint)
        app.add_template_global(self.script_tag, "sijax_script")
        add_check(app, _check)

    @nonblocking
    def _begin(self) -> None:
        g.sijax = self

    # PERF: the call itself is made when it is asked for, so a request without one pays for an attribute.
    @property
    def _sijax(self) -> exchange.Sijax:
        if not has_request_context() or g.get("sijax") is None:
            raise NoCall(
                "There is no call here: use g.sijax in a view or a hook of a request, after Sijax(app) or"
                " sijax.init_app(app)."
            )
        found: exchange.Sijax | None = g.get("_sijax_call")
        if found is None:
            app = current_app
            found = g._sijax_call = exchange.Sijax()
            found.allows_script = bool(
                app.config.get("SIJAX_ALLOW_SCRIPT", not app.policy.checked_sijax_commands)
            )
            found.redirects_by_script = not app.policy.checked_sijax_commands
            found.takes_lines = _LINES in request.headers.get("Accept", "")
            found.set_data(request.form)
            found.set_request_uri(request.url[len(request.host_url.rstrip("/")) :])
            if (json_uri := app.config.get("SIJAX_JSON_URI")) is not None:
                found.set_json_uri(json_uri)
        return found

    # The page.

    def set_request_uri(self, uri: str) -> None:
        """Have this page send its calls elsewhere than to its own address."""
        self._sijax.set_request_uri(uri)

    def get_js(self) -> str:
        """The code that tells the page where to send its calls, for a script element of yours."""
        return self._sijax.get_js()

    def script_tag(self) -> Markup:
        """The tag that loads the script of the page, in templates ``sijax_script()``."""
        token: Any = current_app.jinja_env.globals.get("csrf_token")
        csrf: Any = token() if callable(token) else ""
        return Markup('<script src="{}" nonce="{}" data-uri="{}" data-csrf="{}"></script>').format(
            url_for("_sijax.static", filename="sijax.js", v=_VERSION),
            csp_nonce(),
            self._sijax.get_request_uri(),
            csrf,
        )

    # What may be called; each as of ``exchange.Sijax``.

    def register_callback(
        self, public_name: str, callback: Callable[..., Any], response_class: Callable[..., Any] | None = None,
        args_extra: Sequence[Any] | None = None,
    ) -> None:  # fmt: skip
        """Let the page call a function, by ``Sijax.request(public_name, [...])``.

        :param callback: Takes the response, then ``args_extra``, then what the page gives.
        :param response_class: The class of the response.
        :param args_extra: Arguments that the page does not give.
        """
        self._sijax.register_callback(public_name, callback, response_class, args_extra)

    def register_object(self, obj: object, **options: Any) -> None:
        """Let the page call all public functions of an object."""
        self._sijax.register_object(obj, **options)

    def register_comet_callback(self, public_name: str, callback: Callable[..., Any], **options: Any) -> None:
        """Let the page call a function that yields, by ``sjxComet.request(public_name, [...])``."""
        options = {"response_class": CometResponse, **options}
        self._sijax.register_callback(public_name, callback, **options)

    def register_comet_object(self, obj: object, **options: Any) -> None:
        """Let the page call all public functions of an object, which yield."""
        self._sijax.register_object(obj, **{"response_class": CometResponse, **options})

    def register_upload_callback(self, form_id: str, callback: Callable[..., Any], **options: Any) -> Markup:
        """Have a form sent to a function: ``handler(obj_response, files, form_values)``.

        :returns: The code that makes it so, for a script element of yours. Without code: give the form an attribute
            ``data-sijax-upload="FORM-ID_upload"``.
        """
        name = f"{form_id}_upload"
        options = {"response_class": UploadResponse, "args_extra": [request.files], **options}
        self._sijax.register_callback(name, callback, **options)
        given = f'{{"formId": {exchange._in_script(form_id)}, "callback": {exchange._in_script(name)}}}'
        return Markup(f"sjxUpload.registerForm({given});")  # noqa: S704 (made of literals that end no script)

    def register_event(self, event_name: str, callback: Callable[..., Any]) -> None:
        """Have a function called on an event."""
        self._sijax.register_event(event_name, callback)

    # The call.

    @property
    def is_sijax_request(self) -> bool:
        """Whether this request is a call."""
        return self._sijax.is_sijax_request

    def process_request(self) -> Any:
        """Call what the page wants, and answer; in an ``async def`` view it is awaited.

        :raises SijaxError: when this request is no call.
        """
        return _answer(self._sijax, self._sijax.process_request())

    def execute_callback(self, args: list[Any], callback: Callable[..., Any], **params: Any) -> Any:
        """Call a function whatever the page wants, and answer; in an ``async def`` view it is awaited."""
        return _answer(self._sijax, self._sijax.execute_callback(args, callback, **params))


def _answer(call: exchange.Sijax, result: Any) -> Any:
    if is_awaitable(result):
        return _answer_later(call, result)
    response = _response_of(call, result)
    return response if running_loop() is None else EitherWay(response)


async def _answer_later(call: exchange.Sijax, result: Any) -> Response:
    return _response_of(call, await result)


def _response_of(call: exchange.Sijax, result: Any) -> Response:
    """The response of a regular function's text, or of a streaming one's parts, for which its request stays open."""
    response: Response
    if not isinstance(result, (Iterator, AsyncIterable)):
        response = current_app.response_class(result, mimetype="application/json")
        return response
    if not call.takes_lines:
        call.nonce()  # it is in the header, which goes before the first script
    body: Any = stream_with_context(cast(Any, result))
    response = current_app.response_class(body, mimetype=_LINES if call.takes_lines else "text/html")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"  # nginx: pass parts on as they come
    return response


def route(app_or_blueprint: Any, rule: str, **options: Any) -> Callable[[F], F]:
    """As ``route`` of the application or blueprint, for a page whose functions may be called: with POST, always.

    :param app_or_blueprint: Where the view is registered.
    :param rule: Its rule.
    :param options: As of ``route``.
    """

    def decorator(f: F) -> F:
        methods = tuple(options.pop("methods", ("GET", "POST")))
        options["methods"] = methods if "POST" in methods else (*methods, "POST")
        app_or_blueprint.add_url_rule(rule, None, f, **options)
        return f

    return decorator


def _check(app: Flask) -> Iterator[Finding]:
    """What ``demijohn check`` is told."""
    if app.config.get("SIJAX_ALLOW_SCRIPT"):
        yield Finding(
            "sijax-script", "warning", "Sijax handlers may send code for pages to run (SIJAX_ALLOW_SCRIPT).",
            "What a visitor wrote and a handler puts into that code runs in the pages of others.",
            "Use call() with functions that the page gives to Sijax.register, and leave SIJAX_ALLOW_SCRIPT unset.",
        )  # fmt: skip


_VERSION = sha256(SCRIPT.read_bytes()).hexdigest()[:12]
