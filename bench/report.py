"""Tables and verdicts as text; the same text is printed and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.cases import BY_NAME
from bench.entrants import ENTRANTS
from bench.targets import Verdict

BASELINES = {"wsgi": "flask", "asgi": "quart", "rsgi": "quart"}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned so that it also reads well in a terminal."""
    widths = [max(len(line[n]) for line in (head, *rows)) for n in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(w) if n == 0 else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(cells, widths, strict=True))
        )
        return "| " + " | ".join((first, *others)) + " |"

    rule = "|" + "|".join("-" * (w + 1) + (":" if n else "-") for n, w in enumerate(widths)) + "|"
    return "\n".join((line(head), rule, *(line(row) for row in rows)))


def amount(value: float) -> str:
    """Three significant figures, without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def costs_table(costs: Mapping[str, Mapping[str, float]], protocols: Sequence[str]) -> str:
    """Cases down, the entrants of these protocols across: microseconds, and how many times cheaper than
    the baseline that is."""
    names = [
        name
        for name, entrant in ENTRANTS.items()
        if entrant.protocol in protocols and any(name in row for row in costs.values())
    ]
    if protocols[0] != "wsgi":
        names = [name for name in names if any(name in row for row in costs.values())]
    baseline = BASELINES[protocols[0]]
    rows = []
    for case, row in costs.items():
        if not any(name in row for name in names):
            continue
        cells = [BY_NAME[case].title]
        for name in names:
            if name not in row:
                cells.append("")
            elif name == baseline or baseline not in row:
                cells.append(amount(row[name]))
            else:
                cells.append(f"{amount(row[name])} ({amount(row[baseline] / row[name])}x)")
        rows.append(cells)
    return table([f"us (times cheaper than {baseline})", *names], rows) if rows else ""


def verdicts_table(verdicts: Sequence[Verdict]) -> str:
    """One row per target."""
    rows = []
    for verdict in verdicts:
        target = verdict.target
        share = f"/ {target.factor:g}" if target.factor >= 1 else f"x {1 / target.factor:g}"
        ahead = f", ahead of {', '.join(target.ahead_of)}" if target.ahead_of else ""
        rows.append(
            (
                f"{BY_NAME[target.case].title}, {target.ours}",
                f"{target.rival} {share}{ahead}",
                amount(verdict.allowed),
                amount(verdict.cost),
                f"{target.rival} / {verdict.ratio:.3g}",
                verdict.text(),
            )
        )
    return table(("case", "target", "allowed us", "measured us", "reached", "verdict"), rows) if rows else ""
