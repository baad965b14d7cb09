"""What level 2.0 answers otherwise: by classes of its own, so that other applications of the process do not."""

from __future__ import annotations

from typing import Any

from demijohn.compat import older_app, wrappers


class Request(wrappers.Request):
    """A request whose JSON is None, as before Werkzeug 2.1, where the media type is not JSON's."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """None for another media type; what broken JSON always is."""
        return None if e is None else super().on_json_loading_failed(e)


class Flask(older_app.Flask):
    """An application whose redirects name scheme and host, as before Werkzeug 2.1."""

    request_class: type[Any] = Request

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
        """The response, whose Location is completed when it is sent."""
        response = super().finalize_request(rv, from_error_handler)
        response.autocorrect_location_header = True
        return response
