"""In what an application of this package differs from one of Flask's, each difference by its name.

::

    class Flask(demijohn.Flask):
        policy = Policy(problem_json=False)

    app.policy = replace(app.policy, links_stay_inside=False)     # dataclasses.replace, before it serves

The defaults are this package's own. Under :mod:`demijohn.compat` an application has the policy of Flask
(:data:`demijohn.compat.policy.FLASK`), where each of them is the other way round. What reads a policy asks
for one difference and never for a level. This module must not know who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What an application does where this package and Flask differ; the page on policy is a table of it."""

    # Answers.

    #: An HTTP error is problem+json (RFC 9457) for a client that prefers JSON to HTML.
    problem_json: bool = True
    #: Errors say what was wrong, where, and what to do: which limit, field or folder, why JSON was refused.
    explained_errors: bool = True
    #: An answer that depends on the session is ``Cache-Control: private``.
    private_sessions: bool = True
    #: ``redirect`` takes ``http``, ``https`` and relative targets only.
    checked_redirects: bool = True

    # The end of a request.

    #: The teardown functions run before the response is sent, so that no slow reader keeps what they close.
    teardown_before_sending: bool = True
    #: A streamed body sees ``request`` and ``session`` of its request without ``stream_with_context``.
    streams_in_context: bool = True

    # What comes in.

    #: JSON with NaN, infinities, bad UTF-8 or too deep nesting is refused (RFC 8259).
    strict_json: bool = True
    #: The grammar of Host is RFC 9110's; else what Werkzeug takes for one.
    strict_hosts: bool = True

    # Files.

    #: Control and direction characters and folders are taken out of a ``download_name``.
    clean_download_names: bool = True
    #: A link that leads out of the folder is not followed by ``send_from_directory``.
    links_stay_inside: bool = True

    # Set-up and development.

    #: A second view for the same rule and method is refused, since it would never be called.
    one_view_per_rule: bool = True
    #: The page that shows an error in debug mode is served to this machine only.
    local_debugger: bool = True

    # Rooms.

    #: SQLite enforces foreign keys and is set up for several readers.
    tuned_sqlite: bool = True
    #: Who is logged in is known for one request, not for all that share an application context.
    user_per_request: bool = True
    #: The remember-me cookie is looked at only where a request has something to say of it.
    remember_on_demand: bool = True
    #: The remember-me cookie is ``Secure`` and ``SameSite`` as the session's is.
    remember_as_session: bool = True
    #: The address that a login is bound to comes from ``TRUSTED_PROXIES``, not from any X-Forwarded-For.
    trusted_peer_address: bool = True
    #: Several slashes at the start of a page to come back to are one: a browser takes two for a host.
    clean_next_page: bool = True
