"""rejects: a million rows of which 1 % are wrong in one of six ways, and in all six by turns, against the same load of a clean file.

Each line is one way. That every good row is in, and every bad one a dead letter with its reason and place, is checked each time. The last
line corrects and replays what all six left behind, and holds the target against the clean one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from tests.bench import report, timing
from tests.bench.place import penstock
from tests.support import rejects
from tests.support.stack import Stack

ROWS = 1_000_000
REPEATS = 2
AT_ONCE = 500
TABLE = "mixed"


def measure() -> Iterator[str]:
    with penstock(PENSTOCK_WORKER_SLOTS="1", PENSTOCK_WORKER_MEMORY="2GB") as stack:
        rejects.prepare(stack, ROWS, (TABLE,))
        clean = _loads(stack, "clean")
        for name, ways in (*((way, (way,)) for way in rejects.WAYS), ("all", rejects.WAYS)):
            rejects.write(stack.files / f"{name}.csv", ROWS, ways)
            stack.apply(rejects.recipe(f"rejects-{name}", f"{name}.csv", TABLE))
            took = _loads(stack, f"rejects-{name}")
            run = _latest(stack, f"rejects-{name}")
            letters = _check(stack, run, ways)
            yield report.line(
                f"rejects-{name}",
                penstock_s=timing.best(took),
                baseline_s=timing.best(clean),
                rows=ROWS,
                peak_bytes=timing.peak(took),
                letters=letters,
                all_s=timing.shown({"rejects": took, "clean": clean}),
            )
        began = time.perf_counter()
        _correct(stack, run)
        corrected = time.perf_counter() - began
        began = time.perf_counter()
        replayed = stack.client.call("POST", "/dead-letters/replay", body={"run": run})
        for one in replayed["runs"]:
            ended = stack.wait(one["id"], 600)
            assert ended["status"] == "SUCCEEDED", ended["error"]
        took_s = time.perf_counter() - began
        left = rejects.differences(stack, TABLE)
        assert left == 0, f"{left} rows differ from the clean load"
        yield report.line(
            "rejects-replayed",
            penstock_s=took_s,
            baseline_s=None,
            rows=replayed["letters"],
            peak_bytes=None,
            corrected_s=round(corrected, 3),
            differences=left,
        )


def _loads(stack: Stack, pipeline: str) -> list[timing.Took]:
    table = "clean" if pipeline == "clean" else TABLE
    took = timing.in_turns(REPEATS, lambda: rejects.empty(stack, table), it=lambda: timing.run(stack, pipeline))
    return took["it"]


def _latest(stack: Stack, pipeline: str) -> str:
    return str(stack.client.call("GET", "/runs", pipeline=pipeline, limit=1)["items"][0]["id"])


def _letters(stack: Stack, run: str) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = stack.client.call("GET", "/dead-letters", run=run, limit=AT_ONCE, cursor=cursor)
        yield from page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return


def _check(stack: Stack, run: str, ways: tuple[str, ...]) -> int:
    expected = rejects.expected(ROWS, ways, TABLE)
    found = {rejects.id_of(letter): (letter["node"], letter["kind"], letter["rule"], letter["position"]) for letter in _letters(stack, run)}
    assert found == expected, "the dead letters are not those that were to be"
    ((taken,),) = stack.sql(f"SELECT count(*) FROM {TABLE}")
    assert taken == ROWS - len(expected), f"{taken} rows got through"
    return len(found)


def _correct(stack: Stack, run: str) -> None:
    some: list[dict[str, Any]] = []
    for letter in [*_letters(stack, run)]:
        some.append({"id": letter["id"], "record": rejects.corrected(letter)})
        if len(some) == AT_ONCE:
            stack.client.call("PATCH", "/dead-letters", body={"letters": some})
            some = []
    if some:
        stack.client.call("PATCH", "/dead-letters", body={"letters": some})
