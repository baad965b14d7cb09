"""The in-process kind: CPU time per request, entrants' rounds interleaved, the median of rounds.

One worker process per entrant and kind of application. In every round each entrant runs one slice of
the same case, in an order that turns by one each round, so that a noisy minute strikes all alike.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.cases import CASES, KINDS, Case
from bench.entrants import ENTRANTS, Entrant
from bench.environment import ROOT, child_environ, python


class Worker:
    """An entrant's process and the conversation with it."""

    def __init__(self, entrant: Entrant, kind: str) -> None:
        self.entrant = entrant
        self.process = subprocess.Popen(
            [python(), "-m", "bench.worker", entrant.module, entrant.protocol, kind],
            cwd=ROOT,
            env=child_environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.failed: str = self._reply().get("failed", "")

    def _reply(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"failed": "its process ended", "wrong": "its process ended"}

    def ask(self, *words: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        assert self.process.stdin is not None
        try:
            print(json.dumps(words), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return {"wrong": "its process ended"}
        return self._reply()

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Figures:
    """`costs` is case -> entrant -> microseconds of CPU per request; `rounds` holds what they are the
    medians of; `problems` is what could not be measured and why."""

    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    rounds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def measure(names: Sequence[str], cases: Iterable[Case], rounds: int, slice_seconds: float) -> Figures:
    """Run `cases` for the entrants called `names`, `rounds` slices of `slice_seconds` each."""
    figures, wanted = Figures(), list(cases)
    for kind in KINDS:
        of_kind = [case for case in wanted if case.kind == kind]
        if not of_kind:
            continue
        workers = []
        try:
            for name in names:
                worker = Worker(ENTRANTS[name], kind)
                workers.append(worker)
                if worker.failed:
                    figures.problems.append(f"{name} ({kind}): {worker.failed}")
            ready = [worker for worker in workers if not worker.failed]
            for case in of_kind:
                print(f"  {case.title} ...", end="", file=sys.stderr, flush=True)
                _measure_case(figures, ready, case, rounds, slice_seconds)
                print(file=sys.stderr)
        finally:
            for worker in workers:
                worker.close()
    return figures


def _measure_case(
    figures: Figures, workers: list[Worker], case: Case, rounds: int, slice_seconds: float
) -> None:
    calls: dict[str, int] = {}
    for worker in workers:
        reply = worker.ask("prepare", case.name, slice_seconds)
        if "calls" in reply:
            calls[worker.entrant.name] = reply["calls"]
        elif "wrong" in reply:
            figures.problems.append(f"{worker.entrant.name}, {case.name}: {reply['wrong']}")
    running = [worker for worker in workers if worker.entrant.name in calls]
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds):
        first = turn % max(1, len(running))
        for worker in running[first:] + running[:first]:
            name = worker.entrant.name
            reply = worker.ask("run", case.name, calls[name])
            if "cpu" in reply:
                taken[name].append(reply["cpu"] / calls[name] * 1e6)
    for worker in running:
        name = worker.entrant.name
        wrong = worker.ask("finish", case.name).get("wrong")
        if wrong or not taken[name]:
            figures.problems.append(f"{name}, {case.name}: {wrong or 'no round was completed'}")
            continue
        figures.rounds.setdefault(case.name, {})[name] = taken[name]
        figures.costs.setdefault(case.name, {})[name] = statistics.median(taken[name])


def select(only: Sequence[str]) -> list[Case]:
    """The cases called `only`, or all."""
    unknown = set(only) - {case.name for case in CASES}
    if unknown:
        raise SystemExit(
            f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(c.name for c in CASES)}"
        )
    return [case for case in CASES if not only or case.name in only]
