"""Which content coding a client is given, by its q-values (RFC 9110, 12.5.3)."""

from __future__ import annotations

import pytest

from demijohn.http.codings import choose_coding

SIZES = {"br": 30, "gzip": 40, "identity": 100}


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("gzip; q=0.5 , br ;q=0.4", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.0, br;q=0.000", "identity"),
        ("*", "br"),
        ("*;q=0.5, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("*;q=0", "identity"),
        ("identity;q=0", "identity"),
        ("deflate, zstd", "identity"),
        ("gzip;q=nonsense", "identity"),
        ("gzip;q=-1", "identity"),
        ("gzip;q=1e3", "identity"),
        ("gzip;level=9", "gzip"),
        (",,gzip,,", "gzip"),
        ("gzip," * 1000, "identity"),
    ],
)
def test_the_clients_weights_decide(header, coding):
    assert choose_coding(header, SIZES) == coding


def test_of_what_is_wanted_as_much_the_smallest_is_taken():
    assert choose_coding("br, gzip", {"br": 50, "gzip": 40, "identity": 100}) == "gzip"
    assert choose_coding("br, gzip, identity", {"br": 50, "identity": 45}) == "identity"
