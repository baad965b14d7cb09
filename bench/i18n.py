"""The kind with translations: `python -m bench i18n`.

A page of thirty texts, a plural, a date and a number: plain, with an extension that is not used, and translated; and a
call of `gettext`. In process, against Flask with Flask-Babel. Each entrant has a process of its own; a round runs
every entrant once, one after the other, and the medians of the rounds' ratios are compared: CPU time.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence

from bench import turns
from bench.apps import i18n
from bench.report import amount, table
from bench.turns import Figures

ENTRANTS = {"demijohn": i18n.demijohn, "flask + flask-babel": i18n.flask}
DISTRIBUTIONS = ("flask-babel", "babel")
CASES = ("plain", "idle", "translated", "gettext")
#: What a call of a case stands for, and how often it is called in a slice.
CALLS = {"plain": 200, "idle": 200, "translated": 100, "gettext": 5}
PARTS = {"gettext": 1000}
#: At most this part of Flask-Babel's, and at most so many microseconds.
PART, GETTEXT = 0.25, 2.0


def serve_parent(name: str) -> None:
    """The entrant's side, see :func:`turns.serve_parent`."""
    pair = dict(zip(CASES, ENTRANTS[name](), strict=True))
    if pair["translated"]().count("es: ") != 30 or pair["plain"]() != pair["idle"]():
        raise SystemExit("it does not answer as it should")
    turns.serve_parent(pair, CALLS, PARTS)


def measure(names: Sequence[str], rounds: int) -> tuple[Figures, list[str]]:
    """Run the entrants called `names`, all when there are none."""
    return turns.measure("bench.i18n", ENTRANTS, CASES, names, rounds)


def _verdict(what: str, part: float) -> str:
    return f"{what} {part:.2f} of Flask-Babel's, {'met' if part <= PART else 'not met'} (at most {PART})"


def text(figures: Figures, problems: Sequence[str]) -> str:
    """The table, the verdicts and the problems."""
    lines = [
        [f"{case}, {name}", amount(statistics.median(taken))]
        for case, row in figures.items()
        for name, taken in row.items()
    ]
    parts = ["## Translations, in process", table(["case", "CPU us"], lines)]
    if set(ENTRANTS) <= figures["translated"].keys():
        ours, theirs = ({case: figures[case][name] for case in CASES} for name in ENTRANTS)
        whole = statistics.median(
            a / b for a, b in zip(ours["translated"], theirs["translated"], strict=True)
        )
        added = statistics.median(
            (a - plain) / (b - their_plain)
            for a, plain, b, their_plain in zip(
                ours["translated"], ours["plain"], theirs["translated"], theirs["plain"], strict=True
            )
        )
        idle = statistics.median(a / b for a, b in zip(ours["idle"], ours["plain"], strict=True))
        call = statistics.median(ours["gettext"])
        parts.append(
            f"Targets: {_verdict('translated', whole)}; {_verdict('what translating adds', added)}; gettext"
            f" {call:.2f} us, {'met' if call < GETTEXT else 'not met'} (under {GETTEXT}); with an extension that is"
            f" not used a page costs {idle:.3f} of what it costs without."
        )
    if problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in problems)]
    return "\n\n".join(parts)


def main() -> None:
    """An entrant's process: `python -m bench.i18n NAME`."""
    parser = argparse.ArgumentParser(prog="python -m bench.i18n", description=__doc__)
    parser.add_argument("name", choices=tuple(ENTRANTS))
    serve_parent(parser.parse_args().name)


if __name__ == "__main__":
    main()
