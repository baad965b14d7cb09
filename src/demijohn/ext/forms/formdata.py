"""What the current request has sent, as the fields of a form.

This module must not know forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.datastructures import CombinedMultiDict, ImmutableMultiDict
from werkzeug.exceptions import BadRequest

from demijohn.extend import Filled, current_application, current_request

__all__ = ["submitted_data"]


def submitted_data() -> Any:
    """Files and fields of a submitted form, or the members of a JSON object; None when nothing was sent.

    :raises BadRequest: for JSON that is no object.
    """
    request = current_request()
    if request.files:
        parts: Any = (request.files, request.form)  # two kinds of values
        return CombinedMultiDict(parts)
    if request.form:
        return request.form
    if request.is_json:
        sent = request.get_json()
        if not isinstance(sent, dict):
            raise BadRequest(
                Filled(
                    "A form takes a JSON object; this is a JSON %(kind)s.",
                    kind=_KINDS.get(type(sent), "number"),
                )
            )
        return ImmutableMultiDict(_fields(sent) if current_application().policy.json_as_fields else sent)
    return None


_KINDS = {list: "array", str: "string", bool: "boolean", type(None): "null"}


def _fields(sent: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The members of an object as the fields a browser would have sent: text, under the names they have in forms.

    ``a-b`` is a member of another object, ``a-0`` of an array, which is also there as the several values of one
    field. What is null was not sent.
    """
    for name, value in sent.items():
        field = prefix + name
        if isinstance(value, dict):
            yield from _fields(value, f"{field}-")
        elif isinstance(value, list):
            yield from ((field, _text(each)) for each in value if not isinstance(each, dict | list | None))
            yield from _fields({str(number): each for number, each in enumerate(value)}, f"{field}-")
        elif value is not None:
            yield field, _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
