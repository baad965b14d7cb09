"""The targets, each a ratio to a peer measured in the same run, and the verdict on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """`ours` must cost at most `rival`'s cost / `factor` in `case`, and less than each of `ahead_of`."""

    case: str
    ours: str
    rival: str
    factor: float
    ahead_of: tuple[str, ...] = ()


PURE_WSGI = ("bottle", "werkzeug", "flask")

TARGETS: tuple[Target, ...] = (
    Target("hello", "demijohn", "flask", 18, ("falcon", "bottle")),
    Target("params", "demijohn", "flask", 16, ("falcon", "bottle", "starlette")),
    Target("json", "demijohn", "flask", 14, ("falcon", "starlette")),
    Target("query", "demijohn", "flask", 12),
    Target("form", "demijohn", "flask", 14, PURE_WSGI),
    Target("multipart", "demijohn", "flask", 8),
    Target("session-read", "demijohn", "flask", 9),
    Target("session-write", "demijohn", "flask", 10),
    Target("abort", "demijohn", "flask", 16),
    Target("unrouted", "demijohn", "flask", 16),
    Target("page", "demijohn", "flask", 3.5),
    Target("hello", "demijohn-asgi", "quart", 40, ("starlette", "blacksheep", "falcon-asgi")),
    Target("pool", "demijohn-asgi", "starlette", 5),
    Target("bridge", "demijohn", "flask", 15),
    Target("hello", "demijohn-compat", "demijohn", 1 / 1.3),
    Target("form", "demijohn-compat", "demijohn", 1 / 1.3),
    Target("session-read", "demijohn-compat", "demijohn", 1 / 1.3),
    Target("session-write", "demijohn-compat", "demijohn", 1 / 1.3),
)


@dataclass(frozen=True)
class Verdict:
    """One target's outcome; costs are microseconds of CPU per request."""

    target: Target
    cost: float
    allowed: float
    ratio: float
    behind: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether the ratio is reached and every named peer is behind."""
        return self.cost <= self.allowed and not self.behind

    def text(self) -> str:
        """The verdict in words."""
        parts = []
        if self.cost > self.allowed:
            parts.append(f"falls short by {(self.cost / self.allowed - 1) * 100:.0f}%")
        if self.behind:
            parts.append("behind " + ", ".join(self.behind))
        return "; ".join(parts) or "met"


def judge(costs: Mapping[str, Mapping[str, float]]) -> list[Verdict]:
    """A verdict for each target whose two sides were measured; `costs` is case -> entrant -> us."""
    verdicts = []
    for target in TARGETS:
        row = costs.get(target.case, {})
        if target.ours not in row or target.rival not in row:
            continue
        cost, rival = row[target.ours], row[target.rival]
        behind = tuple(name for name in target.ahead_of if name in row and row[name] < cost)
        verdicts.append(Verdict(target, cost, rival / target.factor, rival / cost, behind))
    return verdicts
