"""Headers that every response carries, so that a page can do no more than it needs to."""

from __future__ import annotations

from demijohn import Flask, Response

# Everything comes from here, nothing is inline: a script smuggled into a page does not run.
POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self' blob:; "  # blob: a chosen photo is shown before it is sent
    "connect-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def secure(response: Response) -> Response:
    """Add the headers."""
    response.headers.update(HEADERS)
    return response


def init_app(app: Flask) -> None:
    """Add the headers to every response of `app`, error pages included."""
    app.after_request(secure)
