"""What the parts of the API stand on: its blueprint, its versions, and who calls."""

from __future__ import annotations

from datetime import date
from typing import Any

from demijohn import Blueprint, current_app
from demijohn.ext.rest import Api, BearerAuth, Versions
from itsdangerous import BadSignature, URLSafeTimedSerializer

from cellar.store.database import db
from cellar.store.models import Person

blueprint = Blueprint("api", __name__)
versions = Versions(["1", "2"], path="/v{}", default="1")
versions.deprecate("1", since=date(2026, 9, 1), sunset=date(2027, 6, 30), link="/api/docs")
api = Api(blueprint, prefix="/api", title="Cellar", version="2.0", versions=versions)


def make_token(person: Person) -> str:
    """A token for a program that acts for `person`."""
    return _signer().dumps(person.id)


def find_caller(token: str) -> Person | None:
    """The person whose token it is; `None` for one that is not good, or not any more."""
    try:
        number = _signer().loads(token, max_age=current_app.config["TOKEN_LIFETIME"])
    except BadSignature:
        return None
    return db.session.get(Person, number) if isinstance(number, int) else None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="cellar api token")


#: `person: Annotated[Person, caller]` gives a handler who calls; nobody else gets that far.
caller = BearerAuth(find_caller, realm="cellar")


@api.openapi_hook
def only_the_api(document: dict[str, Any]) -> None:
    """Leave the pages out of the document: they are views with a docstring too, but nothing for programs."""
    paths = document["paths"]
    document["paths"] = {path: paths[path] for path in paths if path.startswith("/api/")}
