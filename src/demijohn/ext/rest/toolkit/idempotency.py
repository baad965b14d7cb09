"""Requests that are sent again, by their Idempotency-Key: done once, answered as the first time.

Answers are kept in a store of sessions, per caller and route, for a day. This module must not know views.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
from werkzeug.exceptions import BadRequest, Conflict, UnprocessableEntity

from demijohn import Request, Response
from demijohn.ext.rest.toolkit.auth import Auth
from demijohn.ext.rest.typed.sources import Supplier
from demijohn.extend import Filled, current_application, current_request
from demijohn.sessions.server_side import SessionStore

__all__ = ["HEADER", "LIFETIME", "Repetition", "begin", "caller_of"]

HEADER = "Idempotency-Key"

#: How long answers are kept, in seconds.
LIFETIME = 24 * 60 * 60
#: How long a request may run before it counts as lost.
RUNNING = 60 * 60

_LONGEST = 255

#: Answers that say nothing of what was asked for, but who asked or when: the next time may be another.
_PASSING = {401, 403, 408, 425, 429}


class _Kept(msgspec.Struct, array_like=True):
    """What is kept under a key: the request's body as a hash, and the answer when there is one."""

    request: str
    status: int = 0
    headers: list[tuple[str, str]] = []
    body: bytes = b""


class Repetition:
    """A request with a key that nobody has used."""

    def __init__(self, store: SessionStore, key: str, request: str) -> None:
        self._store = store
        self._key = key
        self._request = request

    def keep(self, response: Response) -> None:
        """Keep the answer for the next time; one that says the server failed is not kept."""
        if response.status_code >= 500 or response.status_code in _PASSING or response.is_streamed:
            self.forget()
            return
        headers = [
            (name, value) for name, value in response.headers if name.lower() not in {"set-cookie", "date"}
        ]
        kept = _Kept(self._request, response.status_code, headers, response.get_data())
        self._store.replace(self._key, msgspec.msgpack.encode(kept), LIFETIME)

    def forget(self) -> None:
        """Let the next one try again."""
        self._store.delete(self._key)


def begin(store: SessionStore, route: str, caller: str, *, required: bool) -> Repetition | Response | None:
    """What is to be done with the current request: nothing (None), answer it as before, or keep its answer.

    :param route: The method and rule.
    :param caller: Who calls: what authorizes the request.
    :param required: Whether the key must be sent.
    :raises BadRequest: without the key where it is required, or for one that is none.
    :raises UnprocessableEntity: when the key was used for something else.
    :raises Conflict: when the first request has not ended.
    """
    request = current_request()
    given = request.headers.get(HEADER)
    if given is None:
        if required:
            raise BadRequest(
                Filled(
                    "Send a new %(field)s with each request, and the same one when you send it again.",
                    field=HEADER,
                )
            )
        return None
    if not given or len(given) > _LONGEST or not given.isprintable():
        raise BadRequest(
            Filled(
                "The %(field)s has to be printable text of up to %(limit)s characters.",
                field=HEADER,
                limit=_LONGEST,
            )
        )
    body = hashlib.sha256(request.full_path.encode() + b"\n" + request.get_data()).hexdigest()
    key = hashlib.sha256(f"{route}\n{caller}\n{given}".encode()).hexdigest()
    if store.claim(key, msgspec.msgpack.encode(_Kept(body)), RUNNING):
        return Repetition(store, key, body)
    stored = store.get(key)
    if stored is None:  # it has failed in this moment
        raise Conflict("The first request with this key has just failed. Send it again.")
    kept = msgspec.msgpack.decode(stored.data, type=_Kept)
    if kept.request != body:
        raise UnprocessableEntity(Filled("This %(field)s was used for another request.", field=HEADER))
    if not kept.status:
        raise Conflict("The first request with this key has not ended.")
    response = Response(kept.body, kept.status, kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def caller_of(request: Request, suppliers: Iterable[Supplier]) -> str:
    """Who calls: by what lets them in, else their Authorization, else their session.

    :param suppliers: What lets callers of the view in.
    """
    found = [secret for one in suppliers if isinstance(one, Auth) and (secret := one.secret(request))]
    if not found:
        authorization = request.environ.get("HTTP_AUTHORIZATION")
        session = request.cookies.get(current_application().config["SESSION_COOKIE_NAME"])
        found = [authorization or session or ""]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()
