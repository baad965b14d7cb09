"""The command line: makes the environment, runs the kinds asked for, prints and keeps the result."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import (
    database,
    defaults,
    environment,
    forms,
    i18n,
    inprocess,
    parsers,
    realtime,
    report,
    rest,
    servers,
    sockets,
    startup,
    static_files,
    streams,
    targets,
    tasks,
    uploads,
)
from bench.cases import CASES
from bench.entrants import ENTRANTS

RESULTS = Path(__file__).parent / "results"
SNAPSHOT = Path(__file__).parent / "RESULTS.md"
KINDS = (
    "inprocess",
    "startup",
    "database",
    "forms",
    "i18n",
    "rest",
    "defaults",
    "servers",
    "upload",
    "websockets",
    "streams",
    "realtime",
    "parsers",
    "static",
    "tasks",
)
USUAL = KINDS[:8]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("kind", nargs="?", default="all", choices=("all", *KINDS, "profile"))
    parser.add_argument("subject", nargs="*", help="for profile: CASE [ENTRANT]")
    parser.add_argument(
        "--case", action="append", default=[], metavar="NAME", help="only this case; repeatable"
    )
    parser.add_argument(
        "--entrant", action="append", default=[], metavar="NAME", help="only this entrant; repeatable"
    )
    parser.add_argument("--rounds", type=int, default=15, help="rounds per case (15)")
    parser.add_argument(
        "--slice", type=float, default=0.05, metavar="SECONDS", help="length of a slice (0.05)"
    )
    parser.add_argument("--quick", action="store_true", help="5 rounds of 0.03 s: a look, not a measurement")
    parser.add_argument("--snapshot", action="store_true", help="write the report to bench/RESULTS.md too")
    parser.add_argument("--list", action="store_true", help="list cases and entrants")
    return parser.parse_args()


def _inprocess(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    names = options.entrant or list(ENTRANTS)
    unknown = set(names) - set(ENTRANTS)
    if unknown:
        raise SystemExit(f"no such entrant: {', '.join(sorted(unknown))}; there are {', '.join(ENTRANTS)}")
    figures = inprocess.measure(names, inprocess.select(options.case), options.rounds, options.slice)
    parts = ["## Cost per request, in process (CPU time)"]
    for protocols in (("wsgi",), ("asgi", "rsgi")):
        parts.append(report.costs_table(figures.costs, protocols))
    verdicts = targets.judge(figures.costs)
    if verdicts:
        parts += ["## Targets", report.verdicts_table(verdicts)]
    if figures.problems:
        parts += ["Not measured:", "\n".join(f"- {problem}" for problem in figures.problems)]
    return {
        "costs_us": figures.costs,
        "rounds_us": figures.rounds,
        "problems": figures.problems,
    }, "\n\n".join(part for part in parts if part)


def _startup(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    figures, problems = startup.measure(options.rounds)
    return {"above_python": figures, "problems": problems}, startup.text(figures, problems)


def _database(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    names = [name for name in options.entrant if name in database.ENTRANTS]
    figures, problems = database.measure(names, database.KINDS, min(options.rounds, 9))
    return {"rounds_us": figures, "problems": problems}, database.text(figures, problems)


def _forms(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    names = [name for name in options.entrant if name in forms.ENTRANTS]
    figures, problems = forms.measure(names, options.rounds)
    return {"rounds_us": figures, "problems": problems}, forms.text(figures, problems)


def _i18n(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    names = [name for name in options.entrant if name in i18n.ENTRANTS]
    figures, problems = i18n.measure(names, options.rounds)
    return {"rounds_us": figures, "problems": problems}, i18n.text(figures, problems)


def _rest(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    names = [name for name in options.entrant if name in rest.ENTRANTS]
    figures, problems = rest.measure(names, options.rounds)
    return {**figures, "problems": problems}, rest.text(figures, problems)


def _tasks(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    figures = tasks.measure(options.rounds)
    return {"rounds": figures}, tasks.text(figures)


def _defaults(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    figures = defaults.measure(options.rounds)
    return {"rounds_us": figures}, defaults.text(figures)


def _servers(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    rounds, seconds = (1, 1) if options.quick else (5, 3)
    figures, problems = servers.measure(options.entrant, rounds, seconds)
    return {"stands": figures, "problems": problems}, servers.text(figures, problems)


def _upload(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    megabytes, rounds = (128, 1) if options.quick else (1024, 3)
    figures, problems = uploads.measure(options.entrant, megabytes, rounds)
    return {"stands": figures, "problems": problems}, uploads.text(figures, problems, megabytes)


def _parsers(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    megabytes, rounds = (128, 3) if options.quick else (1024, 9)
    figures, problems = parsers.measure(megabytes, rounds)
    return {"parsers": figures, "problems": problems}, parsers.text(figures, problems, megabytes)


def _websockets(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    count = 200 if options.quick else 1000
    figures, problems = sockets.measure(count)
    return {"per_socket": figures, "problems": problems}, sockets.text(figures, problems, count)


def _static(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    rounds, seconds = (1, 1) if options.quick else (5, 3)
    figures, problems = static_files.measure(rounds, seconds)
    return {"stands": figures, "problems": problems}, static_files.text(figures, problems)


def _streams(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    count, rounds = (200, 1) if options.quick else (1000, 3)
    figures, problems = streams.measure(count, rounds)
    return {"streams": figures, "problems": problems}, streams.text(figures, problems, count)


def _realtime(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    rounds, seconds, idle, crowd = (2, 1, 300, 200) if options.quick else (7, 2, 2000, 1000)
    figures, problems = realtime.measure(rounds, seconds, idle, crowd)
    return {"stands": figures, "problems": problems}, realtime.text(figures, problems, idle, crowd)


def _heading(result: dict[str, Any]) -> str:
    machine = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    versions = ", ".join(f"{name} {version}" for name, version in sorted(result["versions"].items()))
    return (
        "# Results\n\nMade by `python -m bench --snapshot`; how it is measured stands in docs/performance.md. Read"
        f" the ratios: the times are this machine's.\n\n{result['date'][:10]}; {machine}.\n\n{versions}."
    )


def main() -> None:
    """Run it."""
    options = _arguments()
    if options.list:
        print("cases:   ", ", ".join(case.name for case in CASES))
        print("entrants:", ", ".join(ENTRANTS))
        return
    if options.quick:
        options.rounds, options.slice = 5, 0.03
    left_out = environment.ensure()
    if Path(sys.executable) != Path(environment.python()):
        # The peers are installed there, and the data pages fill their databases with one of them.
        command = [environment.python(), "-m", "bench", *sys.argv[1:]]
        raise SystemExit(subprocess.call(command, cwd=environment.ROOT, env=environment.child_environ()))
    if options.kind == "profile":
        command = [environment.python(), "-m", "bench.profiling", *(options.subject or ["hello"])]
        raise SystemExit(subprocess.call(command, cwd=environment.ROOT, env=environment.child_environ()))
    result: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": environment.machine(),
        "versions": environment.versions(
            {e.distribution for e in ENTRANTS.values() if e.distribution}
            | {
                "granian",
                "multipart",
                "python-multipart",
                *database.DISTRIBUTIONS,
                *forms.DISTRIBUTIONS,
                *i18n.DISTRIBUTIONS,
                *rest.DISTRIBUTIONS,
                *streams.DISTRIBUTIONS,
            }
        ),
        "left_out": left_out,
    }
    texts = []
    if left_out:
        texts.append("Not installed: " + ", ".join(left_out))
    for kind in KINDS:
        if options.kind == kind or (options.kind == "all" and kind in USUAL):
            print(kind, file=sys.stderr)
            result[kind], text = globals()[f"_{kind}"](options)
            texts.append(text)
            print(text + "\n", flush=True)
    RESULTS.mkdir(exist_ok=True)
    stem = RESULTS / result["date"].replace(":", "")[:17]
    stem.with_suffix(".json").write_text(json.dumps(result, indent=1))
    stem.with_suffix(".md").write_text("\n\n".join(texts) + "\n")
    if options.snapshot:
        SNAPSHOT.write_text("\n\n".join((_heading(result), *texts)) + "\n")
    print(f"kept in bench/results/{stem.name}.json and .md")


if __name__ == "__main__":
    main()
