"""``demijohn shell``: an interactive Python with the application at hand."""

from __future__ import annotations

import code
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import click

from demijohn.cli.loading import current_application
from demijohn.setup.commands import with_appcontext


@click.command("shell", short_help="Run a shell in the app context.")
@click.option(
    "--plain",
    is_flag=True,
    envvar="DEMIJOHN_SHELL_PLAIN",
    help="Python's own shell even when IPython is there.",
)
@with_appcontext
def shell_command(plain: bool) -> None:
    """Run an interactive Python shell in the context of the application.

    Its namespace is what the application's shell context processors give, after what the file
    named by PYTHONSTARTUP sets. IPython is used when it is installed.
    """
    app = current_application()
    banner = (
        f"Python {sys.version} on {sys.platform}\n"
        f"App: {app.import_name}\n"
        f"Instance: {app.instance_path}"
    )  # fmt: skip
    namespace: dict[str, Any] = {}
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        with open(startup, "rb") as file:
            exec(compile(file.read(), startup, "exec"), namespace)  # noqa: S102  (as python itself does)
    namespace.update(app.make_shell_context())
    ipython = None if plain or not sys.stdin.isatty() else _ipython()
    if ipython is not None:
        ipython.embed(banner1=banner, user_ns=namespace, colors="neutral")
        return
    _complete_from(namespace)
    code.interact(banner=banner, local=namespace)


def _ipython() -> ModuleType | None:
    """IPython's module, where it is installed."""
    try:
        # Imported here, by name: an optional requirement, heavy, and unknown to type checkers without it.
        return import_module("IPython")
    except ImportError:
        return None


def _complete_from(namespace: dict[str, Any]) -> None:
    """Let tab complete names of ``namespace``, then run the site's interactive hook (history, rc file)."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is None:
        return
    try:
        # Imported here: some platforms have none.
        import readline
        from rlcompleter import Completer
    except ImportError:
        pass
    else:
        # By default names of __main__ would be offered, which is this command.
        readline.set_completer(Completer(namespace).complete)
    hook()
