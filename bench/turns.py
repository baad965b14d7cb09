"""Entrants that take turns, each in a process of its own, as calls of functions: what `forms` and `i18n` are run by.

A round runs every entrant once, one after the other, so that the rounds' ratios can be compared: CPU time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from bench import environment

#: By case and entrant: microseconds, each round's.
Figures = dict[str, dict[str, list[float]]]


def serve_parent(
    cases: Mapping[str, Callable[[], object]],
    calls: Mapping[str, int],
    parts: Mapping[str, int] | None = None,
) -> None:
    """The entrant's side: a case's name a line in, its microseconds out.

    :param cases: What is called for each; checked to be right.
    :param calls: How often it is called in a slice.
    :param parts: How many of what is measured a call is, where that is more than one.
    """
    for case, call in cases.items():
        for _ in range(calls[case]):
            call()
    print("ready", flush=True)
    for line in sys.stdin:
        case = line.strip()
        call = cases[case]
        begun = time.process_time()
        for _ in range(calls[case]):
            call()
        taken = (time.process_time() - begun) / calls[case] / (parts or {}).get(case, 1)
        print(json.dumps(taken * 1e6), flush=True)


class Entrant:
    """One entrant's process: ``python -m MODULE NAME``."""

    def __init__(self, module: str, name: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [environment.python(), "-m", module, name],
            cwd=environment.ROOT, env=environment.child_environ(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline() == "ready\n"

    def run(self, case: str) -> float:
        """Microseconds of CPU time for each call of a slice."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(case, file=self.process.stdin, flush=True)
        taken: float = json.loads(self.process.stdout.readline())
        return taken

    def close(self) -> str:
        """End it; what it complained of last."""
        if self.process.poll() is None:
            self.process.kill()
        return (self.process.communicate()[1].strip().splitlines() or ["it ended"])[-1]


def measure(
    module: str, entrants: Iterable[str], cases: Sequence[str], names: Sequence[str], rounds: int
) -> tuple[Figures, list[str]]:
    """Run the entrants of a module that are called `names`, all when there are none; figures and problems."""
    begun = [Entrant(module, name) for name in entrants if not names or name in names]
    racing = [entrant for entrant in begun if entrant.ready]
    figures: Figures = {case: {entrant.name: [] for entrant in racing} for case in cases}
    for number in range(rounds):
        first = number % max(1, len(racing))
        for case in cases:
            for entrant in racing[first:] + racing[:first]:
                figures[case][entrant.name].append(entrant.run(case))
    said = {entrant: entrant.close() for entrant in begun}
    return figures, [f"{entrant.name}: {said[entrant]}" for entrant in begun if not entrant.ready]
