"""Two versions of an API."""

from datetime import date

from demijohn import Flask
from demijohn.ext.rest import Api, Versions

versions = Versions(
    ["1", "2", "3"],
    path="/v{}",
    header="X-API-Version",
    query="version",
    accept=True,
    vendor="cellar",
    default="3",
)
versions.deprecate(
    "1", since=date(2026, 1, 1), sunset=date(2026, 12, 31), link="https://example.com/moving-on"
)
app = Flask(__name__)
api = Api(app, prefix="/api", versions=versions)


@api.get("/wines", version="1")
def names() -> list[str]:
    """What versions 1 and 2 answer."""
    return ["Rioja"]


@api.get("/wines", version="3")
def wines() -> dict[str, int]:
    """What version 3 answers."""
    return {"Rioja": 12}
