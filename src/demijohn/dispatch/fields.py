"""The header fields that every answer carries: security headers, policies of content, and who may read it.

What does not depend on the request is a list, made once for all rules or for one; :func:`protect` puts it into a
response, and adapters add it to what the short way answers, in their own form. This module must not know which
protocol an answer leaves by.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response as BaseResponse

from demijohn.contexts.context import RequestContext
from demijohn.contexts.current import nonce_of
from demijohn.dispatch.ports import Application
from demijohn.dispatch.sharing import sharing_of
from demijohn.errors import WrongSetting
from demijohn.http import csp
from demijohn.http.headers import check_name, check_value, encoded_name, keep_encoded
from demijohn.typing import RawHeaders
from demijohn.wrappers.response import Response

#: What an answer says besides its policy of content, each unless the view has said it.
DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_HSTS = "Strict-Transport-Security"
_CSP = "Content-Security-Policy"
_REPORT_ONLY = "Content-Security-Policy-Report-Only"


class Fields:
    """The header fields of the answers of a plan.

    :param base: Those that depend on nothing, by name.
    :param policy: The Content-Security-Policy.
    :param report_only: The one that is only reported on.
    :param hsts: The value of Strict-Transport-Security, for answers over https.
    """

    __slots__ = (
        "base",
        "encoded",
        "encoded_secure",
        "hsts",
        "names",
        "plain",
        "policies",
        "secure",
        "wants_nonce",
    )

    def __init__(
        self,
        base: dict[str, str],
        policy: csp.Policy | None,
        report_only: csp.Policy | None,
        hsts: str | None,
    ) -> None:
        self.base = base
        #: The policies by the field they are sent in.
        self.policies = {
            name: policy
            for name, policy in ((_CSP, policy), (_REPORT_ONLY, report_only))
            if policy is not None and name not in base and policy.directives
        }
        self.hsts = hsts
        #: Whether a policy has a place for a nonce.
        self.wants_nonce = any(policy.wants_nonce for policy in self.policies.values())
        #: As they are sent over http.
        self.plain: RawHeaders = self.written(None, https=False)
        #: As they are sent over https, or None where that is the same.
        self.secure: RawHeaders | None = None if hsts is None else self.written(None, https=True)
        #: The names, in lower case.
        self.names = frozenset(name.lower() for name, _ in self.secure or self.plain)
        #: Both in the form that ASGI has.
        self.encoded = _encoded(self.plain)
        self.encoded_secure = None if self.secure is None else _encoded(self.secure)
        for field in self.secure or self.plain:
            keep_encoded(field)

    def written(self, nonce: str | None, *, https: bool) -> RawHeaders:
        """The fields of one answer."""
        fields = list(self.base.items())
        if https and self.hsts is not None:
            fields.append((_HSTS, self.hsts))
        fields += [(name, policy.text(nonce)) for name, policy in self.policies.items()]
        return fields

    def with_policy(self, given: Any) -> Fields:
        """The fields for a route that says ``csp=given``: directives that replace, or None for no policy."""
        if given is None:
            policy = None
        elif isinstance(given, str):
            policy = csp.parse_policy(given)
        else:
            policy = (self.policies.get(_CSP) or csp.Policy({})).replaced(given)
        base = {name: value for name, value in self.base.items() if name != _CSP}
        return Fields(base, policy, self.policies.get(_REPORT_ONLY), self.hsts)


def make_fields(app: Application) -> Fields:
    """The fields that the settings say.

    :raises WrongSetting: for a setting that cannot be one.
    """
    if not app.policy.security_headers:
        return Fields({}, None, None, None)
    base: dict[str, tuple[str, Any]] = {name.lower(): (name, value) for name, value in DEFAULTS.items()}
    given = app.own_setting("SECURITY_HEADERS") or {}
    for name, value in _read("SECURITY_HEADERS", given, lambda headers: list(headers.items())):
        base[name.lower()] = (name, value)
    said = [(name, value) for name, value in base.values() if value is not None]
    kept: dict[str, str] = _read(
        "SECURITY_HEADERS",
        said,
        lambda fields: {check_name(name): check_value(name, value) for name, value in fields},
    )
    own = next((name for name in kept if name.lower() == _CSP.lower()), None)
    policy = None if own is not None else _read("CSP", app.own_setting("CSP"), csp.parse_policy)
    report_only = _read("CSP_REPORT_ONLY", app.own_setting("CSP_REPORT_ONLY"), csp.parse_policy)
    return Fields(kept, policy, report_only, _read("HSTS", app.own_setting("HSTS"), _hsts))


def _read(name: str, value: Any, read: Any) -> Any:
    try:
        return read(value)
    except (AttributeError, TypeError, ValueError) as e:
        raise WrongSetting(f"The setting {name}: {e}") from None


def _hsts(value: Any) -> str | None:
    if value is None or value is False:
        return None
    if isinstance(value, str) and not value.isdecimal():
        return check_value(_HSTS, value)  # as it is sent: "max-age=63072000; includeSubDomains; preload"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return f"max-age={int(seconds)}"


def _encoded(fields: RawHeaders) -> list[tuple[bytes, bytes]]:
    return [(encoded_name(name), value.encode("latin-1")) for name, value in fields]


def constant_fields(ctx: RequestContext) -> RawHeaders:
    """The fields of a request's answer that does not ask for a nonce."""
    fields: Fields = ctx.plan.fields
    if fields.secure is None or ctx.environ.get("wsgi.url_scheme") != "https":
        return fields.plain
    return fields.secure


def protect(ctx: RequestContext, response: Any) -> None:
    """Put the fields into a response, but for those that it has already."""
    plan = ctx.plan
    fields: Fields = plan.fields
    wanted = constant_fields(ctx) if fields.secure is not None else fields.plain
    if fields.wants_nonce and (ctx.nonce is not None or _may_want_nonce(response)):
        wanted = fields.written(nonce_of(ctx), https=wanted is fields.secure)
    raw: RawHeaders = response.raw_headers if isinstance(response, Response) else response.headers._list
    names = fields.names
    said = None
    for name, _ in raw:
        lowered = name.lower()
        if lowered in names:
            said = {lowered} if said is None else said | {lowered}
    if said is not None:
        wanted = [field for field in wanted if field[0].lower() not in said]
    raw[:0] = wanted  # at the start: responses of ours end in their length
    if plan.sharings:
        _share(ctx, raw)


def _may_want_nonce(response: BaseResponse) -> bool:
    """Whether a page is yet to be made, part by part, so that it may ask for the nonce when its fields are sent."""
    return not response.is_sequence and not response.direct_passthrough and response.mimetype == "text/html"


def _share(ctx: RequestContext, raw: RawHeaders) -> None:
    """Say which origin may read an answer, where the application shares what is below its path."""
    sharing = sharing_of(ctx)
    if sharing is None:
        return
    said = {name.lower() for name, _ in raw}
    raw += [field for field in sharing.answer(ctx.environ.get("HTTP_ORIGIN")) if field[0].lower() not in said]
    vary_by_origin(raw)


def vary_by_origin(raw: RawHeaders) -> None:
    """Tell caches that an answer depends on who asks, also one that had no Origin."""
    for place, (name, value) in enumerate(raw):
        if name.lower() == "vary":
            if not {"*", "origin"} & {part.strip().lower() for part in value.split(",")}:
                raw[place] = name, f"{value}, Origin"
            return
    raw.append(("Vary", "Origin"))
