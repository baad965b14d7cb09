"""The extension: what is measured of a request, and who may read it."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary, ref

from demijohn import Flask, Response, abort, request
from demijohn.ext.metrics.store import Store, lives
from demijohn.ext.metrics.text import CONTENT_TYPE, Labels, gauge, head, histogram, sample
from demijohn.extend import (
    Finding,
    Observation,
    add_check,
    current_application,
    expect_settings,
    observe,
    unproxied,
)

#: Bounds in seconds, those that OpenTelemetry's conventions advise for HTTP.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

#: A series: how many fell below each bound and beyond the last, and the sum. Of the first series one number counts.
_WIDTH = len(BOUNDS) + 2
_SUM = len(BOUNDS) + 1

#: Methods that are counted under their own name (RFC 9110, RFC 5789).
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

UNMATCHED, OTHER = "unmatched", "other"

_DURATION = "http_server_request_duration_seconds"
_ACTIVE = "http_server_active_requests"

#: This machine, and networks that are not routed (RFC 1918, 4193, 3927, 4291).
PRIVATE = (
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "169.254.0.0/16",
    "fe80::/10",
)  # fmt: skip

#: Seconds between two times that a process says its gauges to the others.
_PERIOD = 1.0


class Metrics:
    """Measures the requests of applications, and serves the numbers.

    :param app: An application; or call :meth:`init_app` later.
    :param path: Where they are served.
    """

    def __init__(self, app: Flask | None = None, path: str = "/metrics") -> None:
        self.path = path
        self._measured: WeakKeyDictionary[Flask, Measured] = WeakKeyDictionary()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Measure an application's requests.

        :raises WrongSetting: for a network in ``METRICS_ALLOW`` that is none.
        """
        app = unproxied(app)
        kind = _are_networks, "a list of networks, such as '10.0.0.0/8'"
        expect_settings(app, METRICS_ALLOW=kind, METRICS_FOLDER="path")
        measured = self._measured[app] = Measured(app)
        app.extensions["metrics"] = self
        app.add_url_rule(self.path, "metrics", self._view)
        observe(app, measured)
        add_check(app, measured.check)
        app.after_serving(measured.close)

    def _view(self) -> Response:
        measured = self._measured[current_application()]
        if not measured.allows(request.remote_addr, "X-Forwarded-For" in request.headers):
            abort(
                403,
                "This address may not read the metrics: see METRICS_ALLOW, and TRUSTED_PROXIES behind a proxy.",
            )
        return Response("\n".join(measured.lines()) + "\n", content_type=CONTENT_TYPE)


class Measured:
    """What is measured of one application; it is told of each request."""

    def __init__(self, app: Flask) -> None:
        self._app = ref(app)
        self._networks = _networks(app.config.get("METRICS_ALLOW"))
        self._behind = app.config.get("TRUSTED_PROXIES") is not None
        #: Where the numbers of a plan's answers are, by method and status.
        self._places: dict[tuple[Any, str, int], int] = {}
        self._pid = os.getpid()
        self._told = False

    @cached_property
    def store(self) -> Store:
        """The numbers, made when the first request comes, in the process that serves it."""
        app = self._app()
        assert app is not None
        return self._made(app)

    def _made(self, app: Flask) -> Store:
        folder = _folder(app)
        try:
            store = Store(_WIDTH, folder)
        except OSError as e:
            app.logger.warning(
                "The metrics of this process cannot be told to the others (%s): set METRICS_FOLDER to a folder that can"
                " be written to.", e,
            )  # fmt: skip
            store = Store(_WIDTH, None)
        store.place((_ACTIVE,))
        if store.folder is not None:
            threading.Thread(
                target=_keep_saying, args=(ref(self), store), name="demijohn-metrics", daemon=True
            ).start()
        return store

    # Counting.

    def begin(self, seen: Observation) -> None:
        """One more is in progress."""
        store = self.store
        with store.lock:
            store.values[0] += 1

    def end(self, seen: Observation) -> None:
        """One less is in progress, and it took so long."""
        seconds = perf_counter() - seen.began
        try:
            place = self._places[seen.plan, seen.method, seen.status]
        except KeyError:
            place = self._place(seen)
        bucket = place + bisect_left(BOUNDS, seconds)
        store = self.store
        values = store.values
        with store.lock:
            values[0] -= 1
            values[bucket] += 1
            values[place + _SUM] += seconds

    def _place(self, seen: Observation) -> int:
        method = seen.method if seen.method in _METHODS else OTHER
        key = (method, seen.route or UNMATCHED, str(seen.status))
        place = self._by_key.get(key)
        if place is None:
            place = self._by_key[key] = self.store.place(key)
        if len(self._places) > 4 * len(BOUNDS) * 1000:
            self._places.clear()  # plans that are no more, and methods that a client made up
        self._places[seen.plan, seen.method, seen.status] = place
        return place

    @cached_property
    def _by_key(self) -> dict[tuple[str, ...], int]:
        return {}

    # Telling.

    def allows(self, address: str | None, forwarded: bool) -> bool:
        """Whether who asks from an address may read the numbers.

        :param forwarded: Whether a proxy has passed it on: then the address is the proxy's, unless proxies are trusted.
        """
        if address is None or (forwarded and not self._behind):
            return False
        try:
            asked = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(asked, "ipv4_mapped", None)
        return any((mapped or asked) in network for network in self._networks)

    def gauges(self) -> dict[str, Any]:
        """What this process says of itself: for each gauge what it is about, and its values by labels."""
        app = self._app()
        found: dict[str, Any] = {
            "demijohn_threads": ["Threads that run Python.", [[[], len(sys._current_frames())]]],
        }
        if app is not None:
            found["demijohn_websockets"] = ["Open WebSockets.", [[[], len(app.lifecycle.sockets)]]]
            for name, about, read in app.gauges:
                with app.app_context():
                    found[name] = [about, [[list(labels), value] for labels, value in read().items()]]
        return found

    def say(self) -> None:
        """Let the other processes know."""
        self.store.say(self.gauges())

    def lines(self) -> Iterator[str]:
        """The numbers of all processes as text."""
        store = self.store
        durations: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0] * _WIDTH)
        active = 0.0
        for alive, series in self._all(store):
            for key, values in series:
                if key == (_ACTIVE,):
                    active += values[0] if alive else 0
                else:
                    added = durations[key]
                    for number, value in enumerate(values):
                        added[number] += value
        yield from head(_DURATION, "histogram", "Duration of HTTP requests, to the last byte of the answer.")
        for key, values in sorted(durations.items()):
            labels: Labels = tuple(zip(("method", "route", "status"), key, strict=True))
            yield from histogram(_DURATION, labels, BOUNDS, values[:_SUM], values[_SUM])
        yield from head(_ACTIVE, "gauge", "HTTP requests in progress.")
        yield sample(_ACTIVE, (), active)
        yield from self._gauge_lines(store)

    def _all(self, store: Store) -> Iterator[tuple[bool, Iterable[Any]]]:
        yield True, store.own()
        for pid, series in store.others():
            yield lives(pid), series

    def _gauge_lines(self, store: Store) -> Iterator[str]:
        together: dict[str, tuple[str, dict[Labels, float]]] = {}
        for said in (self.gauges(), *store.said()):
            for name, (about, values) in said.items():
                summed = together.setdefault(name, (about, {}))[1]
                for labels, value in values:
                    key: Labels = tuple((str(label), str(text)) for label, text in labels)
                    summed[key] = summed.get(key, 0.0) + value
        for name, (about, summed) in sorted(together.items()):
            yield from gauge(name, about, summed)

    def check(self, app: Flask) -> Iterator[Finding]:
        """What should be otherwise before others can reach the application."""
        if any(network.prefixlen == 0 for network in self._networks):
            yield Finding(
                "metrics", "warning", "METRICS_ALLOW lets everybody read the metrics.",
                "They tell which addresses there are, how often each is asked for and how often it fails.",
                "Name the networks of who collects them.",
            )  # fmt: skip

    def close(self) -> None:
        """This process has served."""
        if "store" in self.__dict__:
            self.store.leave()


def _networks(allowed: Any) -> list[IPv4Network | IPv6Network]:
    named = PRIVATE if allowed is None else (allowed,) if isinstance(allowed, str) else allowed
    return [ip_network(network, strict=False) for network in named]


def _are_networks(value: object) -> bool:
    try:
        _networks(value)
    except (TypeError, ValueError):
        return False
    return True


def _folder(app: Flask) -> Path | None:
    """Where the processes of this server have their numbers; None where there is one process, as far as is known."""
    given = app.config.get("METRICS_FOLDER")
    if given is not None:
        return Path(given)
    server = os.environ.get("DEMIJOHN_SERVER")
    return Path(tempfile.gettempdir()) / f"demijohn-metrics-{server}" if server else None


def _keep_saying(reference: Any, store: Store) -> None:
    """In a thread of its own: say this process's gauges, as long as there is something to say them of."""
    stop = threading.Event()
    while True:
        measured = reference()
        if measured is None:
            return
        try:
            measured.say()
        except Exception:
            app = measured._app()
            if app is not None:
                app.logger.exception("The gauges could not be read")
            return
        del measured
        stop.wait(_PERIOD)
