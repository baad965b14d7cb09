"""The order in which Flask answers: the response is sent while everything is still open, then torn down.

Ours tears down first. The difference shows to a ``start_response`` or a response class that looks at what
a teardown function closes: OpenTelemetry's instrumentation ends its span there. This module must not
know how a request is dispatched.
"""

from __future__ import annotations

from typing import Any

from demijohn.dispatch.pipeline import pipeline
from demijohn.dispatch.failure import exception
from demijohn.waiting.steps import Steps
from demijohn.dispatch.teardown import end


def answer(app: Any, ctx: Any, environ: Any, start_response: Any) -> Steps[Any]:
    """A request whose context is current and whose route is found: the body, once it is started."""
    custom = app._custom
    try:
        try:
            if app._eager_session and ctx._session is None:
                ctx.open_session()
            if "full_dispatch_request" in custom:
                response = app.full_dispatch_request()
                if hasattr(response.__class__, "__await__"):
                    response = yield response
            else:
                response = yield from pipeline(app, ctx, inner=True)
        except Exception as e:
            ctx.error = e
            if "handle_exception" in custom:
                response = app.handle_exception(e)
                if hasattr(response.__class__, "__await__"):
                    response = yield response
            else:
                response = yield from exception(app, ctx, e)
        except BaseException as e:
            ctx.error = e
            raise
        return response(environ, start_response)
    finally:
        yield from end(app, ctx)
