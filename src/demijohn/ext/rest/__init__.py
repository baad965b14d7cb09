"""REST: views whose annotations say what they take and send, their document, versions, and what APIs often need.

    api = Api(app, title="Cellar", version="1.4")

    class Wine(Struct):                                     # of msgspec; or a dataclass, TypedDict, attrs, pydantic
        name: Annotated[str, Meta(min_length=1)]
        year: int
        note: str | None = None

    @api.post("/racks/<int:rack>/wines", status=201)
    def add(rack: int, wine: Wine, dry: bool = False, key: Annotated[str, Header("X-Key")] = "") -> Wine:
        \"\"\"Put a bottle in.\"\"\"
        return wine

    @app.get("/search")
    @typed(tags=["search"], errors={404: "Nothing found."})  # any view, or method of a class-based one
    async def search(where: Annotated[Where, Query()], colour: list[Colour] = []) -> list[WineOut]: ...

A name in the rule is the path, a model the JSON body, what a provider makes the provider's, and any other plain type
the query; ``Query``, ``Header``, ``Cookie``, ``Form``, ``File``, ``Body`` and ``Path`` say otherwise. What cannot be
told is an error when the application starts. A request with invalid values is a 422 that names each of them. The
return annotation decides what is sent.

    @api.provider                                            # sync, async, a generator; once per request
    def transaction() -> Iterator[Session]:
        with Session(engine) as session, session.begin():
            yield session

The document is at ``/openapi.json``, a page of it at ``/docs``, and ``demijohn openapi`` prints it. ``Versions``
serves several versions side by side; ``Listing``, ``check_etag``, ``BearerAuth``, ``ApiKeyAuth`` and ``Bulk`` are
for lists, changes by several clients, callers, and many answers in one. Left to others: generated clients.
"""

from __future__ import annotations

from demijohn.ext.rest.api import Api
from demijohn.ext.rest.toolkit.auth import ApiKeyAuth, BearerAuth
from demijohn.ext.rest.toolkit.bulk import Bulk
from demijohn.ext.rest.toolkit.etags import check_etag
from demijohn.ext.rest.toolkit.listing import Listing, Page
from demijohn.ext.rest.typed.faults import BrokenJSON, InvalidRequest, NotJSON
from demijohn.ext.rest.typed.options import typed
from demijohn.ext.rest.typed.parameters import BadSignature
from demijohn.ext.rest.typed.shapes import WrongAnswer
from demijohn.ext.rest.typed.sources import Body, Cookie, File, Form, Header, Path, Query
from demijohn.ext.rest.versions import Versions

__all__ = [
    "Api", "ApiKeyAuth", "BadSignature", "BearerAuth", "Body", "BrokenJSON", "Bulk", "Cookie", "File", "Form",
    "Header", "InvalidRequest", "Listing", "NotJSON", "Page", "Path", "Query", "Versions", "WrongAnswer",
    "check_etag", "typed",
]  # fmt: skip
