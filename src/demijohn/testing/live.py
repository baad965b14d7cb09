"""A real server for a test, in the process of the test: the same application object, on a port that is free.

    with LiveServer(app) as server:
        urllib.request.urlopen(server.url)

Nothing is pickled and no process is started, so what a test does to the application, a fake in the place of a
service or a list that a view appends to, is there for the requests. Granian serves, as in production.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING

from demijohn.later import later
from demijohn.testing.ports import Application

if TYPE_CHECKING:
    from demijohn.devserver import granian_server, options, sockets, worker
else:
    granian_server = later("demijohn.devserver.granian_server")  # only tests with a server
    options = later("demijohn.devserver.options")  # likewise
    sockets = later("demijohn.devserver.sockets")  # likewise
    worker = later("demijohn.devserver.worker")  # likewise

__all__ = ["LiveServer"]

#: For the start-up hooks, and for the server to end after it was told; seconds.
PATIENCE = 30.0


class LiveServer:
    """A server of an application, on loopback, until the block ends or :meth:`stop` is called.

    :param app: The application.
    :param interface: ``wsgi``, ``asgi`` or ``rsgi``; by default what ``demijohn run`` would choose.
    :param grace: Seconds that requests which still run at the end have.
    """

    def __init__(self, app: Application, *, interface: str = "auto", grace: float = 2.0) -> None:
        self.app = app
        self._options = options.ServeOptions(port=0, interface=interface, graceful_timeout=grace)
        self._options.check()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._socket = sockets.listen(self._options)
        chosen, _ = worker.choose_interface(app, interface)
        self._server = granian_server.GranianServer(
            app, chosen, self._socket, self._options, ends_process=False
        )
        self._thread = threading.Thread(target=self._serve, name="demijohn-live-server", daemon=True)
        #: The interface that was chosen.
        self.interface = chosen
        #: The port.
        self.port = int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve; returns when start-up hooks have run.

        :raises StartupFailed: when one of them failed.
        """
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise TimeoutError(
                f"The live server did not start within {PATIENCE:g} s: a start-up hook may hang."
            )
        if self._failure is not None:
            self._socket.close()
            raise self._failure

    def _serve(self) -> None:
        try:
            self._server.run(self._ready.set)
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    def stop(self) -> None:
        """Let requests that still run end, or cut them, and run what is registered for the stop."""
        self._server.stop()
        self._thread.join(PATIENCE)
        self._socket.close()

    def __enter__(self) -> LiveServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url} ({self.interface})>"
