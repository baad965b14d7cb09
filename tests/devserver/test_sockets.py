"""Binding: where, and the reason when it cannot be."""

from __future__ import annotations

import socket

import pytest

from demijohn.devserver.options import ServeError, ServeOptions
from demijohn.devserver.sockets import display_address, listen, release


def test_port_0_takes_a_free_one_and_shows_it():
    sock = listen(options := ServeOptions(port=0))
    try:
        assert display_address(sock, "http") == f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        release(sock, options)


def test_an_ipv6_address_is_shown_in_brackets():
    sock = listen(options := ServeOptions(host="::1", port=0))
    try:
        assert display_address(sock, "https").startswith("https://[::1]:")
    finally:
        release(sock, options)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(ServeError, match="is not an address of this machine"):
        listen(ServeOptions(host="192.0.2.1", port=0))


def test_a_host_that_is_unknown_is_refused():
    with pytest.raises(ServeError, match="Cannot listen on 'no.such.host.invalid'"):
        listen(ServeOptions(host="no.such.host.invalid", port=0))


def test_a_file_that_is_no_socket_is_not_removed(tmp_path):
    path = tmp_path / "data"
    path.write_text("precious")
    with pytest.raises(ServeError, match="is not a socket"):
        listen(ServeOptions(uds=str(path)))
    assert path.read_text() == "precious"


def test_a_unix_socket_in_use_is_refused_and_stays(tmp_path):
    path = str(tmp_path / "s")
    first = listen(options := ServeOptions(uds=path))
    try:
        with pytest.raises(ServeError, match="is in use"):
            listen(ServeOptions(uds=path))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
    finally:
        release(first, options)
