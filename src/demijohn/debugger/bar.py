"""The development bar: a line at the foot of a page that says what the page took.

It is one script element, which makes the rest. Where the policy of the page's own application lets no script of this
server run, there is no bar, since a browser would report an error. This module must not know a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape, unescape
from typing import Any

from demijohn.debugger.notes import Notes
from demijohn.debugger.values import Teller, clean, trimmed

_end_of_body = re.compile(rb"</body\s*>", re.IGNORECASE)
_meta_policy = re.compile(
    rb"<meta\b[^>]*http-equiv\s*=\s*[\"']?content-security-policy[\"']?[^>]*>", re.IGNORECASE
)
_content = re.compile(rb"content\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_NONCE = re.compile(r"'nonce-([^']+)'", re.IGNORECASE)

#: Statements, templates, and names of a template's context that are told.
_STATEMENTS, _TEMPLATES, _NAMES = 30, 8, 20


def with_bar(
    body: bytes, policies: Iterable[str], script: str, origin: str, facts: dict[str, Any]
) -> bytes | None:
    """A page with the bar, or None where it can have none.

    :param policies: What its header fields say of scripts.
    :param script: The path of the bar's script.
    :param origin: The scheme, host and port of this server.
    :param facts: What the bar says.
    """
    places = list(_end_of_body.finditer(body))
    if not places:
        return None
    nonce = nonce_for_script([*policies, *_policies_within(body)], origin)
    if nonce is None:
        return None
    told = escape(json.dumps(facts, ensure_ascii=False, separators=(",", ":")))
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    element = f'<script src="{escape(script)}" defer{attribute} data-bar="{told}"></script>'
    place = places[-1].start()
    return body[:place] + element.encode("utf-8", "replace") + body[place:]


def _policies_within(body: bytes) -> list[str]:
    found = (_content.search(element) for element in _meta_policy.findall(body))
    return [unescape((one[1] or one[2] or b"").decode("utf-8", "replace")) for one in found if one]


def nonce_for_script(policies: Iterable[str], origin: str) -> str | None:
    """The nonce that lets a script of this server run, empty where it needs none; None where nothing lets it."""
    needed = ""
    for policy in policies:
        for one in policy.split(","):
            verdict = _verdict(one, origin)
            if verdict is None or (verdict and needed and verdict != needed):
                return None
            needed = verdict or needed
    return needed


def _verdict(policy: str, origin: str) -> str | None:
    directives: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        directives.setdefault(name.lower(), sources)
    if "sandbox" in directives and "allow-scripts" not in directives["sandbox"]:
        return None
    decides = next(
        (name for name in ("script-src-elem", "script-src", "default-src") if name in directives), None
    )
    if decides is None:
        return ""
    sources = directives[decides]
    nonce = next((found[1] for source in sources if (found := _NONCE.fullmatch(source))), None)
    if nonce is not None:
        return nonce
    lowered = [source.lower() for source in sources]
    if "'strict-dynamic'" in lowered:
        return None
    scheme, _, host = origin.partition("://")
    allowed = {"'self'", "*", f"{scheme}:", origin, host}
    return "" if allowed.intersection(lowered) else None


def facts_of(
    notes: Notes,
    seconds: float,
    status: int,
    endpoint: str | None,
    record_path: str,
    secrets: tuple[str, ...],
) -> dict[str, Any]:
    """What the bar says of a request."""
    with Teller(secrets) as teller:
        templates = [
            {
                "name": trimmed(name, 120),
                "context": [
                    [trimmed(str(key), 60), trimmed(teller.text(value, key), 120)]
                    for key, value in list(context.items())[:_NAMES]
                ],
            }
            for name, context in notes.templates[:_TEMPLATES]
        ]
    return {
        "ms": round(seconds * 1000, 1),
        "status": status,
        "endpoint": endpoint,
        "sql": {
            "count": notes.statement_count,
            "ms": round(notes.sql_seconds * 1000, 1),
            "statements": [
                [
                    None if one.seconds is None else round(one.seconds * 1000, 1),
                    trimmed(clean(one.text, secrets), 300),
                ]
                for one in notes.statements[:_STATEMENTS]
            ],
        },
        "templates": {"count": notes.template_count, "shown": templates},
        "errors": record_path,
    }
