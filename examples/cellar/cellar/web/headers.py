"""How often somebody may try. What browsers may do with answers, a content policy above all, is
settings: `CSP` and its neighbours in `cellar.settings`, kept by the core.
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
    """Count guesses in `app`."""
    limiter.init_app(app)
