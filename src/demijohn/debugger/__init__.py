"""The page that shows an error in debug mode: traceback, source, local names, the request.

A plain page without a console. The development server puts it in place::

    app.debug_page = error_page

It works for sync and async frames under every protocol, because it is a response like another.
"""

from __future__ import annotations

from demijohn.debugger.page import error_page

__all__ = ["error_page"]
