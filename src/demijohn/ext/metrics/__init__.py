"""What an application does, in numbers that Prometheus and its kind collect: ``/metrics``.

    metrics = Metrics(app)

    $ curl localhost:5000/metrics
    http_server_request_duration_seconds_bucket{method="GET",route="/bottles/<int:id>",status="200",le="0.005"} 412

Durations by method, rule and status, from the first byte of a request to the last of its answer; requests in
progress; and the gauges that the application and other parts of this package give
(:func:`demijohn.extend.add_gauge`). The workers of ``demijohn run`` are summed: whichever is asked tells of all. Who
may ask is in ``METRICS_ALLOW``, by default this machine and private networks. A path that matches no rule, and a method
that nobody knows, count under one name each, so that nobody can make the numbers grow without end.
"""

from __future__ import annotations

from demijohn.ext.metrics.extension import Metrics

__all__ = ["Metrics"]
