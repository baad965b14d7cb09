"""``demijohn run`` as a process: what it chooses, how it refuses, how it ends."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def test_an_app_without_async_code_is_served_on_wsgi_and_that_is_said(hello, run):
    server = run()
    assert server.get() == (200, "hello")
    assert "Interface: WSGI (the application has no async code); 1 worker, 32 threads" in server.output
    assert server.stop() == 0


def test_an_app_with_async_code_is_served_on_asgi_and_that_is_said(project, run):
    project.write(
        "hello.py",
        "from demijohn import Flask\napp = Flask(__name__)\n@app.get('/')\nasync def f(): return 'a'",
    )
    server = run()
    assert server.get() == (200, "a")
    assert "Interface: ASGI (the application has async code)" in server.output
    assert server.stop() == 0


def test_an_app_whose_call_was_replaced_by_one_for_wsgi_is_served_on_asgi(project, run):
    """Instrumentation made for Flask does so."""
    project.write(
        "hello.py",
        """
        from demijohn import Flask
        class Patched(Flask):
            def __call__(self, environ, start_response):
                return self.wsgi_app(environ, start_response)
        app = Patched(__name__)
        app.before_serving(lambda: print("opened", flush=True))
        @app.get("/")
        async def f(): return "a"
        """,
    )
    server = run()
    assert server.get() == (200, "a")
    assert server.stop() == 0
    assert "opened" in server.output


@pytest.mark.parametrize("interface", ["wsgi", "asgi", "rsgi"])
def test_the_interface_can_be_asked_for(hello, run, interface):
    server = run("--interface", interface)
    assert server.get() == (200, "hello")
    assert f"Interface: {interface.upper()} (asked for" in server.output
    assert server.stop() == 0


@pytest.mark.parametrize("interface", ["wsgi", "asgi", "rsgi"])
def test_serving_hooks_run_once_around_all_requests(project, run, interface):
    project.write(
        "hello.py",
        """
        from demijohn import Flask
        app = Flask(__name__)
        app.before_serving(lambda: print("opened", flush=True))
        app.after_serving(lambda: print("closed", flush=True))
        @app.get("/")
        def f():
            print("view", flush=True)
            return ""
        """,
    )
    server = run("--interface", interface)
    server.get()
    server.get()
    assert server.stop() == 0
    assert re.findall("opened|view|closed", server.output) == ["opened", "view", "view", "closed"]


@pytest.mark.parametrize("interface", ["wsgi", "asgi", "rsgi"])
def test_fault_18_a_failing_startup_hook_ends_with_the_reason_and_a_failing_exit_code(
    project, run, interface
):
    project.write(
        "hello.py",
        """
        from demijohn import Flask
        app = Flask(__name__)
        @app.before_serving
        def open():
            raise RuntimeError("no database")
        """,
    )
    server = run("--interface", interface)
    assert server.wait() == 1
    assert "no database" in server.output
    assert "Running on" not in server.output


def test_fault_1_sigterm_lets_requests_in_flight_finish(app, run):
    server = run("--workers", "2")
    answers: list[tuple[int, str]] = []
    clients = [threading.Thread(target=lambda: answers.append(server.get("/slow"))) for _ in range(20)]
    for client in clients:
        client.start()
    server.until_printed("slow begins", times=20)
    assert server.stop() == 0
    for client in clients:
        client.join()
    assert answers == [(200, "slow")] * 20


def test_sigterm_closes_sockets_with_service_restart(project, run):
    """A page hears 1012 and comes back by itself, instead of a connection that is lost (1006)."""
    project.write(
        "hello.py",
        """
        from demijohn import Flask, websocket
        app = Flask(__name__)
        @app.websocket("/ws")
        async def ws():
            while True:
                await websocket.send(await websocket.receive())
        """,
    )
    server = run()
    with connect(f"ws://127.0.0.1:{server.port}/ws") as peer:
        peer.send("ready?")
        assert peer.recv(timeout=20) == "ready?"
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            peer.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    assert server.wait() == 0


def test_fault_2_past_the_grace_time_requests_are_cut_their_teardowns_run_and_it_is_said(app, run):
    server = run("--graceful-timeout", "0.5")
    client = threading.Thread(target=lambda: server.get("/endless"))
    client.start()
    server.until_printed("endless begins")
    assert server.stop() == 0
    client.join()
    assert "The grace time of 0.5 s is over" in server.output
    assert "teardown" in server.output.partition("The grace time")[2]
    if app == "async":
        assert "closed" in server.output


def test_a_client_that_sent_half_a_request_does_not_hold_the_drain_beyond_the_grace_time(app, run):
    server = run("--graceful-timeout", "0.5")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        server.get()  # so that the first connection has been seen
        assert server.stop() == 0


def test_fault_3_a_killed_worker_is_replaced(hello, run):
    server = run()
    first = int(server.get("/pid")[1])
    os.kill(first, signal.SIGKILL)
    server.until_printed(rf"Worker {first} died \(signal SIGKILL\)")
    assert int(server.get("/pid")[1]) != first
    assert server.stop() == 0


def test_workers_leave_when_the_supervisor_is_killed(app, run):
    server = run("--workers", "2", "--graceful-timeout", "5")
    server.until(lambda: len(_children(server.process.pid)) == 2, "two workers")
    slow: list[tuple[int, str]] = []
    client = threading.Thread(target=lambda: slow.append(server.get("/slow")))
    client.start()
    server.until_printed("slow begins")
    # wait() fails when a worker still holds the output.
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    client.join()
    assert slow == [(200, "slow")]


def test_fault_19_sighup_replaces_the_workers_and_no_request_fails(hello, run):
    server = run("--workers", "2")
    url = f"http://127.0.0.1:{server.port}/pid"
    seen: list[str] = []
    failures: list[Exception] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                with urllib.request.urlopen(url, timeout=20) as answer:
                    seen.append(answer.read().decode())
            except Exception as error:
                failures.append(error)

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    old = set(_children(server.process.pid))
    server.process.send_signal(signal.SIGHUP)
    server.until(lambda: len(new := set(_children(server.process.pid))) == 2 and not new & old, "new workers")
    done.set()
    for client in clients:
        client.join()
    assert server.stop() == 0
    assert failures == []
    assert len(set(seen)) > 1


def test_when_the_new_code_cannot_be_loaded_the_old_workers_stay(hello, project, run):
    server = run()
    server.get()
    project.write("hello.py", "def broken(:")
    server.process.send_signal(signal.SIGHUP)
    server.until_printed("the old ones stay")
    assert server.get() == (200, "hello")
    assert server.stop() == 0


def test_a_closed_terminal_ends_the_server(hello, project):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.path)
        arguments = ["-m", "demijohn", "--app", "hello", "run", "--port", "0"]
        os.execve(sys.executable, [sys.executable, *arguments], project.environment())
    output = b""
    while b"Press CTRL+C" not in output:
        output += os.read(terminal, 1000)
    workers = _children(pid)
    os.close(terminal)
    os.waitpid(pid, 0)
    assert workers
    end = time.monotonic() + 20  # a worker that drains is told by the lifeline, not killed
    while any(os.path.exists(f"/proc/{worker}") for worker in workers):
        assert time.monotonic() < end, "a worker is left behind"
        time.sleep(0.05)


def test_workers_that_keep_dying_end_the_server(project, run):
    project.write(
        "hello.py",
        """
        import os, threading
        from demijohn import Flask
        app = Flask(__name__)
        @app.before_serving
        def die_soon():
            threading.Timer(0.2, os._exit, [7]).start()
        """,
    )
    server = run()
    assert server.wait() == 1
    assert "in a row died" in server.output


def test_a_port_in_use_is_refused_without_a_traceback(hello, run):
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = run("--port", str(other.getsockname()[1]))
        assert server.wait() == 1
    assert "is in use by another program" in server.output
    assert "Traceback" not in server.output


@pytest.mark.parametrize("mode", ["--no-reload", "--reload", "--prod", "--uds=taken.sock"])
def test_what_is_wrong_is_said_before_what_is_in_the_way(mode, project, run):
    """The application that cannot be loaded, and not the port or the file that is taken."""
    project.write("hello.py", "import no_such_module\n")
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket(socket.AF_UNIX) as file:
        file.bind(str(project.path / "taken.sock"))
        file.listen()
        server = run(mode, "--port", str(other.getsockname()[1]))
        assert server.wait() != 0
    assert "No module named 'no_such_module'" in server.output
    assert "in use" not in server.output


def test_a_second_server_on_the_same_port_is_refused(hello, run):
    """With SO_REUSEPORT, Granian's way, it would start and take half the requests."""
    first = run()
    second = run("--port", str(first.port))
    assert second.wait() == 1
    assert first.get() == (200, "hello")


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        ("nowhere", "Could not import 'nowhere'"),
        ("hello:nothing", "Failed to find attribute 'nothing' in 'hello'"),
        ("hello:os", "A valid Flask application was not obtained from 'hello:os'"),
    ],
)
def test_an_app_that_is_not_there_is_refused_without_a_traceback(hello, run, app, reason):
    server = run(app=app)
    assert server.wait() == 2
    assert reason in server.output
    assert "Usage: demijohn run" in server.output
    assert "Traceback" not in server.output


def test_an_app_that_raises_shows_its_own_frames_and_the_reason(project, run):
    project.write("hello.py", "x = 1\nraise RuntimeError('no settings')")
    server = run()
    assert server.wait() == 1
    assert "Error: The application cannot be loaded: RuntimeError: no settings" in server.output
    assert [os.path.basename(f) for f in re.findall('File "(.*?)"', server.output)] == ["hello.py"]


def test_a_missing_granian_is_named_with_the_command_that_installs_it(hello, project, run):
    project.write("granian.py", "raise ImportError('not here')")
    server = run()
    assert server.wait() == 1
    assert "pip install 'demijohn[server]'" in server.output
    assert "Traceback" not in server.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--debug", "--host", "0.0.0.0"], "Debug mode is refused on '0.0.0.0'"),
        (["--debug", "--no-reload", "--workers", "2"], "Debug mode is not for 2 workers"),
        (["--reload", "--workers", "2"], "The reloader runs one worker"),
        (["--port", "70000"], "There is no port 70000"),
        (["--workers", "0"], "At least one worker"),
        (["--threads", "0"], "one thread"),
    ],
)
def test_case_55_what_is_unsafe_or_impossible_is_refused_with_the_reason(hello, run, arguments, reason):
    server = run(*arguments)
    assert server.wait() == 1
    assert reason in server.output
    assert "Running on" not in server.output


def test_case_55_remote_debug_can_be_allowed_by_name(hello, run):
    server = run("--debug", "--host", "0.0.0.0", DEMIJOHN_ALLOW_REMOTE_DEBUG="1")
    server.until_printed(r"Running on http://0\.0\.0\.0:\d+ \(all addresses\)")
    assert server.stop() == 0


def test_unix_socket(hello, project, run):
    server = run("--uds", "hello.sock")
    server.until_printed("Running on unix:hello.sock")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(project.path / "hello.sock"))
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.makefile("rb").read().endswith(b"\r\n\r\nhello")
    assert server.stop() == 0
    assert not (project.path / "hello.sock").exists()


def test_a_unix_socket_left_by_a_killed_server_is_taken_over(hello, project, run):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(project.path / "hello.sock"))
    server = run("--uds", "hello.sock")
    server.until_printed("Running on unix:")
    assert server.stop() == 0


@pytest.mark.parametrize("how", ["adhoc", "files"])
def test_tls(hello, project, run, how):
    arguments = ["--cert", "adhoc"]
    if how == "files":
        _write_certificate(project.path)
        arguments = ["--cert", "cert.pem", "--key", "key.pem"]
    server = run(*arguments)
    url = f"https://127.0.0.1:{server.port}/"
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(url, context=unverified, timeout=20) as answer:
        assert answer.read() == b"hello"
    assert server.stop() == 0


@pytest.mark.parametrize("wrong", ["no certificate", "another key", "a password"])
def test_certificate_files_that_cannot_be_used_are_refused_before_anything_starts(hello, project, run, wrong):
    _write_certificate(project.path)
    if wrong == "no certificate":
        project.write("cert.pem", "nothing of the kind")
    elif wrong == "another key":
        first = (project.path / "cert.pem").read_bytes()
        _write_certificate(project.path)
        (project.path / "cert.pem").write_bytes(first)
    else:
        _write_certificate(project.path, b"s3sam3")
    server = run("--cert", "cert.pem", "--key", "key.pem")
    assert server.wait() == 1
    assert "protected by a password" in server.output or "cannot be used" in server.output
    assert "Traceback" not in server.output
    assert "Running on" not in server.output


def test_settings_come_from_the_environment_in_both_spellings(hello, start):
    server = start(
        "-m", "demijohn", "run", FLASK_APP="hello", FLASK_RUN_PORT="1", DEMIJOHN_RUN_PORT="0", FLASK_DEBUG="0"
    )
    assert server.get() == (200, "hello")


def test_case_49_a_path_with_control_characters_is_one_escaped_line_of_the_access_log(hello, run):
    server = run("--access-log")
    server.get("/a%0afake%1b%5b31m")
    assert server.stop() == 0
    assert r'"GET /a\nfake\x1b[31m HTTP/1.1" 404' in server.output


def test_granian_does_not_make_the_process_environment_part_of_requests(project, run):
    """Seen on 2.8.7: the WSGI environ starts as a copy of os.environ, HTTP_PROXY becoming a header."""
    project.write(
        "hello.py",
        """
        from demijohn import Flask, request
        app = Flask(__name__)
        @app.get("/")
        def f():
            return {"secret": request.environ.get("MY_SECRET"), "header": request.headers.get("Proxy")}
        """,
    )
    server = run(MY_SECRET="s", HTTP_PROXY="http://p")
    assert server.get()[1].replace(" ", "").strip() == '{"header":null,"secret":null}'


def test_ctrl_c_in_a_terminal_reaches_all_processes_and_ends_them_quietly(app, run):
    server = run("--workers", "2")
    server.get()
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.wait() == 0
    assert "Traceback" not in server.output


def test_an_application_that_handles_signals_of_its_own_still_stops(project, run):
    project.write(
        "hello.py",
        """
        import asyncio, signal
        from demijohn import Flask
        app = Flask(__name__)
        @app.before_serving
        async def f():
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print, "handled")
        @app.after_serving
        async def g():
            print("closed", flush=True)
        """,
    )
    server = run("--graceful-timeout", "300")
    server.get()
    assert server.stop() == 0
    assert "closed" in server.output


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def _write_certificate(path, password=None) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from werkzeug.serving import generate_adhoc_ssl_pair

    certificate, key = generate_adhoc_ssl_pair(cn="localhost")
    (path / "cert.pem").write_bytes(certificate.public_bytes(s.Encoding.PEM))
    how = s.BestAvailableEncryption(password) if password else s.NoEncryption()
    (path / "key.pem").write_bytes(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, how))


pytestmark = [pytest.mark.servers, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]
