"""Who takes part: a name, the app module, the protocol it is called by and what must be installed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entrant:
    """`distribution` is the installed package whose version is reported; empty for none."""

    name: str
    module: str
    protocol: str
    distribution: str


def _entrants(*rows: tuple[str, str, str, str]) -> dict[str, Entrant]:
    return {
        name: Entrant(name, f"bench.apps.{module}", protocol, dist) for name, module, protocol, dist in rows
    }


ENTRANTS: dict[str, Entrant] = _entrants(
    ("empty", "empty", "wsgi", ""),
    ("demijohn", "demijohn", "wsgi", "demijohn"),
    ("demijohn-compat", "demijohn_compat", "wsgi", "demijohn"),
    ("flask", "flask", "wsgi", "flask"),
    ("werkzeug", "werkzeug", "wsgi", "werkzeug"),
    ("bottle", "bottle", "wsgi", "bottle"),
    ("falcon", "falcon", "wsgi", "falcon"),
    ("django", "django", "wsgi", "django"),
    ("empty-asgi", "empty", "asgi", ""),
    ("demijohn-asgi", "demijohn_async", "asgi", "demijohn"),
    ("demijohn-sync-asgi", "demijohn", "asgi", "demijohn"),
    ("quart", "quart", "asgi", "quart"),
    ("starlette", "starlette", "asgi", "starlette"),
    ("fastapi", "fastapi", "asgi", "fastapi"),
    ("litestar", "litestar", "asgi", "litestar"),
    ("blacksheep", "blacksheep", "asgi", "blacksheep"),
    ("falcon-asgi", "falcon_asgi", "asgi", "falcon"),
    ("empty-rsgi", "empty", "rsgi", ""),
    ("demijohn-rsgi", "demijohn_async", "rsgi", "demijohn"),
)
