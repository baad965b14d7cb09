"""Topic 17: the visitor's address is the peer's, and a header is only a header."""

from __future__ import annotations

SAMPLE = "topic_17_address"


def test_the_address_is_the_peers(visit):
    assert visit.get("/").text == "Your IP address is: 127.0.0.1"


def test_a_header_that_anybody_can_send_does_not_change_it(visit):
    assert visit.get("/", [("X-Forwarded-For", "203.0.113.7")]).text == "Your IP address is: 127.0.0.1"


def test_the_header_can_be_read(visit):
    assert visit.get("/forwarded", [("X-Forwarded-For", "203.0.113.7")]).text == "Forwarded for: 203.0.113.7"
