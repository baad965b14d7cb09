"""Pages that change without being loaded anew: Sijax, and helpers for htmx.

Sijax calls functions of the server from the page, and they answer with what the page is to do::

    app = Flask(__name__)
    Sijax(app)

    @route(app, "/")
    def index():
        if g.sijax.is_sijax_request:
            g.sijax.register_callback("hello", hello)
            return g.sijax.process_request()
        return render_template("index.html")

    def hello(obj_response, name):
        obj_response.html("#greeting", escape(f"Hello, {name}!"))

The template has ``{{ sijax_script() }}`` in its head, and an element that calls the function::

    <button data-sijax="hello" data-sijax-args='["Ana"]'>Say hello</button>

A handler is ``def`` or ``async def``; in an ``async def`` view the call is awaited: ``return await
g.sijax.process_request()``. Comet functions yield, and what they gave until then is done at once.

htmx asks for fragments of pages::

    Htmx(app)

    @app.get("/cellar")
    def cellar():
        if request.htmx.partial:
            return render_block("cellar.html", "rows", bottles=find())
        return render_template("cellar.html", bottles=find())
"""

from __future__ import annotations

from demijohn import render_block
from demijohn.ext.ajax import sijax
from demijohn.ext.ajax.extension import Sijax, route
from demijohn.ext.ajax.htmx import Htmx, HtmxDetails, HtmxRequest, hx, hx_redirect
from demijohn.ext.ajax.responses import (
    BaseResponse, CometResponse, SijaxError, StreamingIframeResponse, UploadResponse,
)  # fmt: skip

__all__ = [
    "BaseResponse", "CometResponse", "Htmx", "HtmxDetails", "HtmxRequest", "Sijax", "SijaxError",
    "StreamingIframeResponse", "UploadResponse", "hx", "hx_redirect", "render_block", "route", "sijax",
]  # fmt: skip
