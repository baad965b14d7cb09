"""JSON as the current application does it.

These functions ask ``current_app.json`` when there is a current application, and Python's ``json``
when there is none. Which application is current is not for this floor to know: whoever does
(``demijohn.contexts.proxies``) puts a function into :data:`_current_app`.
"""

from __future__ import annotations

import json as _json
from collections.abc import Callable
from typing import IO, Any, AnyStr

from demijohn.json.provider import _default

__all__ = ["dump", "dumps", "jsonify", "load", "loads"]


def _no_app() -> Any:
    return None


#: Returns the current application, or None. Set once, when the module that knows is imported.
_current_app: Callable[[], Any] = _no_app


def dumps(obj: object, **kwargs: Any) -> str:
    """Encode ``obj`` to JSON text.

    :param kwargs: For ``app.json.dumps``, or ``json.dumps`` without a current application.
    """
    app = _current_app()
    if app is not None:
        text: str = app.json.dumps(obj, **kwargs)
        return text
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: object, fp: IO[str], **kwargs: Any) -> None:
    """Encode ``obj`` and write it to a text file, which should be UTF-8.

    :param kwargs: For ``app.json.dump``, or ``json.dump`` without a current application.
    """
    app = _current_app()
    if app is not None:
        app.json.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Decode text, or bytes in UTF-8.

    :param kwargs: For ``app.json.loads``, or ``json.loads`` without a current application.
    :raises ValueError: for what is not JSON, or beyond the limits of the application's provider.
    """
    app = _current_app()
    return (_json if app is None else app.json).loads(s, **kwargs)


def load(fp: IO[AnyStr], **kwargs: Any) -> Any:
    """Decode all that a text file, or a file of UTF-8 bytes, holds.

    :param kwargs: For ``app.json.load``, or ``json.load`` without a current application.
    """
    app = _current_app()
    return (_json if app is None else app.json).load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Any:
    """A response with the arguments as JSON, by the current application's ``json.response``.

    One positional argument is encoded as it is, several as a list, keyword arguments as an object,
    and no arguments as null. A view may also just return a dictionary or a list.

    :raises RuntimeError: without a current application.
    :raises TypeError: for positional and keyword arguments together.
    """
    app = _current_app()
    if app is None:
        raise RuntimeError(
            "Working outside of application context.\n\njsonify() makes a response of the current"
            " application, and there is none here. Call it in a view, or in a block:"
            " with app.app_context(): ..."
        )
    return app.json.response(*args, **kwargs)
