"""``app.run()`` as Flask's: Werkzeug's development server, its banner and its defaults."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from werkzeug import serving

from demijohn.contexts import proxies
from demijohn.later import later
from demijohn.setup.envvars import get_debug_flag, get_load_dotenv

if TYPE_CHECKING:
    from demijohn.devserver import environment
else:
    environment = later("demijohn.devserver.environment")  # over 10 % of an import; for app.run() only

_IGNORED = (
    " * Ignoring a call to 'app.run()' that would block the current 'flask' CLI command.\n"
    "   Only call 'app.run()' in an 'if __name__ == \"__main__\"' guard."
)


def run(
    app: Any, host: str | None, port: int | None, debug: bool | None, load_dotenv: bool, options: Any
) -> None:
    """Serve ``app`` by ``werkzeug.serving.run_simple``, which takes the options.

    COMPAT: tests replace that function and look at what it is called with (thirty cases of Flask's own).
    """
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        if not environment.is_running_from_reloader():
            import click  # heavy, and only for this

            click.secho(_IGNORED, fg="red")
        return
    if get_load_dotenv(load_dotenv):
        environment.load_dotenv()
        if "FLASK_DEBUG" in os.environ:
            app.debug = get_debug_flag()
    if debug is not None:
        app.debug = bool(debug)
    named_host, _, named_port = (app.config.get("SERVER_NAME") or "").partition(":")
    if port is None:
        port = int(named_port or 5000)
    for name, value in {"use_reloader": app.debug, "use_debugger": app.debug, "threaded": True}.items():
        options.setdefault(name, value)
    environment.show_server_banner(app.debug, app.name)
    try:
        # Looked up on its module, where it may have been replaced.
        serving.run_simple(host or named_host or "127.0.0.1", int(port), app, **options)
    finally:
        # So that a console may change the application and run it again.
        app.thaw()


def _called_with_wrong_args(f: Any) -> bool:
    """Whether the TypeError being handled comes from calling ``f`` with the wrong arguments.

    COMPAT: imported from flask.cli by command-line tools of applications.
    """
    frame = sys.exc_info()[2]
    while frame is not None:
        if frame.tb_frame.f_code is f.__code__:
            return False
        frame = frame.tb_next
    return True


def _path_is_ancestor(path: str, other: str) -> bool:
    """Whether ``other`` is ``path`` or below it. COMPAT: as the above."""
    return os.path.join(path, other[len(path) :].lstrip(os.sep)) == other


def _prepare_send_file_kwargs(**kwargs: Any) -> dict[str, Any]:
    """The arguments Werkzeug's ``send_file`` gets from the current application and request."""
    app = proxies.current_app._get_current_object()
    if kwargs.get("max_age") is None:
        kwargs["max_age"] = app.get_send_file_max_age
    kwargs.update(
        environ=proxies.request.environ,
        use_x_sendfile=app.config["USE_X_SENDFILE"],
        response_class=app.response_class,
        _root_path=app.root_path,
    )
    return kwargs
