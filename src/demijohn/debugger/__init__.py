"""Debug mode in the browser: what answers an error, a console in each of its frames, the development bar.

The development server puts it in place::

    install(app)

and whoever serves an application otherwise can do so by hand: ``app.debug_page = error_page``. It works for sync and
async code under every protocol, because it stands around the steps of a request and answers with responses like
others. Nothing of it is imported before.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from demijohn.contexts.context import RequestContext
from demijohn.debugger.answers import Debugger
from demijohn.debugger.guard import pin_of
from demijohn.debugger.ports import Application

__all__ = ["error_page", "install", "pin_of"]

_NAME = "demijohn.debugger"


class ErrorPage:
    """Makes the answers of debug mode, for any application that has it as its ``debug_page``."""

    def __call__(self, app: Application, ctx: RequestContext, error: Exception) -> Response:
        """The response that shows ``error``: status 500, not to be stored.

        :param app: The application, whose response class it is made of.
        :param ctx: The context of the request that failed.
        :param error: What was raised.
        """
        return _of(app).page(app, ctx, error)

    def around(self, app: Application, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of the application's way, with the debugger around its requests."""
        return _of(app).around(fields)


#: What is assigned to ``app.debug_page``.
error_page = ErrorPage()


def install(app: Application, key: str = "", local: bool = True) -> None:
    """Have errors of an application shown, in debug mode.

    :param key: What PIN and token are made from, so that they outlast a reload; by default a new one.
    :param local: Whether the server listens for this machine only.
    """
    app.extensions[_NAME] = Debugger(app, key, local)
    app.debug_page = error_page


def _of(app: Application) -> Debugger:
    debugger: Debugger | None = app.extensions.get(_NAME)
    if debugger is None:
        debugger = app.extensions[_NAME] = Debugger(app)
    return debugger
