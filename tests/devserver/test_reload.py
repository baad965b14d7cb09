"""The reloader, under ``demijohn run --debug`` and under ``app.run(debug=True)``."""

from __future__ import annotations

import signal

import pytest

from demijohn import devserver

pytestmark = pytest.mark.servers

SOURCE = """
from demijohn import Flask
app = Flask(__name__)
@app.get("/")
def f():
    return "{}"
"""

SCRIPT = (
    SOURCE
    + """
if __name__ == "__main__":
    app.run(port=0, debug=True)
    print("after run", flush=True)
"""
)


@pytest.fixture(params=["watchfiles", "polling"])
def way(request, project):
    """With watchfiles, and with the module made unavailable."""
    if request.param == "polling":
        project.write("watchfiles.py", "raise ImportError('not here')")
    return request.param


@pytest.fixture(params=["demijohn run", "app.run"])
def server(request, project, start):
    """A reloading server of hello.py, started in either way."""
    project.write("hello.py", SCRIPT.format("one"))
    if request.param == "app.run":
        return start("hello.py")
    return start("-m", "demijohn", "--app", "hello", "run", "--debug", "--port", "0")


def test_a_change_is_served(way, project, server):
    assert server.get() == (200, "one")
    project.write("hello.py", SCRIPT.format("two"))
    server.until(lambda: server.get() == (200, "two"), "the change")
    assert server.stop() == 0


def test_a_syntax_error_is_shown_until_it_is_mended(project, server):
    assert server.get() == (200, "one")
    project.write("hello.py", SCRIPT.format("two") + "\ndef broken(:\n")
    server.until(lambda: server.get()[0] == 500, "the error page")
    assert "SyntaxError" in server.get()[1]
    project.write("hello.py", SCRIPT.format("three"))
    server.until(lambda: server.get() == (200, "three"), "the mended application")
    assert server.stop(signal.SIGINT) == 0


def test_an_error_in_a_module_it_imports_is_shown_until_it_is_mended(project, server):
    assert server.get() == (200, "one")
    project.write("part/__init__.py", "")
    project.write("part/inner.py", "import nothing_of_this_name")
    project.write("hello.py", "import part.inner\n" + SCRIPT.format("two"))
    server.until(lambda: server.get()[0] == 500, "the error page")
    assert "nothing_of_this_name" in server.get()[1]
    project.write("part/inner.py", "")
    server.until(lambda: server.get() == (200, "two"), "the mended application")


def test_the_error_page_escapes_and_asks_for_itself(project, start):
    project.write("hello.py", "raise RuntimeError('<script>alert(1)</script>')")
    server = start("-m", "demijohn", "--app", "hello", "run", "--debug", "--port", "0")
    status, page = server.get(accept="text/html")
    assert status == 500
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "location.reload()" in page


def test_case_50_without_debug_the_error_page_does_not_say_why(project, start):
    project.write("hello.py", "raise RuntimeError('the password is x')")
    server = start("-m", "demijohn", "--app", "hello", "run", "--reload", "--port", "0")
    status, page = server.get(accept="text/html")
    assert status == 500
    assert "password" not in page
    assert "the password is x" in server.output


def test_an_application_that_ends_its_process_is_started_again_after_a_change(project, start):
    project.write("hello.py", SOURCE.format("one"))
    server = start("-m", "demijohn", "--app", "hello", "run", "--debug", "--port", "0")
    assert server.get() == (200, "one")
    project.write("hello.py", "import os\nos._exit(3)")
    server.until_printed(r"process ended \(exit code 3\)")
    project.write("hello.py", SOURCE.format("two"))
    server.until(lambda: server.get() == (200, "two"), "the change")


def test_a_failing_startup_hook_is_shown_until_it_is_mended(project, start):
    hook = "\n@app.before_serving\nasync def f():\n    raise RuntimeError('no database')\n"
    project.write("hello.py", SOURCE.format("one") + hook)
    server = start("-m", "demijohn", "--app", "hello", "run", "--debug", "--port", "0")
    assert server.get()[0] == 500
    project.write("hello.py", SOURCE.format("two"))
    server.until(lambda: server.get() == (200, "two"), "the mended application")


def test_extra_files_count_and_excluded_patterns_do_not(project, start):
    project.write("hello.py", SOURCE.format("one"))
    project.write("quiet.py", "")
    extra = project.write("settings.toml", "")
    server = start(
        *("-m", "demijohn", "--app", "hello", "run", "--debug", "--port", "0"),
        *("--extra-files", str(extra), "--exclude-patterns", "*/quiet.py"),
    )
    server.get()
    project.write("quiet.py", "x = 1")
    extra.write_text("a = 1")
    server.until_printed(r"Detected change in 'settings.toml'")
    assert "quiet.py" not in server.output


def test_only_the_script_that_was_started_goes_on_after_run(project, start):
    project.write("hello.py", SCRIPT.format("one"))
    server = start("hello.py")
    server.get()
    assert server.stop(signal.SIGINT) == 0
    assert server.output.count("after run") == 1


def test_a_reloading_worker_knows_that_it_is_one(project, start):
    project.write(
        "hello.py",
        """
        import os
        from demijohn import Flask
        app = Flask(__name__)
        @app.get("/")
        def f():
            return {"main": os.environ.get("WERKZEUG_RUN_MAIN"), "debug": app.debug, "argv": __import__("sys").argv[1:]}
        if __name__ == "__main__":
            app.run(port=0, debug=True)
        """,
    )
    server = start("hello.py", "an argument")
    assert '"main": "true"' in server.get()[1] or '"main":"true"' in server.get()[1]
    assert "an argument" in server.get()[1]
    assert "true" in server.get()[1]


def test_a_module_run_with_m_is_run_that_way_again(project, start):
    project.write("pack/__init__.py", "")
    project.write("pack/text.py", "TEXT = 'relative'")
    project.write(
        "pack/__main__.py",
        """
        from demijohn import Flask
        from .text import TEXT
        app = Flask(__name__)
        app.add_url_rule("/", "f", lambda: TEXT)
        app.run(port=0, debug=True)
        """,
    )
    server = start("-m", "pack")
    assert server.get() == (200, "relative")
    project.write("pack/text.py", "TEXT = 'changed'")
    server.until(lambda: server.get() == (200, "changed"), "the change")


def test_workers_leave_when_a_reloading_script_is_killed(project, server):
    server.get()
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL  # wait() fails when one is left


def test_a_management_script_with_a_factory_of_its_own_is_run_again(project, start):
    source = """
        import click
        from demijohn import Flask
        from demijohn.cli import FlaskGroup

        def create_app():
            app = Flask(__name__)
            app.add_url_rule("/", "f", lambda: "{}")
            return app

        @click.group(cls=FlaskGroup, create_app=create_app)
        def manage(): ...

        if __name__ == "__main__":
            manage()
        """
    project.write("manage.py", source.format("one"))
    server = start("manage.py", "run", "--debug", "--port", "0")
    assert server.get() == (200, "one")
    project.write("manage.py", source.format("two"))
    server.until(lambda: server.get() == (200, "two"), "the change")
    assert server.stop(signal.SIGHUP) == 0


def test_a_launcher_that_rewrites_the_arguments_is_run_again_as_it_was_started(project, start):
    project.write(
        "launch.py",
        """
        import sys
        from demijohn import Flask
        from demijohn.cli import FlaskGroup
        kind, port = sys.argv[1:]     # fails when it is given anything else
        sys.argv[:] = ["elsewhere", "run", "--port", port]
        def create_app():
            app = Flask(__name__)
            app.add_url_rule("/", "f", lambda: f"{kind} {sys.flags.dev_mode}")
            return app
        if kind == "group":
            FlaskGroup(create_app=create_app)()
        create_app().run(port=int(port), debug=True)
        """,
    )
    for kind in ("group", "run"):
        server = start("-Xdev", "launch.py", kind, "0")
        assert server.get() == (200, f"{kind} True")
        server.stop()


def test_a_management_script_written_for_flask_runs_under_compat_in_its_workers_too(project, start):
    project.write(
        "manage.py",
        """
        import sys
        from flask import Flask
        from flask.cli import FlaskGroup
        def create_app():
            app = Flask(__name__)
            app.add_url_rule("/", "f", lambda: f"{app.compat_level} {sys.argv[1:]}")
            return app
        FlaskGroup(create_app=create_app)()
        """,
    )
    server = start("-m", "demijohn.compat", "--level", "2.2", "manage.py", "run", "--port", "0")
    assert server.get() == (200, "3.1 ['run', '--port', '0']")


@pytest.mark.parametrize(
    ("started", "found"),
    [
        (["script.py", "-m", "a"], ("script", ["script.py", "-m", "a"])),
        (["-X", "dev", "-Wd", "-u", "script.py"], ("script", ["script.py"])),
        (["-Im", "module", "x"], ("m", ["module", "x"])),
        (["-Bmmodule"], ("m", ["module"])),
        (["--check-hash-based-pycs", "always", "--", "-odd.py"], ("script", ["-odd.py"])),
        (["-c", "import x", "y"], ("c", ["import x", "y"])),
        (["-"], ("", [])),
        (["-i"], ("", [])),
        ([], ("", [])),
    ],
)
def test_what_python_was_started_with_is_read_as_python_reads_it(started, found):
    assert devserver._command_line(started) == found
