"""What answers a request that is one too many."""

from __future__ import annotations

from werkzeug.exceptions import TooManyRequests

from demijohn import Response
from demijohn.ext.ratelimit.limit import RequestLimit
from demijohn.extend import Filled


def _told(limit: RequestLimit) -> str:
    """A limit in words, as its own package has it: ``5 per 1 hour``."""
    item = limit.limit
    unit = item.GRANULARITY.name
    return Filled(f"%(amount)s per %(count)s {unit}", amount=item.amount, count=item.multiples)


class RateLimitExceeded(TooManyRequests):
    """A 429 with the limit that was reached, and the seconds after which there is room again.

    :param limit: What was reached.
    :param response: Answered in the place of the page, such as a page of the application's own.
    :param message: The text of the page; what the limit is by default.
    """

    def __init__(
        self, limit: RequestLimit, response: Response | None = None, message: str | None = None
    ) -> None:
        seconds = None if limit.reset_at is None else limit.seconds_left
        super().__init__(description=message or _told(limit), response=response, retry_after=seconds)
        self.limit = limit
