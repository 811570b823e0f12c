"""A round: runs are asked for, faults happen, runs end, and everything is compared with what an undisturbed round left."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.chaos.faults import FAULTS, Durations
from tests.chaos.recipes import RECIPES
from tests.chaos.world import World

Say = Callable[..., None]
# A run that nobody disturbs takes some seconds; one that is disturbed all the time, its leases, waits and breakers.
ENDS_WITHIN_S = 240.0
LOSING = 4


@dataclass
class Looked:
    """What a round left: rows of each destination, and of each pipeline's run what its figures and its dead letters say."""

    rows: dict[str, list[tuple[Any, ...]]]
    figures: dict[str, Any]
    runs: dict[str, Any] = field(default_factory=dict)


def undisturbed(world: World) -> Looked:
    world.places.empty()
    left = looked(world, {name: world.start(name) for name in RECIPES})
    failed = {name: run["error"] for name, run in left.runs.items() if run["status"] != "SUCCEEDED"}
    assert not failed, f"undisturbed, these fail: {failed}"
    return left


def disturbed(world: World, random: Random, faults: Iterable[str], lasts: Durations, gap_s: float, say: Say) -> tuple[Looked, Counter[str]]:
    """The faults begin while the runs are asked for, one after `gap_s` more or less."""
    world.places.empty()
    runs: dict[str, str] = {}
    refused: list[Exception] = []

    def ask() -> None:
        try:
            for name in random_order:
                runs[name] = world.start(name)
        except Exception as error:  # noqa: BLE001 (told below, in the thread that waits)
            refused.append(error)

    random_order = random.sample(sorted(RECIPES), len(RECIPES))
    asking = threading.Thread(target=ask)
    asking.start()
    done: Counter[str] = Counter()
    lasting: list[threading.Thread] = []
    for name in faults:
        time.sleep(random.uniform(0.3, 1.7) * gap_s)
        told = FAULTS[name].does(world, random, lasts, lasting)
        if "left out" not in told:
            done[name] += 1
        say("fault", fault=name, **told)
    asking.join()
    for thread in lasting:
        thread.join()
    world.mend()
    if refused:
        raise refused[0]
    return looked(world, runs), done


def drawn(random: Random, faults: int) -> Iterator[str]:
    """Names of faults, with no more than LOSING of those that may lose stages."""
    losing = 0
    for _ in range(faults):
        names = [name for name, fault in FAULTS.items() if not fault.loses or losing < LOSING]
        name = random.choices(names, [FAULTS[name].weight for name in names])[0]
        losing += FAULTS[name].loses
        yield name


def looked(world: World, runs: dict[str, str]) -> Looked:
    ended = {name: world.stack.wait(run, ENDS_WITHIN_S) for name, run in runs.items()}
    letters = {
        name: sorted(
            (row["node"], row["position"] or 0, row["error_message"], str(row["original_record"].get("id")))
            for row in world.stack.until(lambda run=run: world.stack.client.call("GET", "/dead-letters", run=run, limit=500), 60, "it")[
                "items"
            ]
        )
        for name, run in runs.items()
    }
    figures = {
        name: {
            "status": run["status"],
            "nodes": {node["id"]: (node["rowsIn"], node["rowsOut"], node["rowsRejected"]) for node in run["nodes"]},
            "letters": letters[name],
            "quality": [(quality["score"], quality["failed"]) for quality in run["quality"]],
        }
        for name, run in ended.items()
    }
    return Looked(world.places.rows(), figures, ended)


def differences(expected: Looked, found: Looked) -> list[dict[str, Any]]:
    """Of each destination rows that are lost or too many, and of each run what its figures say otherwise."""
    told: list[dict[str, Any]] = []
    for place, rows in expected.rows.items():
        lost, doubled = Counter(rows) - Counter(found.rows[place]), Counter(found.rows[place]) - Counter(rows)
        if lost or doubled:
            told.append({"place": place, "lost": lost.total(), "tooMany": doubled.total(), "for example": [*lost, *doubled][:3]})
    for name, figures in expected.figures.items():
        for what, value in figures.items():
            if found.figures[name][what] != value:
                run = found.runs[name]
                seen = str(found.figures[name][what])[:500]
                told.append(
                    {"run": run["id"], "pipeline": name, "what": what, "expected": str(value)[:500], "found": seen, "error": run["error"]}
                )
        if found.runs[name]["balanced"] is False:
            told.append({"run": found.runs[name]["id"], "pipeline": name, "what": "ledger"})
    return told


def settled(world: World, within_s: float = 60.0) -> list[dict[str, Any]]:
    """What the doctor still finds once everything had time to recover; of Redis and the services, too."""
    deadline, off = time.monotonic() + within_s, [{"doctor": "did not answer"}]
    while off and time.monotonic() < deadline:
        try:
            examined = world.stack.client.call("GET", "/system/doctor")
            off = [check for check in examined["checks"] if check["ok"] is False and check["name"] not in {"room", "clock"}]
        except Exception as error:  # noqa: BLE001 (a server that was killed is away for a moment)
            off = [{"doctor": str(error)}]
        if off:
            time.sleep(1)
    return off
