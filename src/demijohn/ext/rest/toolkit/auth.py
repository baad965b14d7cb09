"""Who calls: by a bearer token or an API key, which the application has a function for.

This module must not know what a caller may do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from demijohn import Request
from demijohn.ext.rest.typed.faults import Fault
from demijohn.ext.rest.typed.kinds import Annotation, members_of
from demijohn.ext.rest.typed.sources import Supplier
from demijohn.extend import is_async

__all__ = ["ApiKeyAuth", "Auth", "BearerAuth"]


class Auth(Supplier):
    """A caller, found by something secret that a request carries."""

    turn = 0
    #: The name among the security schemes of a document.
    scheme: str

    def __init__(self, load: Callable[[str], Any]) -> None:
        self.load = load
        self.is_async = is_async(load)
        self.blocks = not self.is_async and getattr(load, "blocking", True) is not False

    def secret(self, request: Request) -> str | None:
        """What the request carries; None for nothing."""
        raise NotImplementedError

    def challenge(self, *, wrong: bool) -> WWWAuthenticate:
        """What a caller is told to send.

        :param wrong: Whether it sent something, for which nobody was found.
        """
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """The security scheme."""
        raise NotImplementedError

    def supplying(
        self, annotation: Annotation, beside: Collection[str]
    ) -> Callable[[Request, list[Fault]], Any]:
        """What finds the caller, or answers 401."""
        optional = type(None) in members_of(annotation)

        def find(request: Request, faults: list[Fault]) -> Any:
            secret = self.secret(request)
            if secret is None:
                if optional:
                    return None
                raise self._refusal(wrong=False)
            return self._found(self.load(secret))

        async def find_async(request: Request, faults: list[Fault]) -> Any:
            secret = self.secret(request)
            if secret is None:
                if optional:
                    return None
                raise self._refusal(wrong=False)
            return self._found(await self.load(secret))

        return find_async if self.is_async else find

    def _found(self, caller: Any) -> Any:
        if caller is None:
            raise self._refusal(wrong=True)
        return caller

    def _refusal(self, *, wrong: bool) -> Unauthorized:
        said = "What was sent is not valid." if wrong else "Say who you are."
        return Unauthorized(said, www_authenticate=self.challenge(wrong=wrong))

    def describe(self, operation: dict[str, Any], document: dict[str, Any]) -> None:
        """Add the scheme to the document, and the 401 to the operation."""
        document["components"].setdefault("securitySchemes", {})[self.scheme] = self.described()
        operation.setdefault("security", []).append({self.scheme: []})
        operation["responses"].setdefault(
            "401",
            {
                "description": "Who calls is not known.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        )


class BearerAuth(Auth):
    """The caller by ``Authorization: Bearer TOKEN`` (RFC 6750).

    ``user: Annotated[User, BearerAuth(load_user)]`` gives a view its caller, ``auth=`` lets nobody else in.

    :param load: Finds the caller by the token, or None; sync or async.
    :param realm: What is told to who has no token.
    :param scheme: The name in documents.
    """

    def __init__(self, load: Callable[[str], Any], realm: str | None = None, scheme: str = "bearer") -> None:
        super().__init__(load)
        self.realm = realm
        self.scheme = scheme

    def secret(self, request: Request) -> str | None:
        """The token."""
        kind, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return token.strip() or None if kind.lower() == "bearer" else None

    def challenge(self, *, wrong: bool) -> WWWAuthenticate:
        """As RFC 6750 has it: an error only for who sent a token."""
        values: dict[str, str | None] = {} if self.realm is None else {"realm": self.realm}
        if wrong:
            values["error"] = "invalid_token"
        return WWWAuthenticate("bearer", values or {"realm": "API"})

    def described(self) -> dict[str, Any]:
        """The security scheme."""
        return {"type": "http", "scheme": "bearer"}


class ApiKeyAuth(Auth):
    """The caller by a key in a header field.

    :param load: Finds the caller by the key, or None; sync or async.
    :param header: The field.
    :param scheme: The name in documents.
    """

    def __init__(self, load: Callable[[str], Any], header: str = "X-API-Key", scheme: str = "apiKey") -> None:
        super().__init__(load)
        self.header = header
        self.scheme = scheme
        self._variable = f"HTTP_{header.upper().replace('-', '_')}"

    def secret(self, request: Request) -> str | None:
        """The key."""
        key: str | None = request.environ.get(self._variable)
        return key or None

    def challenge(self, *, wrong: bool) -> WWWAuthenticate:
        """Names the field."""
        return WWWAuthenticate("ApiKey", {"header": self.header})

    def described(self) -> dict[str, Any]:
        """The security scheme."""
        return {"type": "apiKey", "in": "header", "name": self.header}
