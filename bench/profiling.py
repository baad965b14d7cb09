"""Where one request's time goes: `python -m bench profile CASE [ENTRANT]`.

cProfile over many calls, its own cost spread over them. Read the call counts and the order, not the
absolute times: the profiler taxes small Python functions most.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time

from bench.cases import BY_NAME
from bench.entrants import ENTRANTS
from bench.worker import Bench

CALLS = 5000
SHOWN = 45


def main() -> None:
    """`python -m bench.profiling CASE [ENTRANT]`."""
    case = BY_NAME[sys.argv[1]]
    entrant = ENTRANTS[sys.argv[2] if len(sys.argv) > 2 else "demijohn"]
    bench = Bench(entrant.module, entrant.protocol, case.kind)
    reply = bench.prepare(case.name, 0.1)
    if "calls" not in reply:
        raise SystemExit(f"{entrant.name}, {case.name}: {reply.get('wrong', 'not served by this entrant')}")
    driver = bench.drivers[case.name]
    begun = time.process_time()
    driver.run(CALLS)
    print(f"{entrant.name}, {case.title}: {(time.process_time() - begun) / CALLS * 1e6:.2f} us per request")
    profile = cProfile.Profile()
    profile.runcall(driver.run, CALLS)
    stats = pstats.Stats(profile)
    rows = []
    for (path, line, name), (_, calls, own, total, _callers) in stats.stats.items():  # type: ignore[attr-defined]
        rows.append((own / CALLS * 1e6, total / CALLS * 1e6, calls / CALLS, f"{path}:{line}({name})"))
    print(f"{'own us':>8} {'all us':>8} {'calls':>6}  function   (profiled times)")
    for own, total, calls, where in sorted(rows, reverse=True)[:SHOWN]:
        print(f"{own:8.2f} {total:8.2f} {calls:6.1f}  {where.rpartition('site-packages/')[2]}")


if __name__ == "__main__":
    main()
