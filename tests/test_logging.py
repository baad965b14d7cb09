from __future__ import annotations

import io
import logging
import sys

import pytest

from demijohn import Flask
from demijohn.logging import (
    EscapingFormatter,
    create_logger,
    default_handler,
    has_level_handler,
    wsgi_errors_stream,
)


def bare(name):
    """The logger ``name`` as a new process has it, out of reach of pytest's handlers.

    Called in the test itself: pytest adds its handlers when the fixtures are there already.
    """
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
    return logger


@pytest.fixture
def top():
    """Makes the parent of the app's logger the top of its tree."""

    def make():
        bare("a_test.app")
        logger = bare("a_test")
        logger.propagate = False
        return logger

    yield make
    bare("a_test.app")
    bare("a_test")


@pytest.fixture
def app():
    return Flask("a_test.app", root_path="/")


def test_the_logger_is_named_as_the_app_and_has_our_handler(app, top):
    top()
    logger = create_logger(app)
    assert logger.name == "a_test.app"
    assert logger.handlers == [default_handler]
    assert logger.level == logging.NOTSET


def test_debug_mode_sets_the_level_of_a_logger_without_one(app, top):
    top()
    app.debug = True
    assert create_logger(app).level == logging.DEBUG


def test_debug_mode_leaves_a_level_alone(app, top):
    top()
    logging.getLogger(app.name).setLevel(logging.WARNING)
    app.debug = True
    assert create_logger(app).level == logging.WARNING


def test_a_configured_logger_gets_no_second_handler(app, top):
    top().addHandler(logging.NullHandler())
    assert create_logger(app).handlers == []


def test_a_handler_that_takes_the_level_is_found_up_the_chain(top):
    parent = top()
    logger = logging.getLogger("a_test.app")
    logger.setLevel(logging.INFO)
    assert not has_level_handler(logger)
    handler = logging.NullHandler(logging.ERROR)
    parent.addHandler(handler)
    assert not has_level_handler(logger)
    handler.setLevel(logging.INFO)
    assert has_level_handler(logger)
    logger.propagate = False
    assert not has_level_handler(logger)


def test_errors_go_to_the_servers_stream_while_a_request_is_handled(app):
    stream = io.StringIO()
    with app.test_request_context("/", errors_stream=stream):
        assert wsgi_errors_stream._get_current_object() is stream
    assert wsgi_errors_stream._get_current_object() is sys.stderr


def written(message, *args, **kwargs):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(EscapingFormatter("%(levelname)s %(message)s"))
    logger = bare("a_test")
    logger.addHandler(handler)
    logger.warning(message, *args, **kwargs)
    bare("a_test")
    return stream.getvalue()


def test_case_49_a_path_with_control_characters_is_one_escaped_line():
    assert written("at %s", "/a\n\x1b[31mERROR") == "WARNING at /a\\n\\x1b[31mERROR\n"
    assert written("at %(path)s", {"path": "/a\r\x9b"}) == "WARNING at /a\\r\\x9b\n"


def test_case_49_a_path_inside_the_message_cannot_start_a_line():
    path = "/a\nWARNING forged\x1b[2J"
    assert written(f"at {path}") == "WARNING at /a\n    WARNING forged\\x1b[2J\n"


def test_case_49_a_traceback_keeps_its_lines_only():
    try:
        raise ValueError("bad\x1b[2J")
    except ValueError:
        text = written("failed", exc_info=True)
    assert "Traceback (most recent call last):\n" in text
    assert text.endswith("ValueError: bad\\x1b[2J\n")


def test_other_handlers_get_the_record_as_it_was():
    record = logging.LogRecord("a", 30, "p", 1, "at %s", ("\n",), None)
    EscapingFormatter("%(message)s").format(record)
    assert record.args == ("\n",)


def test_case_49_a_traceback_left_by_another_handler_is_escaped_too():
    def line(**attributes):
        record = logging.LogRecord("a", 30, "p", 1, "at", (), attributes.pop("exc_info", None))
        record.exc_text = "E: \x1b[2J"
        return EscapingFormatter("%(message)s").format(record)

    assert line() == "at\nE: \\x1b[2J"
    assert line(exc_info=(ValueError, ValueError("\x1b"), None)) == "at\nValueError: \\x1b"


def test_numbers_stay_numbers():
    assert written("%d of %05.1f", 3, 2.5) == "WARNING 3 of 002.5\n"


def test_the_request_path_in_the_log_of_an_unhandled_error_is_escaped(app, top):
    top()

    @app.route("/<path:path>")
    def fail(path):
        raise RuntimeError

    stream = io.StringIO()
    app.test_client().get("/%0a%1b[31m", errors_stream=stream)
    first = stream.getvalue().split("Traceback")[0]
    assert "ERROR in" in first
    assert "\x1b" not in first
    assert first.count("\n") == 1
