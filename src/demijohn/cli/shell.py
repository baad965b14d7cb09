"""``demijohn shell``: an interactive Python with the application at hand.

Code may ``await`` at the top level: it runs on the loop that serves async views under WSGI, with the application's
context, so that it shares their connections. This module must not know what the application puts into it.
"""

from __future__ import annotations

import ast
import os
import sys
from code import InteractiveConsole
from collections.abc import Callable
from importlib import import_module
from inspect import CO_COROUTINE
from types import CodeType, FunctionType
from typing import Any

import click

from demijohn.cli.loading import current_application
from demijohn.setup.commands import with_appcontext
from demijohn.waiting.drivers import wait

#: Opens a console with a banner and a namespace.
Embed = Callable[[str, dict[str, Any]], None]


@click.command("shell", short_help="Run a shell in the app context.")
@click.option(
    "--plain",
    is_flag=True,
    envvar="DEMIJOHN_SHELL_PLAIN",
    help="Python's own shell even when ptpython or IPython is there.",
)
@with_appcontext
def shell_command(plain: bool) -> None:
    """Run an interactive Python shell in the context of the application.

    Its namespace is what the application's shell context processors give, after what the file
    named by PYTHONSTARTUP sets. ptpython or IPython is used when it is installed, and each of them takes await.
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
    embed = None if plain or not sys.stdin.isatty() else _ptpython() or _ipython()
    if embed is not None:
        embed(banner, namespace)
        return
    _complete_from(namespace)
    _Console(namespace).interact(banner, exitmsg="")


def run_code(compiled: CodeType, namespace: dict[str, Any]) -> Any:
    """What code comes to; what it awaits is waited for."""
    if compiled.co_flags & CO_COROUTINE:
        return wait(FunctionType(compiled, namespace)())
    return eval(compiled, namespace)  # noqa: S307 (it is a console)


class _Console(InteractiveConsole):
    """Python's own console, which takes await."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        super().__init__(namespace)
        self.namespace = namespace
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        """Run a statement, or what awaits."""
        try:
            run_code(code, self.namespace)
        except SystemExit:
            raise
        except BaseException:
            self.showtraceback()


def _ipython() -> Embed | None:
    """IPython's console, where it is installed."""
    try:
        # Imported here, by name: an optional requirement, heavy, and unknown to type checkers without it.
        found = import_module("IPython")
    except ImportError:
        return None
    return lambda banner, namespace: found.embed(
        banner1=banner, user_ns=namespace, colors="neutral", using=wait
    )


def _ptpython() -> Embed | None:
    """ptpython's console, where it is installed."""
    try:
        # Likewise.
        found = import_module("ptpython.repl")
    except ImportError:
        return None

    def embed(banner: str, namespace: dict[str, Any]) -> None:
        click.echo(banner)
        found.embed(globals=namespace, locals=namespace, configure=_take_await)

    return embed


def _take_await(repl: Any) -> None:
    """Have a REPL of ptpython wait for what is awaited on our loop; by itself it wants one that runs in this thread."""

    def evaluate(line: str) -> Any:
        names = repl.get_globals()
        for mode in ("eval", "exec"):
            try:
                compiled = compile(line, "<stdin>", mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            except SyntaxError:
                if mode == "exec":
                    raise
                continue
            return run_code(compiled, names)
        return None

    plain = repl.eval

    def eval_line(line: str) -> Any:
        return evaluate(line) if "await" in line or "async" in line else plain(line)

    repl.eval = eval_line


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
