"""What browsers may do with answers, who may read them elsewhere, and how often somebody may try.

The header fields themselves are settings: `CSP` and its neighbours in `cellar.settings`.
"""

from __future__ import annotations

from demijohn import Flask
from demijohn.ext.ratelimit import Limiter, get_remote_address

limiter = Limiter(get_remote_address)

#: For what a program could guess with, passwords above all: only what was refused counts.
guesses = limiter.limit(
    "20 per 10 minutes", methods=["POST"], deduct_when=lambda response: response.status_code >= 400
)


def init_app(app: Flask) -> None:
    """Share the API with scripts of any site, without cookies; count guesses."""
    app.cors(
        "*",
        path="/api",
        headers=["Authorization", "Content-Type"],
        expose=["Link", "Location", "Retry-After"],
    )
    limiter.init_app(app)
