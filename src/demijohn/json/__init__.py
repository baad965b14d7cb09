"""JSON as the current application does it.

These functions ask ``current_app.json`` when there is a current application, and Python's ``json``
when there is none. This module must not know how either of them reads and writes.
"""

from __future__ import annotations

import json as _json
from typing import IO, Any, AnyStr

from demijohn.json.provider import _default
from demijohn.variable import current

__all__ = ["dump", "dumps", "jsonify", "load", "loads"]


def dumps(obj: object, **kwargs: Any) -> str:
    """Encode ``obj`` to JSON text.

    :param kwargs: For ``app.json.dumps``, or ``json.dumps`` without a current application.
    """
    ctx = current.get(None)
    if ctx is not None:
        text: str = ctx.app.json.dumps(obj, **kwargs)
        return text
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: object, fp: IO[str], **kwargs: Any) -> None:
    """Encode ``obj`` and write it to a text file, which should be UTF-8.

    :param kwargs: For ``app.json.dump``, or ``json.dump`` without a current application.
    """
    ctx = current.get(None)
    if ctx is not None:
        ctx.app.json.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Decode text, or bytes in UTF-8.

    :param kwargs: For ``app.json.loads``, or ``json.loads`` without a current application.
    :raises ValueError: for what is not JSON, or beyond the limits of the application's provider.
    """
    ctx = current.get(None)
    return (_json if ctx is None else ctx.app.json).loads(s, **kwargs)


def load(fp: IO[AnyStr], **kwargs: Any) -> Any:
    """Decode all that a text file, or a file of UTF-8 bytes, holds.

    :param kwargs: For ``app.json.load``, or ``json.load`` without a current application.
    """
    ctx = current.get(None)
    return (_json if ctx is None else ctx.app.json).load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Any:
    """A response with the arguments as JSON, by the current application's ``json.response``.

    One positional argument is encoded as it is, several as a list, keyword arguments as an object,
    and no arguments as null. A view may also just return a dictionary or a list.

    :raises RuntimeError: without a current application.
    :raises TypeError: for positional and keyword arguments together.
    """
    ctx = current.get(None)
    if ctx is None:
        raise RuntimeError(
            "Working outside of application context.\n\njsonify() makes a response of the current"
            " application, and there is none here. Call it in a view, or in a block:"
            " with app.app_context(): ..."
        )
    return ctx.app.json.response(*args, **kwargs)
