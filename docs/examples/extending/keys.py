"""An extension: requests bring a key, and a function of the application finds whose it is."""

from demijohn import g, request
from demijohn.extend import call, current_application, nonblocking, problem, send_signal
from demijohn.signals import Namespace

#: Sent with ``address`` when a request brings no key that anybody has.
key_refused = Namespace().signal("key-refused")


class Keys:
    def __init__(self, app=None):
        self._find = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        app.extensions["keys"] = self
        app.before_request(self._look)
        app.after_request(self._name_owner)

    def finder(self, function):
        """Register what finds the owner of a key, or None; ``def`` or ``async def``."""
        self._find = function
        return function

    async def _look(self):
        g.owner = await call(self._find, request.headers.get("X-Key"))
        if g.owner is not None:
            return None
        send_signal(key_refused, current_application(), address=request.remote_addr)
        said = problem(401, detail="Send the key you were given in the header field X-Key.")
        return said, 401, {"Content-Type": "application/problem+json"}

    @nonblocking  # it only sets a field, so it need not leave the event loop
    def _name_owner(self, response):
        if g.owner is not None:
            response.headers["X-Owner"] = g.owner
        return response
