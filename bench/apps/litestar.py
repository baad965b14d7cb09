"""Litestar, async handlers."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Litestar, MediaType, Request, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Stream

from bench.cases import DOCUMENT, ROUTED_RESOURCES

ANSWERS = {
    "hello",
    "params",
    "json",
    "query",
    "form",
    "multipart",
    "abort",
    "unrouted",
    "method",
    "stream",
    "pool",
}


@get("/hello", media_type=MediaType.TEXT)
async def hello() -> str:
    return "Hello, World!"


@get("/hello", media_type=MediaType.TEXT, sync_to_thread=True)
def sync_hello() -> str:
    return "Hello, World!"


@get("/json")
async def document() -> dict[str, Any]:
    return DOCUMENT


@get("/search", media_type=MediaType.TEXT)
async def search(q: str, page: int = 1) -> str:
    return f"{q} {page}"


@post("/form", media_type=MediaType.TEXT, status_code=200)
async def form(request: Request[Any, Any, Any]) -> str:
    fields = await request.form()
    return f"{fields['name']} {fields['quantity']}"


@post("/upload", media_type=MediaType.TEXT, status_code=200)
async def upload(
    data: Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> str:
    file: UploadFile = data["file"]
    return f"{data['title']} {len(await file.read())}"


@get("/abort", media_type=MediaType.TEXT)
async def missing() -> str:
    raise NotFoundException


@get("/stream")
async def stream() -> Stream:
    async def digits() -> Any:
        for n in range(10):
            yield str(n)

    return Stream(digits(), media_type="text/plain")


def _routes() -> list[Any]:
    handlers: list[Any] = []
    for n in range(ROUTED_RESOURCES):
        base = f"/api/v1/things{n}"

        @get(base, media_type=MediaType.TEXT)
        async def listing() -> str:
            return "all"

        @get(base + "/{number:int}", media_type=MediaType.TEXT)
        async def one(number: int) -> str:
            return str(number)

        @get(base + "/{number:int}/items/{item:str}", media_type=MediaType.TEXT)
        async def named(number: int, item: str) -> str:
            return f"{number} {item}"

        @get(base + "/{number:int}/items/{item:str}/{action:str}", media_type=MediaType.TEXT)
        async def acted(number: int, item: str, action: str) -> str:
            return f"{number} {item} {action}"

        handlers += [listing, one, named, acted]
    return handlers


def make(kind: str) -> Litestar:
    """The ASGI application."""
    if kind == "pool":
        return Litestar([sync_hello], openapi_config=None, logging_config=None)
    if kind == "routes":
        return Litestar(_routes(), openapi_config=None, logging_config=None)
    return Litestar(
        [hello, document, search, form, upload, missing, stream], openapi_config=None, logging_config=None
    )
