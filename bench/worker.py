"""One entrant in one process, told what to do over standard input, one JSON object a line.

Being alone in its process an entrant pays for its own garbage and nobody's patches; being told when to
run lets the parent interleave the rounds. Answers go to the original standard output; whatever a
framework prints goes to standard error.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import sys
import time
from typing import Any

from bench.cases import BY_NAME, Case
from bench.drivers import Driver, driver_of, start_lifespan

WARM_UP_CALLS = 200


class Bench:
    """The application of one kind, and a driver per prepared case."""

    def __init__(self, module: str, protocol: str, kind: str) -> None:
        self.protocol = protocol
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.module = importlib.import_module(module)
        self.answers: frozenset[str] = frozenset(self.module.ANSWERS)
        self.kind = kind
        self.app: Any = None
        self.drivers: dict[str, Driver] = {}

    def build(self) -> Any:
        """The application, made and started on first use."""
        if self.app is None:
            self.app = self.module.make(self.kind)
            if self.protocol == "asgi":
                self.loop.run_until_complete(start_lifespan(self.app))
        return self.app

    def driver(self, case: Case) -> Driver:
        """The driver for a case, with the cookies it needs."""
        return driver_of(case, self.protocol, self.build(), self.loop)

    def prepare(self, name: str, slice_seconds: float) -> dict[str, Any]:
        """Check a case and find how many calls fill a slice of time."""
        case = BY_NAME[name]
        if name not in self.answers or self.protocol not in case.protocols:
            return {"skip": True}
        driver = self.driver(case)
        for _ in range(2):  # the second answer comes from warm caches and must be as right
            wrong = case.check(driver.once())
            if wrong:
                return {"wrong": wrong}
        driver.run(WARM_UP_CALLS)
        gc.collect()
        gc.freeze()
        begun = time.process_time()
        driver.run(WARM_UP_CALLS)
        each = (time.process_time() - begun) / WARM_UP_CALLS
        calls = max(64, int(slice_seconds / max(each, 1e-7))) // 32 * 32
        self.drivers[name] = driver
        return {"calls": calls}

    def run(self, name: str, calls: int) -> dict[str, Any]:
        """One timed slice: seconds of this process's CPU time, all threads, and of the clock."""
        driver = self.drivers[name]
        wall, cpu = time.perf_counter(), time.process_time()
        driver.run(calls)
        return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}

    def finish(self, name: str) -> dict[str, Any]:
        """Check once more, so a case that broke under way is found out."""
        wrong = BY_NAME[name].check(self.drivers.pop(name).once())
        return {"wrong": wrong} if wrong else {}


def main() -> None:
    """`python -m bench.worker MODULE PROTOCOL KIND`."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        bench = Bench(*sys.argv[1:4])
    except Exception as problem:
        print(json.dumps({"failed": f"{type(problem).__name__}: {problem}"}), file=replies, flush=True)
        return
    print(json.dumps({"ready": True}), file=replies, flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            reply = getattr(bench, name)(*arguments)
        except Exception as problem:
            reply = {"wrong": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
