"""A resource's data as JSON."""

from __future__ import annotations

from collections.abc import Callable
from json import dumps
from typing import Any

from demijohn import current_app, make_response

__all__ = ["output_json"]


def output_json(data: Any, code: Any, headers: Any = None) -> Any:
    """A response with the data as JSON.

    ``RESTFUL_JSON`` has arguments for :func:`json.dumps`. Without them members stay in their order, in debug mode
    indented, and what JSON does not know is written as ``app.json`` writes it.

    :param data: What the method returned.
    :param code: The status.
    :param headers: Further header fields.
    """
    settings: dict[str, Any] = dict(current_app.config.get("RESTFUL_JSON") or {})
    if current_app.debug:
        settings.setdefault("indent", 4)
    if "cls" not in settings:
        default: Callable[[Any], Any] | None = getattr(current_app.json, "default", None)
        settings.setdefault("default", default)
    response = make_response(dumps(data, **settings) + "\n", code)
    response.headers.extend(headers or {})
    return response
