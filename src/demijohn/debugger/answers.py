"""What debug mode answers: an error in the form that was asked for, and the debugger's own addresses.

One object per application stands around each of its requests while debug mode is on; it is put there when the way is
settled, so that an application without it has nothing to ask. This module must not know a protocol.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import quote
from weakref import ref

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from demijohn.contexts.context import AppContext, RequestContext, current
from demijohn.debugger import console
from demijohn.debugger.advice import advise
from demijohn.debugger.bar import facts_of, with_bar
from demijohn.debugger.editors import editor_link
from demijohn.debugger.guard import Guard, Locked, new_key
from demijohn.debugger.notes import Notes, begin, close_held, listen_to_databases, note_template, notes_of
from demijohn.debugger.page import View, error_html, gone_html, list_html, part
from demijohn.debugger.ports import Application
from demijohn.debugger.records import KEPT, Record, Records
from demijohn.debugger.streams import watch_stream
from demijohn.debugger.traceback import kind_of, message_of
from demijohn.debugger.values import clean, secrets_of, trimmed
from demijohn.http.origins import vouched
from demijohn.http.problem import problem
from demijohn.signals import (
    got_background_exception, got_serving_exception, got_websocket_exception, template_rendered,
)  # fmt: skip
from demijohn.waiting.steps import HOP, Steps

#: Below it are the parts of debug mode, whatever routes an application has.
PREFIX = "/__demijohn__/"
_HERE = f"{PREFIX}debugger/"

#: Nothing may run or load on these pages but their own style and script (CSP, level 3).
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FIELDS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_OFF = frozenset({"0", "off", "false", "no"})
#: The longest body of a request to the console.
_LONGEST_CODE = 1024 * 1024
#: By what scripts say that they want a part of a page.
_WANT_PARTS = ("HTTP_HX_REQUEST", "HTTP_TURBO_FRAME", "HTTP_X_UP_TARGET", "HTTP_X_PJAX")


class Debugger:
    """Shows the errors of one application.

    :param app: The application.
    :param key: What PIN, token and cookie are made from; see :func:`demijohn.debugger.guard.new_key`.
    :param local: Whether the server listens for this machine only.
    """

    def __init__(self, app: Application, key: str = "", local: bool = True) -> None:
        self._app = ref(app)
        self.guard = Guard(key or new_key(), local, not app.policy.local_debugger)
        self.records = Records()
        self._link = editor_link()
        self._has_bar = os.environ.get("DEMIJOHN_DEBUG_BAR", "").lower() not in _OFF
        template_rendered.connect(note_template, app)
        got_websocket_exception.connect(self._unshown_socket, app)
        got_background_exception.connect(self._unshown_task, app)
        got_serving_exception.connect(self._unshown_task, app)

    # Errors.

    def keep(self, app: Application, error: BaseException, ctx: AppContext | None, where: str) -> Record:
        """Keep an error among the last."""
        known = tuple(secrets_of(app.config))
        record = self.records.keep(error, ctx, trimmed(clean(where, known), 300), known)
        record.notes = notes_of(ctx)
        record.advice = clean(advise(error, app), known)
        return record

    def _unshown_socket(self, app: Application, exception: BaseException, **_: Any) -> None:
        ctx = current.get(None)
        path = "" if ctx is None or ctx.request is None else f" {ctx.request.path}"
        self.keep(app, exception, ctx, f"WebSocket{path}")

    def _unshown_task(self, app: Application, exception: BaseException, **_: Any) -> None:
        self.keep(app, exception, current.get(None), "Background task")

    def _unshown_part(self, app: Application, ctx: RequestContext, error: Exception) -> None:
        self.keep(app, error, ctx, f"{ctx.environ['REQUEST_METHOD']} {ctx.request.path}, while it was sent")

    def page(self, app: Application, ctx: RequestContext, error: Exception) -> Response:
        """The answer to a request that failed: a page, a problem or the traceback, as its Accept field says."""
        environ = ctx.environ
        record = self.keep(app, error, ctx, f"{environ['REQUEST_METHOD']} {ctx.request.path}")
        host = environ.get("HTTP_HOST")
        if not self.guard.shows(host):
            return self._text(app, 500, f"Internal Server Error\n\n{_refusal(host)}\n")
        wanted = accepted(environ.get("HTTP_ACCEPT", ""))
        if wanted == "page":
            return self._error_page(app, environ, record, 500)
        if wanted == "problem":
            members = {
                **problem(500, detail=trimmed(f"{record.kind}: {record.message}", 2000)),
                "traceback": record.plain.splitlines(),
                "debugger": f"{_base(environ)}{record.id}",
            }
            return self._json(app, 500, members, "application/problem+json")
        return self._text(app, 500, record.plain)

    def _error_page(
        self, app: Application, environ: Mapping[str, Any], record: Record, status: int
    ) -> Response:
        view = self._view(environ)
        try:
            html = error_html(app, record, record.advice, view)
        except Exception as e:  # what an error carries may do anything when it is looked at
            said = f"{record.plain}\nThe page could not be made: {kind_of(e)}: {message_of(e)}\n"
            return self._text(app, status, said)
        return self._html(app, status, html, view)

    # What stands around requests.

    def around(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a way, with this around its requests."""
        dispatch, teardown = fields["full_dispatch"], fields["teardown_appcontext"]

        def full_dispatch(app: Application, ctx: RequestContext, *rest: Any) -> Steps[Any]:
            if not app.debug or app.testing:
                return (yield from dispatch(app, ctx, *rest))
            if ctx.environ["PATH_INFO"].startswith(PREFIX):
                yield HOP
                return (yield from self.answer(app, ctx))
            listen_to_databases()
            notes = begin(ctx)
            response = yield from dispatch(app, ctx, *rest)
            if not isinstance(response, Response):  # an application's own idea of one
                return response
            watch_stream(response, partial(self._unshown_part, app, ctx))
            if app.policy.development_bar and self._has_bar:
                self._add_bar(app, ctx, response, notes)
            return response

        def teardown_appcontext(
            app: Application, ctx: AppContext, exc: BaseException | None, errors: list[BaseException]
        ) -> Steps[None]:
            yield from teardown(app, ctx, exc, errors)
            notes = notes_of(ctx)
            if notes is not None and isinstance(ctx, RequestContext) and ctx.error is not None:
                yield HOP
                yield from notes.close_connections()
                close_held(frame.live for record in self._records_of(ctx) for frame in record.frames.values())

        return {
            **fields,
            "full_dispatch": full_dispatch,
            "teardown_appcontext": teardown_appcontext,
            "ends_appcontext": True,
            "always_tears_down": True,
            "bare": False,
            "short": False,
        }

    def _records_of(self, ctx: AppContext) -> list[Record]:
        return [record for record in self.records.newest_first() if record.ctx is ctx]

    def _add_bar(self, app: Application, ctx: RequestContext, response: Any, notes: Notes) -> None:
        environ = ctx.environ
        host = environ.get("HTTP_HOST")
        if not _is_whole_page(environ, response) or not self.guard.shows(host):
            return
        prefix = _prefix(environ)
        endpoint = ctx.request.endpoint
        known = tuple(secrets_of(app.config))
        status = response.status_code
        facts = facts_of(notes, perf_counter() - notes.began, status, endpoint, f"{prefix}{_HERE}", known)
        policies = [
            *response.headers.getlist("Content-Security-Policy"),
            *response.headers.getlist("Content-Security-Policy-Report-Only"),
        ]
        origin = f"{environ.get('wsgi.url_scheme', 'http')}://{host}"
        body = with_bar(response.get_data(), policies, f"{prefix}{PREFIX}bar.js", origin, facts)
        if body is not None:
            response.set_data(body)

    # The debugger's own addresses.

    def answer(self, app: Application, ctx: RequestContext) -> Steps[Response]:
        """The answer to a request for one of them."""
        environ = ctx.environ
        path = environ["PATH_INFO"].removeprefix(PREFIX)
        host = environ.get("HTTP_HOST")
        if not self.guard.shows(host):
            return self._text(app, 400, f"{_refusal(host)}\n")
        if path in ("debugger/eval", "debugger/pin"):
            if not self.guard.trusts(host):
                return self._text(app, 400, f"{_refusal(host)}\n")
            if environ["REQUEST_METHOD"] != "POST":
                return self._text(app, 405, "Only POST is taken here.\n", {"Allow": "POST"})
            if path == "debugger/pin":
                return self._take_pin(app, ctx)
            return (yield from self._run_code(app, ctx))
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._text(app, 405, "Only GET is taken here.\n", {"Allow": "GET, HEAD"})
        return self._shown(app, environ, path)

    def _shown(self, app: Application, environ: Mapping[str, Any], path: str) -> Response:
        if path in ("bar.js", "debugger/page.js"):
            fields = {**_FIELDS, "Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "same-origin"}
            script = part(path.rpartition("/")[2])
            return _made(app, script, 200, fields, "text/javascript")
        view = self._view(environ)
        if path in ("debugger", "debugger/"):
            return self._html(app, 200, list_html(self.records.newest_first(), view), view)
        if not path.startswith("debugger/"):
            return self._text(app, 404, f"There is nothing here; errors are listed at {_HERE}\n")
        record_id = path.removeprefix("debugger/")
        record = self.records.get(record_id)
        if record is None:
            was_kept = self.records.was_kept(record_id)
            return self._html(app, 410 if was_kept else 404, gone_html(was_kept, view), view)
        return self._error_page(app, environ, record, 200)

    def _take_pin(self, app: Application, ctx: RequestContext) -> Response:
        environ = ctx.environ
        site, origin, host = (
            environ.get("HTTP_SEC_FETCH_SITE"),
            environ.get("HTTP_ORIGIN"),
            environ["HTTP_HOST"],
        )
        if vouched(site, origin, host) is False:
            return self._json(app, 403, {"error": "The PIN is taken from pages of this server only."})
        try:
            given = _sent(ctx).get("pin")
        except HTTPException as e:
            return self._json(app, e.code or 400, {"error": str(e.description)})
        try:
            left = self.guard.try_pin(str(given))
        except Locked:
            return self._json(app, 429, {"left": 0})
        if left is not None:
            return self._json(app, 403, {"left": left})
        response = _made(app, b"", 204, _FIELDS, None)
        response.set_cookie(
            self.guard.cookie_name, self.guard.cookie, path=f"{_prefix(environ)}{PREFIX}", httponly=True,
            secure=environ.get("wsgi.url_scheme") == "https", samesite="Strict",
        )  # fmt: skip
        return response

    def _run_code(self, app: Application, ctx: RequestContext) -> Steps[Response]:
        environ = ctx.environ
        if not self.guard.knows(environ.get("HTTP_X_DEMIJOHN_DEBUGGER")):
            return self._json(
                app, 403, {"error": "The token of the debugger's pages is missing or of another start."}
            )
        if not self.guard.is_open(ctx.request.cookies.get(self.guard.cookie_name)):
            return self._json(app, 403, {"error": "The PIN is needed: the terminal shows it.", "pin": True})
        try:
            sent = _sent(ctx)
        except HTTPException as e:
            return self._json(app, e.code or 400, {"error": str(e.description)})
        frame, code = sent.get("frame"), sent.get("code")
        if not isinstance(frame, str) or not isinstance(code, str):
            return self._json(app, 400, {"error": 'Send {"frame": ID, "code": "..."}, both texts.'})
        record = self.records.of_frame(frame)
        names = None if record is None else record.namespace(frame)
        if record is None or names is None:
            return self._json(
                app, 404, {"error": f"This frame is gone: only the last {KEPT} errors are kept."}
            )

        def end() -> None:
            app.do_teardown_appcontext(None)

        output = yield from console.run(code, names, record.context(app), end)
        return self._json(app, 200, {"output": output})

    # Answers.

    def _view(self, environ: Mapping[str, Any]) -> View:
        token = self.guard.token if self.guard.trusts(environ.get("HTTP_HOST")) else None
        return View(_base(environ), secrets.token_urlsafe(16), token, self._link)

    def _html(self, app: Application, status: int, html: str, view: View) -> Response:
        fields = {**_FIELDS, "Content-Security-Policy": _POLICY.format(nonce=view.nonce)}
        return _made(app, html, status, fields, "text/html")

    def _text(
        self, app: Application, status: int, text: str, fields: Mapping[str, str] | None = None
    ) -> Response:
        return _made(app, text, status, {**_FIELDS, **(fields or {})}, "text/plain")

    def _json(
        self, app: Application, status: int, members: dict[str, Any], mimetype: str = "application/json"
    ) -> Response:
        return _made(app, json.dumps(members), status, _FIELDS, mimetype)


def _made(
    app: Application, body: str | bytes, status: int, fields: Mapping[str, str], mimetype: str | None
) -> Response:
    data = body.encode("utf-8", "replace") if isinstance(body, str) else body
    response: Response = app.response_class(data, status=status, headers=dict(fields), mimetype=mimetype)
    return response


def accepted(accept: str) -> str:
    """Whether an Accept field asks for a ``page``, for a ``problem`` or for ``text``."""
    listed: set[str] = set()
    for one in accept[:4000].lower().split(","):
        kind, *parameters = one.split(";")
        quality = next((p.strip()[2:] for p in parameters if p.strip().startswith("q=")), "1")
        if quality.strip(" 0.") or not quality.strip():
            listed.add(kind.strip())
    if "text/html" in listed:
        return "page"
    return "problem" if listed & {"application/json", "application/problem+json"} else "text"


def _sent(ctx: RequestContext) -> dict[str, Any]:
    request = ctx.request
    if (request.content_length or 0) > _LONGEST_CODE:
        request.max_content_length = 0
    found = request.get_json()
    return found if isinstance(found, dict) else {}


def _is_whole_page(environ: Mapping[str, Any], response: Any) -> bool:
    if environ.get("HTTP_SEC_FETCH_DEST", "document") != "document":
        return False
    if any(name in environ for name in _WANT_PARTS) or "HTTP_X_REQUESTED_WITH" in environ:
        return False
    return (
        response.mimetype == "text/html"
        and isinstance(response.response, (list, tuple))
        and not response.direct_passthrough
        and response.status_code not in (204, 206, 304)
        and "Content-Encoding" not in response.headers
    )


def _prefix(environ: Mapping[str, Any]) -> str:
    """The path that the application is mounted at, as it stands in a URL."""
    return quote(str(environ.get("SCRIPT_NAME") or "").rstrip("/").encode("latin-1", "replace"))


def _base(environ: Mapping[str, Any]) -> str:
    return f"{_prefix(environ)}{_HERE}"


def _refusal(host: str | None) -> str:
    return (
        f"Debug mode shows errors to this machine only, and the Host {trimmed(host or '(none)', 100)!r} is not known to"
        " be its name. If it is, set DEMIJOHN_DEBUG_HOSTS to it."
    )
