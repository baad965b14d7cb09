"""In what an application of this package differs from one of Flask's, each difference by its name.

::

    class Flask(demijohn.Flask):
        policy = Policy(problem_json=False)

    app.policy = app.policy.replace(links_stay_inside=False)

The defaults are this package's own. Under :mod:`demijohn.compat` an application has the policy of Flask
(:data:`demijohn.compat.policy.FLASK`), where each of them is the other way round. What reads a policy asks
for one difference and never for a level. This module must not know who reads it.
"""

from __future__ import annotations

from typing import NoReturn, Self

__all__ = ["Policy"]


class Policy:
    """What an application does where this package and Flask differ; the page on policy is a table of it.

    :param differences: What is other than here by default, by its name; True is this package's way.
    :raises TypeError: for a name that is none.
    """

    # PERF: not a dataclass, which takes 1.5 ms to make whenever the package is imported.
    __slots__ = (  # noqa: RUF023 (in the order of the page)
        "problem_json", "explained_errors", "private_sessions", "checked_redirects", "strict_cookie_names",
        "teardown_before_sending", "streams_in_context", "strict_json", "strict_hosts", "codings_refused",
        "clean_download_names", "links_stay_inside", "ranges_ignored", "hashed_static", "one_view_per_rule",
        "local_debugger", "development_bar", "tuned_sqlite", "named_constraints", "user_per_request",
        "remember_on_demand", "remember_as_session", "trusted_peer_address", "checked_uploads",
        "clean_next_page", "handlers_before_api", "vouched_forms", "nested_exemptions", "json_as_fields",
        "checked_sijax_commands", "security_headers", "cross_origin_check", "kept_flows", "sealed_tokens",
        "locale_of_request", "translated_texts", "documented_apis", "request_ids", "health_endpoints",
    )  # fmt: skip

    # Answers.

    #: An HTTP error is problem+json (RFC 9457) for a client that prefers JSON to HTML.
    problem_json: bool
    #: Errors say what was wrong, where, and what to do: which limit, field or folder, why JSON was refused.
    explained_errors: bool
    #: An answer that depends on the session is ``Cache-Control: private``.
    private_sessions: bool
    #: ``redirect`` takes ``http``, ``https`` and relative targets only.
    checked_redirects: bool
    #: The name of a cookie that is set is a token (RFC 6265).
    strict_cookie_names: bool

    # The end of a request.

    #: The teardown functions run before the response is sent, so that no slow reader keeps what they close.
    teardown_before_sending: bool
    #: A streamed body sees ``request`` and ``session`` of its request without ``stream_with_context``.
    streams_in_context: bool

    # What comes in.

    #: JSON with NaN, infinities, bad UTF-8 or too deep nesting is refused (RFC 8259).
    strict_json: bool
    #: The grammar of Host is RFC 9110's; else what Werkzeug takes for one.
    strict_hosts: bool
    #: A form or JSON in a content coding is a 415 (RFC 9110, section 8.4).
    codings_refused: bool

    # Files.

    #: Control and direction characters and folders are taken out of a ``download_name``.
    clean_download_names: bool
    #: A link that leads out of the folder is not followed by ``send_from_directory``.
    links_stay_inside: bool
    #: A Range in another unit, malformed or of several parts is ignored (RFC 9110, section 14.2).
    ranges_ignored: bool
    #: Static files are offered compressed, and outside of debug mode under addresses with a digest of their content.
    hashed_static: bool

    # Set-up and development.

    #: A second view for the same rule and method is refused, since it would never be called.
    one_view_per_rule: bool
    #: The page that shows an error in debug mode is served to this machine only.
    local_debugger: bool
    #: In debug mode, whole pages of HTML get the development bar.
    development_bar: bool

    # Rooms.

    #: SQLite enforces foreign keys and is set up for several readers.
    tuned_sqlite: bool
    #: What a migration adds to a table has a name, by which it can be dropped; SQLite adds nothing without.
    named_constraints: bool
    #: Who is logged in is known for one request, not for all that share an application context.
    user_per_request: bool
    #: The remember-me cookie is looked at only where a request has something to say of it, and renewed for who has it.
    remember_on_demand: bool
    #: The remember-me cookie is ``Secure`` and ``SameSite`` as the session's is.
    remember_as_session: bool
    #: The address that a login is bound to comes from ``TRUSTED_PROXIES``, not from any X-Forwarded-For.
    trusted_peer_address: bool
    #: An uploaded file is looked at, holds what its name says, and is sent as an attachment.
    checked_uploads: bool
    #: Several slashes at the start of a page to come back to are one: a browser takes two for a host.
    clean_next_page: bool
    #: An Api answers for errors of its resources that no error handler of the application answers for.
    handlers_before_api: bool
    #: What a browser vouches for needs no CSRF token.
    vouched_forms: bool
    #: A blueprint that needs no CSRF token says so for those that are nested in it, too.
    nested_exemptions: bool
    #: JSON reaches the fields of a form as the text that a browser would have sent.
    json_as_fields: bool
    #: A handler of Sijax sends code only where ``SIJAX_ALLOW_SCRIPT`` allows it, and browsers to this site only.
    checked_sijax_commands: bool

    # Browsers.

    #: Every answer has the header fields that ``SECURITY_HEADERS``, ``HSTS``, ``CSP`` and ``CSP_REPORT_ONLY`` say.
    security_headers: bool
    #: A request that may change something is refused when a page of another site sent it.
    cross_origin_check: bool

    # Signing in with others.

    #: A sign-in is kept by its state, with PKCE always; one that nobody began here is a page, and so is a refusal.
    kept_flows: bool
    #: A token in the session is encrypted, and refused where it is too large for a cookie.
    sealed_tokens: bool

    # Languages.

    #: The locale of a request is looked for in its URL, session and Accept-Language without ``BABEL_LOCALES`` too, and
    #: pages say theirs as browsers want it.
    locale_of_request: bool
    #: Error pages and the texts of rooms are translated.
    translated_texts: bool

    # APIs.

    #: An Api serves its document and the page that shows it, unless it is made with ``openapi_url=None``.
    documented_apis: bool

    # Operation.

    #: A request's log records have its id, and its answer says it.
    request_ids: bool
    #: ``/healthz`` and ``/readyz`` are answered, unless ``HEALTH_ENDPOINTS`` says otherwise.
    health_endpoints: bool

    def __init__(self, **differences: bool) -> None:
        unknown = sorted(differences.keys() - set(self.__slots__))
        if unknown:
            raise TypeError(f"A policy has no {', '.join(unknown)}. It has: {', '.join(self.__slots__)}.")
        for name in self.__slots__:
            object.__setattr__(self, name, differences.get(name, True))

    def replace(self, **differences: bool) -> Self:
        """A policy like this one, but for these differences."""
        return type(self)(**{name: getattr(self, name) for name in self.__slots__} | differences)

    __replace__ = replace

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"A policy is never changed: give the application another one ({name}).")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__slots__))

    def __repr__(self) -> str:
        others = [
            f"{name}={getattr(self, name)!r}" for name in self.__slots__ if getattr(self, name) is not True
        ]
        return f"{type(self).__name__}({', '.join(others)})"
