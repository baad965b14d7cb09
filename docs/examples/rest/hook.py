"""A document with what only its author knows."""

from demijohn import Flask
from demijohn.ext.rest import Api

app = Flask(__name__)
api = Api(app, title="Cellar", servers=["https://cellar.example"])


@api.get("/wines")
def wines() -> list[str]:
    """All wines."""
    return ["Rioja"]


@api.openapi_hook
def complete(document):
    document["info"]["contact"] = {"email": "ada@cellar.example"}
