"""Run a script or module on this package: ``python -m demijohn.compat [--level L] script.py args``.

As ``python script.py args`` and ``python -m module args`` would, with ``flask`` replaced before.
"""

from __future__ import annotations

import os
import runpy
import sys

from demijohn.compat import LEVELS, install_from_environment

USAGE = f"""\
usage: python -m demijohn.compat [--level {{{",".join(LEVELS)}}}] (script.py | -m module) [argument ...]

Run a program with 'flask' (and the extensions that demijohn has) replaced by demijohn."""


def main(arguments: list[str]) -> None:
    """Install compatibility and run what the arguments name, as the program itself."""
    level = LEVELS[0]
    if arguments[:1] == ["--level"] and len(arguments) > 1:
        level, arguments = arguments[1], arguments[2:]
        os.environ["DEMIJOHN_COMPAT"] = level
    elif not os.environ.get("DEMIJOHN_COMPAT"):
        # Processes that this one starts, such as a server's workers, run at the same level.
        os.environ["DEMIJOHN_COMPAT"] = level
    if arguments[:1] in ([], ["-h"], ["--help"]) or level not in LEVELS:
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        sys.exit(0 if arguments else 2)
    install_from_environment()
    if arguments[0] == "-m" and len(arguments) > 1:
        # Where Python itself looks first with -m.
        sys.path[:1] = [os.getcwd()]
        sys.argv[:] = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return
    sys.path[:1] = [os.path.dirname(os.path.abspath(arguments[0]))]
    sys.argv[:] = arguments
    runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
