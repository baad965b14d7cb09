"""The kind with forms: `python -m bench forms`.

A page with a form of six fields, and a POST of it that is valid, as browsers send it and as a client does that does not
say where it comes from (each has a token), in process, against Flask with Flask-WTF and against
WTForms and Jinja alone, which is what cannot be saved. Each entrant has a process of its own; a round runs every
entrant once, one after the other, and the medians of the rounds' ratios are compared: CPU time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from bench import environment
from bench.apps import forms
from bench.report import amount, table

ENTRANTS = {
    "bare": forms.bare,
    "demijohn": forms.demijohn,
    "demijohn + flask-wtf": forms.flask_wtf,
    "flask + flask-wtf": forms.flask,
}
DISTRIBUTIONS = ("flask-wtf", "wtforms")
CASES = ("page", "post", "post by token")
#: How many times as much as WTForms and Jinja alone ours may cost.
TARGETS = {"page": 1.3, "post": 2.0, "post by token": 2.0}
CALLS = {"page": 100, "post": 300, "post by token": 300}


def serve_parent(name: str) -> None:
    """The entrant's side: a case's name a line in, its microseconds out."""
    pair = dict(zip(CASES, ENTRANTS[name](), strict=True))
    if pair["post"]() != "done" or pair["page"]().count("<p>") != 6:
        raise SystemExit("it does not answer as it should")
    for case in CASES:
        for _ in range(CALLS[case]):
            pair[case]()
    print("ready", flush=True)
    for line in sys.stdin:
        case = line.strip()
        begun = time.process_time()
        for _ in range(CALLS[case]):
            pair[case]()
        print(json.dumps((time.process_time() - begun) / CALLS[case] * 1e6), flush=True)


class Entrant:
    """One entrant's process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [environment.python(), "-m", "bench.forms", name],
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


#: By case and entrant: microseconds, each round's.
Figures = dict[str, dict[str, list[float]]]


def measure(names: Sequence[str], rounds: int) -> tuple[Figures, list[str]]:
    """Run the entrants called `names`, all when there are none."""
    entrants = [Entrant(name) for name in ENTRANTS if not names or name in names]
    racing = [entrant for entrant in entrants if entrant.ready]
    figures: Figures = {case: {entrant.name: [] for entrant in racing} for case in CASES}
    for number in range(rounds):
        first = number % max(1, len(racing))
        for case in CASES:
            for entrant in racing[first:] + racing[:first]:
                figures[case][entrant.name].append(entrant.run(case))
    said = {entrant: entrant.close() for entrant in entrants}
    return figures, [f"{entrant.name}: {said[entrant]}" for entrant in entrants if not entrant.ready]


def ratio(case: dict[str, list[float]], name: str) -> float:
    """How many times as much an entrant costs as WTForms and Jinja alone, the median of the rounds."""
    return statistics.median(its / bare for its, bare in zip(case[name], case["bare"], strict=True))


def text(figures: Figures, problems: Sequence[str]) -> str:
    """The table, the verdicts and the problems."""
    lines = [
        [
            f"{case}, {name}",
            amount(statistics.median(taken)),
            f"{ratio(row, name):.2f}" if "bare" in row else "",
        ]
        for case, row in figures.items()
        for name, taken in row.items()
    ]
    parts = ["## Forms, in process", table(["case", "CPU us", "bare = 1"], lines)]
    verdicts = [
        f"{case} {ratio(row, 'demijohn'):.2f}, {'met' if ratio(row, 'demijohn') <= TARGETS[case] else 'not met'}"
        f" (at most {TARGETS[case]})"
        for case, row in figures.items()
        if {"bare", "demijohn"} <= row.keys()
    ]
    parts.append(f"Targets, times WTForms and Jinja alone: {'; '.join(verdicts)}.")
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)


def main() -> None:
    """An entrant's process: `python -m bench.forms NAME`."""
    parser = argparse.ArgumentParser(prog="python -m bench.forms", description=__doc__)
    parser.add_argument("name", choices=tuple(ENTRANTS))
    serve_parent(parser.parse_args().name)


if __name__ == "__main__":
    main()
