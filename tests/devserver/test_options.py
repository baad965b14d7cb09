"""The checks made before anything is bound or started."""

from __future__ import annotations

import json

import pytest

from demijohn.devserver.options import ServeError, ServeOptions, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_hosts_are_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "no.such.host.invalid"])
def test_any_other_host_is_not_loopback(host):
    assert not is_loopback(host)


def test_a_worker_reads_the_options_as_they_were_written():
    options = ServeOptions(cert=("a", "b"), extra_files=("x",), threads=3, debug=True)
    assert ServeOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_an_unknown_interface_is_refused_with_those_there_are():
    with pytest.raises(ServeError, match="auto, wsgi, asgi, rsgi"):
        ServeOptions(interface="cgi").check()


def test_case_55_debug_on_a_unix_socket_is_local():
    ServeOptions(debug=True, host="0.0.0.0", uds="x.sock").check()


def test_rsgi_on_a_unix_socket_is_refused_with_the_reason():
    with pytest.raises(ServeError, match="cut a stream"):
        ServeOptions(interface="rsgi", uds="x.sock").check()
