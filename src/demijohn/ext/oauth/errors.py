"""What goes wrong between this application and a provider.

::

    OAuthError                    the provider refused, or answered what cannot be used
    +-- TokenExpired              the token is over, and there is no new one for it: its owner has to sign in again
    +-- ProviderAway              the provider did not answer, or not in time
    +-- InvalidIDToken            an OpenID Connect token that fails a check
    +-- TokenTooLarge             a token that the session's cookie cannot hold
    ValueError
    +-- NobodySignedIn            a token of the current user was asked for, and nobody is signed in

No text of these holds a code, a token or a secret.
"""

from __future__ import annotations

__all__ = ["InvalidIDToken", "NobodySignedIn", "OAuthError", "ProviderAway", "TokenExpired", "TokenTooLarge"]


class OAuthError(Exception):
    """A provider refused, or answered what cannot be used.

    :param error: The provider's word for it, as in RFC 6749, 5.2: ``"invalid_grant"``.
    :param description: What it says besides, for people.
    :param uri: Its page about it.
    """

    def __init__(self, error: str, description: str | None = None, uri: str | None = None) -> None:
        super().__init__(error if not description else f"{error}: {description}")
        self.error = error
        self.description = description
        self.uri = uri


class TokenExpired(OAuthError):
    """The token is over, and the provider gives no new one for it.

    :param blueprint: The name of the blueprint whose ``login`` gets a new one.
    """

    def __init__(self, error: str, description: str | None = None, blueprint: str = "") -> None:
        super().__init__(error, description)
        self.blueprint = blueprint


class ProviderAway(OAuthError):
    """The provider did not answer, or not in time."""


class InvalidIDToken(OAuthError):
    """An ID token that fails a check of OpenID Connect Core, 3.1.3.7."""

    def __init__(self, description: str) -> None:
        super().__init__("invalid_id_token", description)


class TokenTooLarge(OAuthError):
    """A token that does not fit into the cookie of the session."""


class NobodySignedIn(ValueError):
    """A token of the current user was asked for, and nobody is signed in."""
