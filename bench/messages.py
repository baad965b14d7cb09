"""What is sent and what comes back, in the shape no protocol owns.

The drivers turn a `Request` into an environ or a scope; this module knows of neither, nor of cases.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# What Firefox sends for a page, so that a framework which parses headers eagerly pays for it.
BROWSER_HEADERS: tuple[tuple[str, str], ...] = (
    ("host", "127.0.0.1:8000"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-GB,en;q=0.7,nb;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("connection", "keep-alive"),
    ("upgrade-insecure-requests", "1"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-site", "none"),
    ("priority", "u=0, i"),
)


@dataclass(frozen=True)
class Request:
    """One request; header names are lower case, `path` is decoded, `query` is raw."""

    method: str = "GET"
    path: str = "/"
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    cookie: str = ""

    def headers(self) -> list[tuple[str, str]]:
        """Every header in the order it goes over the wire."""
        pairs = list(BROWSER_HEADERS)
        if self.cookie:
            pairs.append(("cookie", self.cookie))
        if self.content_type:
            pairs.append(("content-type", self.content_type))
        if self.body or self.method in {"POST", "PUT", "PATCH"}:
            pairs.append(("content-length", str(len(self.body))))
        return pairs


@dataclass
class Answer:
    """One response; header names are lower case and may repeat."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header called `name`, or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def cookie(self) -> str:
        """All cookies the response sets, as a browser would send them back."""
        pairs = [value.partition(";")[0] for key, value in self.headers if key == "set-cookie"]
        return "; ".join(pairs)
