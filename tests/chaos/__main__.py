"""`python -m tests.chaos`: rounds of faults until the time is over, a JSON line for each fault and round, and a summary. Exit code 1 when
anything was lost, doubled, stuck or off.

`--schedules 10` is another world: ten minutes of schedules that fire under three schedulers, which are killed and paused.
`--short` for four minutes with short leases; else half an hour at default times, with figures of recovery first. The seed is printed, and
given again draws the same faults; when they meet a run is up to the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from tests.chaos import flood, recovery, rounds, schedules
from tests.chaos.faults import Durations
from tests.chaos.world import faketime, world
from tests.support.stack import SHORT

BROKEN = Path(__file__).parent / "broken"


@dataclass(frozen=True)
class Profile:
    settings: dict[str, str]
    lasts: Durations
    faults: int
    gap_s: float
    minutes: float
    kills: int
    strays: int


PROFILES = {
    "full": Profile({}, Durations((20.0, 60.0), (1.0, 8.0)), 40, 1.2, 30.0, 10, 20_000),
    "short": Profile({**SHORT, "PENSTOCK_BREAKER_COOL_DOWN_SECONDS": "3"}, Durations((3.0, 8.0), (0.5, 3.0)), 12, 0.7, 4.0, 0, 1_000),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--minutes", type=float, help="no new round begins when this is over")
    parser.add_argument("--rounds", type=int, help="at most")
    parser.add_argument("--faults", type=int, help="of a round")
    parser.add_argument("--no-recovery", action="store_true", help="leave out the figures of recovery")
    parser.add_argument("--broken-fence", action="store_true", help="markers are not looked at: this must be found")
    parser.add_argument(
        "--schedules", type=float, metavar="MINUTES", help="instead: so long schedules fire while schedulers are killed and paused"
    )
    asked = parser.parse_args(arguments)
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(10**6)
    profile = PROFILES["short" if asked.short else "full"]
    with tempfile.TemporaryDirectory(prefix="penstock-chaos-") as folder:
        # PostgreSQL's account has to reach its data.
        Path(folder).chmod(0o711)
        if asked.schedules:
            return schedules.run(Path(folder), seed, asked.schedules, say, short=asked.short)
        return run(Path(folder), seed, profile, asked)


def run(folder: Path, seed: int, profile: Profile, asked: argparse.Namespace) -> int:
    random, began = Random(seed), time.monotonic()
    minutes = asked.minutes or profile.minutes
    settings = {
        **profile.settings,
        **({"PYTHONPATH": f"{BROKEN}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"} if asked.broken_fence else {}),
    }
    say("begin", seed=seed, minutes=minutes, faketime=str(faketime() or "not here"), brokenFence=asked.broken_fence)
    faults: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    number = runs = 0
    longest_s = 0.0
    with world(folder, settings) as broken:
        expected = rounds.undisturbed(broken)
        say("undisturbed", rows={place: len(rows) for place, rows in expected.rows.items()})
        figures = {} if asked.no_recovery or not profile.kills else measured(broken, random, profile.kills)
        if profile.strays and not asked.broken_fence:
            wrong, took_s = flood.flooded(broken, random, profile.strays, expected)
            say("flood", strays=profile.strays, seconds=round(took_s, 1), wrong=wrong)
        while time.monotonic() - began + longest_s < minutes * 60 and number < (asked.rounds or number + 1):
            number += 1
            since = time.monotonic()
            many = asked.faults or profile.faults
            # The broken fence shows only where rows were added to PostgreSQL, and which sink a kill meets is up to the machine.
            faults_drawn = ["kill after commit"] * many if asked.broken_fence else rounds.drawn(random, many)
            found, done = rounds.disturbed(broken, random, faults_drawn, profile.lasts, profile.gap_s, say)
            # The doctor is asked again and again until all is well, for which there is no need where rows are wrong.
            off = rounds.differences(expected, found) or rounds.settled(broken)
            faults += done
            wrong += off
            runs += len(found.runs)
            longest_s = max(longest_s, time.monotonic() - since)
            say("round", number=number, seconds=round(time.monotonic() - since, 1), faults=faults.total(), wrong=off)
            if off:
                break
    say(
        "summary",
        seed=seed,
        rounds=number,
        runs=runs,
        faults=faults.total(),
        byKind=dict(faults.most_common()),
        lost=sum(one.get("lost", 0) for one in wrong),
        doubled=sum(one.get("tooMany", 0) for one in wrong),
        wrong=len(wrong),
        seconds=round(time.monotonic() - began),
        recovery=figures,
    )
    return 1 if wrong else 0


def measured(broken: Any, random: Random, kills: int) -> dict[str, Any]:
    workers = recovery.after_worker_kills(broken, random, kills)
    redis = recovery.after_empty_redis(broken, max(1, kills // 3))
    leaders = recovery.after_leader_sleeps(broken, max(1, kills // 3))
    figures = {
        name: {
            "n": len(values),
            "p50": recovery.percentile(values, 0.5),
            "p95": recovery.percentile(values, 0.95),
            "most": max(values, default=None),
        }
        for name, values in (("workerKilledSeconds", workers), ("redisEmptiedSeconds", redis), ("leaderPausedSeconds", leaders))
    }
    say("recovery", **figures)
    return figures


def say(what: str, **values: Any) -> None:
    print(json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "what": what, **values}, default=str), flush=True)


if __name__ == "__main__":
    sys.exit(main())
