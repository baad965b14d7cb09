"""Types for arguments: they read text and raise a ``ValueError`` that says what is wrong with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import mktime_tz, parsedate_tz
from ipaddress import ip_address
from demijohn.ext.rest.resources import iso8601

__all__ = [
    "boolean", "date", "datetime_from_iso8601", "datetime_from_rfc822", "int_range", "iso8601interval", "natural",
    "positive", "regex", "url",
]  # fmt: skip

_URL = re.compile(
    r"(?:https?|ftps?)://(?:[^:@/?#\s]+:[^:@/?#\s]*@)?(?P<host>\[[^\]\s]*\]|[^@/?#\s]*?)(?::\d+)?(?:[/?]\S*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,61}[A-Z0-9])?", re.IGNORECASE)


def url(value: str) -> str:
    """An absolute URL of HTTP or FTP.

    :raises ValueError: for anything else, with what was meant if only the scheme is missing.
    """
    if _is_url(value):
        return value
    message = f"{value} is not a valid URL"
    if _is_url(f"http://{value}"):
        message += f". Did you mean: http://{value}"
    raise ValueError(message)


def _is_url(value: str) -> bool:
    found = _URL.fullmatch(value)
    return found is not None and _is_host(found["host"])


def _is_host(host: str) -> bool:
    """Whether this is an address, ``localhost``, or a name of at least two labels."""
    if host.lower() == "localhost":
        return True
    try:
        ip_address(host[1:-1] if host.startswith("[") else host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return len(labels) > 1 and len(labels[-1]) > 1 and all(map(_LABEL.fullmatch, labels))
    return True


class regex:
    """Text that a regular expression is found in.

    :param pattern: The expression.
    :param flags: Of :mod:`re`.
    :raises re.error: for an expression that is none.
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self.re = re.compile(pattern, flags)

    def __call__(self, value: str) -> str:
        """The text.

        :raises ValueError: when the expression is not in it.
        """
        if not self.re.search(value):
            raise ValueError(f'Value does not match pattern: "{self.pattern}"')
        return value


def iso8601interval(value: str, argument: str = "argument") -> tuple[datetime, datetime]:
    """Beginning and end of an interval, both in UTC.

    Of ``beginning/end``, ``beginning/duration`` and ``duration/end`` (ISO 8601), or of a single day, hour, minute or
    second. What has no zone is in UTC.

    :param argument: The name told in the error.
    :raises ValueError: for anything else.
    """
    try:
        return iso8601.interval(value)
    except (ValueError, OverflowError):
        raise ValueError(
            f"Invalid {argument}: {value}. {argument} must be a valid ISO8601 date/time interval."
        ) from None


def date(value: str) -> datetime:
    """A day, as in 2024-02-29."""
    return datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007 (a day has no zone)


#: What JSON or text may bring.
Sent = str | float | bool | None


def _integer(value: Sent) -> int:
    try:
        if value is not None:
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass

    raise ValueError(f"{value} is not a valid integer")


def natural(value: Sent, argument: str = "argument") -> int:
    """A whole number that is not negative."""
    number = _integer(value)
    if number < 0:
        raise ValueError(f"Invalid {argument}: {number}. {argument} must be a non-negative integer")
    return number


def positive(value: Sent, argument: str = "argument") -> int:
    """A whole number from 1."""
    number = _integer(value)
    if number < 1:
        raise ValueError(f"Invalid {argument}: {number}. {argument} must be a positive integer")
    return number


class int_range:
    """A whole number from one to another, both included.

    :param low: The least.
    :param high: The greatest.
    :param argument: The name told in the error.
    """

    def __init__(self, low: int, high: int, argument: str = "argument") -> None:
        self.low = low
        self.high = high
        self.argument = argument

    def __call__(self, value: Sent) -> int:
        """The number.

        :raises ValueError: for what is none, or outside.
        """
        number = _integer(value)
        if not self.low <= number <= self.high:
            raise ValueError(
                f"Invalid {self.argument}: {number}. {self.argument} must be within the range"
                f" {self.low} - {self.high}"
            )
        return number


def boolean(value: object) -> bool:
    """True of ``true`` and ``1``, False of ``false`` and ``0``, in letters of any size."""
    if isinstance(value, bool):
        return value
    if value is None or value == "":
        raise ValueError("boolean type must be non-null")
    found = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if found is None:
        raise ValueError(f"Invalid literal for boolean(): {str(value).lower()}")
    return found


def datetime_from_rfc822(datetime_str: str) -> datetime:
    """A moment as in mails, in UTC."""
    parsed = parsedate_tz(datetime_str)
    if parsed is None:
        raise ValueError(f"{datetime_str} is not a valid RFC 822 date")
    try:
        return datetime.fromtimestamp(mktime_tz(parsed), UTC)
    except (OverflowError, OSError):
        raise ValueError(f"{datetime_str} is not a valid RFC 822 date") from None


def datetime_from_iso8601(datetime_str: str) -> datetime:
    """A moment as in 2024-02-29T18:30:00+01:00, in its own zone."""
    return iso8601.moment(datetime_str)
