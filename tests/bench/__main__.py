"""`python -m tests.bench [name …]`: those of the table below, all of them without a name."""

from __future__ import annotations

import sys

from tests.bench import across, inside, load, memory, monitor, p1, rejects, schedules, tpch, v1, w1, w2, w3, w4, w7, watchers

BENCHMARKS = {
    "W1": w1.measure,
    "W2": w2.measure,
    "W2-large": w2.large,
    "W2-others": w2.against_others,
    "W3": w3.measure,
    "W4": w4.measure,
    "W7": w7.measure,
    "W7-exactly": w7.exactly,
    "V1": v1.measure,
    "P1": p1.measure,
    "memory": memory.measure,
    "memory-dask": memory.in_dask,
    "load": load.measure,
    "across": across.measure,
    "inside": inside.measure,
    "rejects": rejects.measure,
    "tpch": tpch.measure,
    "schedules": schedules.measure,
    "monitor": monitor.measure,
    "watchers": watchers.measure,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark is called {unknown[0]}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        for line in BENCHMARKS[name]():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
