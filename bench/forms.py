"""The kind with forms: `python -m bench forms`.

A page with a form of six fields, and a POST of it that is valid, as browsers send it and as a client does that does not
say where it comes from (each has a token), in process, against Flask with Flask-WTF and against
WTForms and Jinja alone, which is what cannot be saved. Each entrant has a process of its own; a round runs every
entrant once, one after the other, and the medians of the rounds' ratios are compared: CPU time.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

from bench import turns
from bench.apps import forms
from bench.report import amount, table
from bench.turns import Figures

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
    """The entrant's side, see :func:`turns.serve_parent`."""
    pair = dict(zip(CASES, ENTRANTS[name](), strict=True))
    if pair["post"]() != "done" or pair["page"]().count("<p>") != 6:
        raise SystemExit("it does not answer as it should")
    turns.serve_parent(pair, CALLS)


def measure(names: Sequence[str], rounds: int) -> tuple[Figures, list[str]]:
    """Run the entrants called `names`, all when there are none."""
    return turns.measure("bench.forms", ENTRANTS, CASES, names, rounds)


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
