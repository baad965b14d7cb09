from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


def metrics(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"requests_total 1\n"]


@asynccontextmanager
async def lifespan(app):
    yield {"seen": []}


async def seen(request):
    request.state.seen.append(request.url.path)
    return PlainTextResponse(f"{len(request.state.seen)} so far, below {request.scope['root_path']}")


count = Starlette(routes=[Route("/", seen)], lifespan=lifespan)
