"""The page for somebody who could not be signed in. An application may put its own in the place of the template."""

from __future__ import annotations

from demijohn import Response, make_response, render_template
from demijohn.extend import translate

__all__ = ["problem"]


def problem(
    status: int, title: str, text: str, *, words: str | None = None, again: str | None = None
) -> Response:
    """A page that says what went wrong: the template ``demijohn/oauth/problem.html``.

    :param status: The answer's status.
    :param title: What went wrong, and ``text`` why, in English; shown in the visitor's language.
    :param words: What the provider says of it. Anybody can have written that: it is escaped.
    :param again: Where signing in begins again.
    """
    said = translate(title)
    page = render_template(
        "demijohn/oauth/problem.html",
        title=said,
        text=translate(text),
        words=words and words[:500],
        again=again,
        begin_again=translate("Begin again"),
        translated=said != title,
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"  # the page's own address holds a code or a state
    return response
