"""``python -m demijohn.devserver.rerun``: a worker's process, which runs the same program again.

Under the reloader a worker starts from nothing: it runs the script (or the module, or the
``demijohn`` command) that started the server, which gets to ``app.run()`` and finds that it is a
worker. When the program fails before that, the error is served as a page, so that it can be mended
with the browser open; without a reloader it ends the worker as it would end the script.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys

from demijohn.devserver.assignment import current_assignment
from demijohn.devserver.messages import say_failure
from demijohn.devserver.options import ServeError
from demijohn.devserver.worker import serve_broken


def main() -> None:
    """Run the program of the assignment as ``__main__``."""
    assignment = current_assignment()
    if assignment is None:
        sys.exit("demijohn.devserver.rerun is started by the server's supervisor, not by hand.")
    # Ctrl-C reaches the whole process group; the supervisor is who decides, and it sends SIGTERM.
    # A function rather than SIG_IGN, which programs started from here would inherit.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    sys.argv[:] = assignment.argv
    script = assignment.program.get("script")
    # With -m, Python put the current directory first; a script has its own directory there.
    sys.path[0] = os.path.dirname(os.path.abspath(script)) if script else os.getcwd()
    try:
        if script:
            runpy.run_path(script, run_name="__main__")
        else:
            runpy.run_module(assignment.program["module"], run_name="__main__", alter_sys=True)
    except ServeError as error:
        say_failure(str(error))
        sys.exit(1)
    except Exception as error:
        if not assignment.serve_options.reload:
            raise
        serve_broken(assignment, error)


if __name__ == "__main__":
    main()
