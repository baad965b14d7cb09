"""Numbers as text, in the exposition format that Prometheus reads (version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]


def head(name: str, kind: str, about: str) -> Iterator[str]:
    """The two lines before a metric."""
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def sample(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    """One line of a metric."""
    text = ",".join(f'{label}="{_escaped(said)}"' for label, said in labels)
    shown = int(value) if value == int(value) else value
    return f"{name}{{{text}}} {shown}" if text else f"{name} {shown}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def histogram(
    name: str, labels: Labels, bounds: Sequence[float], counts: Sequence[float], total: float
) -> Iterator[str]:
    """The lines of one series of a histogram.

    :param counts: How many fell between each two bounds, those beyond the last at the end.
    """
    below = 0.0
    for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
        below += count
        yield sample(f"{name}_bucket", (*labels, ("le", bound)), below)
    yield sample(f"{name}_sum", labels, total)
    yield sample(f"{name}_count", labels, below)


def gauge(name: str, about: str, values: Mapping[Labels, float]) -> Iterator[str]:
    """The lines of a gauge."""
    yield from head(name, "gauge", about)
    for labels, value in sorted(values.items()):
        yield sample(name, labels, value)
