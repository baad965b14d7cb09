"""How often somebody may ask: Flask-Limiter's names over the library ``limits``, for sync and async code.

    limiter = Limiter(get_remote_address, app=app, default_limits=["200/minute"], storage_uri="memory://")

    @app.post("/login")
    @limiter.limit("5/minute")                      # in the place of the default
    def login(): ...

    @app.get("/search")
    @limiter.limit("100/hour", key_func=lambda: current_user.get_id(), cost=lambda: 2)
    async def search(): ...

    reports = limiter.shared_limit("10/minute", scope="reports")     # one count for all that have it

    @app.get("/health")
    @limiter.exempt
    def health(): ...

Too many is a 429 that says when to come again (``Retry-After``). Counts are kept in memory, for one process, or
by any storage that ``limits`` has: ``redis://host/0`` for several. Views without a limit are called as ever.
"""

from __future__ import annotations

from demijohn.ext.ratelimit.constants import ConfigVars, ExemptionScope, HeaderNames
from demijohn.ext.ratelimit.errors import RateLimitExceeded
from demijohn.ext.ratelimit.extension import Limiter
from demijohn.ext.ratelimit.limit import ApplicationLimit, Limit, MetaLimit, RequestLimit
from demijohn.ext.ratelimit.route import RouteLimit
from demijohn.ext.ratelimit.util import get_remote_address

__all__ = [
    "ApplicationLimit", "ConfigVars", "ExemptionScope", "HeaderNames", "Limit", "Limiter", "MetaLimit",
    "RateLimitExceeded", "RequestLimit", "RouteLimit", "get_remote_address",
]  # fmt: skip
