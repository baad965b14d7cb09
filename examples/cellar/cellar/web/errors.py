"""Error pages in the site's own layout, and problem documents (RFC 9457) for the API."""

from __future__ import annotations

from demijohn import Flask, Response, current_app, json, render_template, request
from demijohn.ext.i18n import lazy_gettext as _
from demijohn.extend import problem, translate
from demijohn.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

# What a page says: heading and text. The description given to abort() stands in for the text.
PAGES = {
    400: (_("That did not make sense"), _("Something in this address or form could not be read.")),
    401: (_("Who goes there?"), _("Sign in to see this.")),
    403: (_("Hands off"), _("You may not do this.")),
    404: (
        _("This slot is empty"),
        _("Nothing lies here, or somebody drank it. Try the list of all bottles."),
    ),
    405: (_("Wrong end of the corkscrew"), _("This address cannot be used that way.")),
    413: (_("Too big for the rack"), _("A label photo may have at most {limit} MB.")),
    429: (_("Slowly, please"), _("That was too often. Try again a little later.")),
    503: (_("One moment"), _("Everybody wants a bottle at once. Please try again in a few seconds.")),
    500: (
        _("A bottle broke"),
        _("The mess is ours and has been written down. Please try again in a moment."),
    ),
}
OWN_WORDS = {413, 429, 500, 503}  # never shown in the words of whoever raised it


def for_api() -> bool:
    """Whether the answer goes to a program rather than to a person."""
    return request.path.startswith("/api/")


def for_program(error: HTTPException) -> Response:
    """The error as application/problem+json, with what it tells beside: `errors`, say, of each field."""
    status = error.code or 500
    told = error.description and str(translate(error.description))
    body = problem(status, translate(error.name), told, **getattr(error, "members", {}))
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    response.headers.extend(_headers(error))
    return response


def page(error: HTTPException) -> ResponseReturnValue:
    """The error as a page."""
    status = error.code or 500
    heading, text = PAGES.get(status, (translate(error.name), ""))
    told = error.description if error.description != type(error).description else None
    if status not in OWN_WORDS and told:
        text = translate(told)
    limit = (current_app.config["MAX_CONTENT_LENGTH"] or 0) // 1_000_000
    text = str(text).replace("{limit}", str(limit))
    try:
        body = _render(status=status, heading=str(heading), text=text)
    except HTTPException:
        return error.get_response()  # the Host was malformed, so the page's links cannot be made
    return body, status, _headers(error)


def _render(status: int, **words: str) -> str:
    if status < 500:
        return render_template("error.html", status=status, **words)
    # What broke may be what finds the visitor, so this page is made without asking who it is.
    template = current_app.jinja_env.get_template("error.html")
    return template.render(status=status, current_user=None, **words)


def answer(error: HTTPException) -> ResponseReturnValue:
    """The error in the form that whoever asked can use."""
    return for_program(error) if for_api() else page(error)


def _headers(error: HTTPException) -> list[tuple[str, str]]:
    """What the error must say beside its body, such as `Allow` or `WWW-Authenticate`."""
    return [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]


def init_app(app: Flask) -> None:
    """Answer every error of `app`, crashes included, which come here as a 500."""
    app.register_error_handler(HTTPException, answer)
