"""``app.run()``: Flask's defaults and options, in the calling process."""

from __future__ import annotations

import signal

import pytest

pytestmark = pytest.mark.servers

HEAD = """
import os, sys, threading, time
from demijohn import Flask
app = Flask(__name__)
@app.get("/")
def f():
    return str(os.getpid())
"""


def test_it_serves_in_the_process_of_the_script_and_returns_when_stopped(project, start):
    project.write("script.py", HEAD + "app.run(port=0)\nprint('after run', os.getpid())")
    server = start("script.py")
    pid = server.get()[1]
    assert int(pid) == server.process.pid
    assert server.stop(signal.SIGINT) == 0
    assert f"after run {pid}" in server.output


def test_host_and_port_come_from_server_name(project, start):
    project.write(
        "script.py",
        HEAD
        + "import socket\ns = socket.create_server(('127.0.0.1', 0)); p = s.getsockname()[1]; s.close()\n"
        "app.config['SERVER_NAME'] = f'127.0.0.1:{p}'\nprint('expect', p, flush=True)\napp.run()",
    )
    server = start("script.py")
    assert server.port == int(server.until_printed(r"expect (\d+)"))


def test_the_defaults_are_flasks(project, start):
    project.write(
        "script.py",
        """
        import demijohn.devserver as d
        from demijohn import Flask
        d.serve = lambda app, *place, **options: print(place, options, app.debug)
        Flask(__name__).run()
        Flask(__name__).run(port=0, debug=True)
        """,
    )
    server = start("script.py")
    assert server.wait() == 0
    assert "('127.0.0.1', 5000) {'use_reloader': False} False" in server.output
    assert "('127.0.0.1', 0) {'use_reloader': True} True" in server.output


def test_a_call_while_a_command_imports_the_module_is_ignored_with_a_message(project, start):
    project.write("hello.py", HEAD + "app.run(port=0)")
    server = start("-m", "demijohn", "--app", "hello", "routes")
    assert server.wait() == 0
    assert "Ignoring a call to 'app.run()'" in server.output
    assert "Running on" not in server.output


def test_it_serves_from_a_thread(project, start):
    project.write(
        "script.py",
        HEAD + "threading.Thread(target=app.run, kwargs={'port': 0}, daemon=True).start()\ntime.sleep(60)",
    )
    server = start("script.py")
    assert server.get()[0] == 200
    server.stop()


def test_debug_on_an_address_others_can_reach_is_refused_with_the_reason(project, start):
    project.write("script.py", HEAD + "app.run('0.0.0.0', 0, debug=True)")
    server = start("script.py")
    assert server.wait() == 1
    assert "Debug mode is refused on '0.0.0.0'" in server.output


def test_threaded_false_handles_one_request_at_a_time(project, start):
    project.write("script.py", HEAD + "app.run(port=0, threaded=False)")
    server = start("script.py")
    server.get()
    assert "1 threads each" in server.output or "1 thread" in server.output


def test_an_ssl_context_is_served_by_werkzeug_and_that_is_said(project, start):
    project.write(
        "script.py",
        HEAD + "import ssl\napp.run(port=0, ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))",
    )
    server = start("script.py")
    server.until_printed("serving with Werkzeug's development server")


def test_an_option_that_means_nothing_here_is_named(project, start):
    project.write("script.py", HEAD + "app.run(port=0, passthrough_errors=True)")
    server = start("script.py")
    server.until_printed(r"ignores passthrough_errors=True")
    assert server.get()[0] == 200


def test_a_debug_setting_in_a_dotenv_file_is_used(project, start):
    project.write(".flaskenv", "FLASK_DEBUG=1")
    project.write("script.py", HEAD + "app.run(port=0)")
    server = start("script.py")
    server.get()
    assert "Debug mode: on" in server.output


def test_user_log_handlers_stay_open(project, start):
    """Granian applies dictConfig, which closes every handler that exists."""
    project.write(
        "script.py",
        HEAD
        + "import logging\nclass H(logging.StreamHandler):\n    def close(self): print('handler closed', flush=True)\n"
        "logging.getLogger().addHandler(H())\napp.run(port=0)\nos._exit(0)",
    )
    server = start("script.py")
    server.get()
    server.stop()
    assert "handler closed" not in server.output


def test_under_compatibility_a_replaced_run_simple_is_called(monkeypatch):
    import werkzeug.serving

    from demijohn.compat.app import Flask

    calls = []
    monkeypatch.setattr(
        werkzeug.serving, "run_simple", lambda *args, **options: calls.append((args, options))
    )
    monkeypatch.delenv("FLASK_RUN_FROM_CLI", raising=False)
    app = Flask("x")
    app.run(port=8000, load_dotenv=False)
    options = {"use_reloader": False, "use_debugger": False, "threaded": True}
    assert calls == [(("127.0.0.1", 8000, app), options)]
