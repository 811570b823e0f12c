"""W4: ten rules over TPC-H's lineitem, as the quality service measures them, against one query by hand that computes the same in a scan.

Beside it the profile against SUMMARIZE, 200 rules on a table of 300 columns against ten of them, and keys within little memory. Each way
runs in a process of its own with two threads, in turns; ours is what the service's child runs (`services.quality.measure:run`), over
staged Parquet files. `SCALE=0.1` for a look; the scale of record is 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from services.quality.measure import run
from shared.datasets import Column, Dataset
from shared.engines.control import Control
from shared.engines.duckdb.connection import engine_bytes
from shared.engines.program import THIS, CheckProgram, Read
from shared.engines.work import Job, Limits
from shared.formats.types import ours
from tests.bench import report
from tests.bench.timing import Took, best, in_turns, peak, shown
from tests.tpch.data import generate

SCALE = float(os.environ.get("SCALE", "1"))
REPEATS = int(os.environ.get("REPEATS", "3"))
MEMORY, THREADS = 3_000_000_000, 2
SMALL_MEMORY = 700_000_000
WIDE_COLUMNS, WIDE_ROWS, MANY, FEW = 300, 100_000, 200, 10

RULES: list[dict[str, Any]] = [
    {"name": "orders are said", "type": "NOT_NULL", "column": "l_orderkey"},
    {"name": "comments", "type": "COMPLETENESS", "column": "l_comment", "minPercent": 99},
    {"name": "key", "type": "UNIQUE", "columns": ["l_orderkey", "l_linenumber"], "severity": "critical"},
    {"name": "quantity", "type": "RANGE", "column": "l_quantity", "min": 1, "max": 50},
    {"name": "discount", "type": "RANGE", "column": "l_discount", "min": 0, "max": 0.1},
    {"name": "shipped", "type": "RANGE", "column": "l_shipdate", "min": "1992-01-01", "max": "1998-12-31"},
    {"name": "flag", "type": "REGEX", "column": "l_returnflag", "pattern": "[ANR]"},
    {"name": "order", "type": "REFERENTIAL", "column": "l_orderkey", "references": {"node": "orders", "column": "o_orderkey"}},
    {"name": "dates", "type": "CONSISTENCY", "expression": "l_receiptdate > l_shipdate"},
    {"name": "price", "type": "CONSISTENCY", "expression": "l_extendedprice > 0 AND l_tax >= 0", "where": "l_linestatus = 'O'"},
]
BY_HAND = """
    SELECT count(*), count(l_orderkey), count(CASE WHEN l_comment <> '' THEN 1 END), count(DISTINCT (l_orderkey, l_linenumber)),
        count(*) FILTER (WHERE l_quantity < 1 OR l_quantity > 50), min(l_quantity), max(l_quantity),
        count(*) FILTER (WHERE l_discount < 0 OR l_discount > 0.1), min(l_discount), max(l_discount),
        count(*) FILTER (WHERE l_shipdate < DATE '1992-01-01' OR l_shipdate > DATE '1998-12-31'), min(l_shipdate), max(l_shipdate),
        count(*) FILTER (WHERE NOT regexp_full_match(l_returnflag, '[ANR]')), count(*) FILTER (WHERE o_orderkey IS NULL),
        count(*) FILTER (WHERE NOT l_receiptdate > l_shipdate), count(*) FILTER (WHERE l_linestatus = 'O'),
        count(*) FILTER (WHERE l_linestatus = 'O' AND NOT (l_extendedprice > 0 AND l_tax >= 0))
    FROM lineitem LEFT JOIN orders ON l_orderkey = o_orderkey
"""


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="penstock-w4-") as folder:
        data = generate(Path(folder), SCALE).folder
        _wide(Path(folder) / "wide.parquet")
        yield _compared(data, "W4", "rules", "by_hand", rules=len(RULES), at_most=1.1)
        yield _compared(data, "W4-profile", "profile", "summarize", at_most=2.0)
        yield _compared(Path(folder), "W4-wide", "many_rules", "few_rules", columns=WIDE_COLUMNS, at_most=3.0)
        yield _compared(
            Path(folder), "W4-wide-profile", "many_rules_and_profile", "few_rules_and_profile", columns=WIDE_COLUMNS, at_most=3.0
        )
        yield _compared(data, "W4-small-memory", "keys_in_little_memory", "keys", limit_bytes=SMALL_MEMORY)


def _compared(folder: Path, name: str, one: str, other: str, **said: Any) -> str:
    cpu: dict[str, float] = {}
    ways: dict[str, Callable[[], Took]] = {way: (lambda way=way: _apart(way, folder, cpu)) for way in (one, other)}  # type: ignore[misc]
    took = in_turns(REPEATS, **ways)
    return report.line(
        name,
        penstock_s=best(took[one]),
        baseline_s=best(took[other]),
        rows=None,
        peak_bytes=peak(took[one]),
        baseline_peak_bytes=peak(took[other]),
        all_s=shown(took),
        # Of processors, all threads together: what others do on the machine is hardly in it.
        cpu_s={way: round(seconds, 2) for way, seconds in cpu.items()},
        cpu_ratio=round(cpu[one] / cpu[other], 3),
        scale=SCALE,
        **said,
    )


def _apart(way: str, folder: Path, cpu: dict[str, float]) -> Took:
    """In a process of its own, which tells how long its work took once all was imported. `cpu` gets the least processor time of each."""
    command = [sys.executable, "-m", "tests.bench.w4", way, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    told = json.loads(said)
    cpu[way] = min(cpu.get(way, told["cpu"]), told["cpu"])
    return Took(float(told["seconds"]), told["peak"])


def _staged(folder: Path, name: str) -> Dataset:
    path = folder / f"{name}.parquet"
    described = duckdb.sql(f"DESCRIBE FROM '{path}'").fetchall()
    (rows,) = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()[0]
    return Dataset(name, str(path), tuple(Column(str(c), ours(str(kind))) for c, kind, *_ in described), rows, path.stat().st_size)


def _check(
    folder: Path, table: str, rules: Sequence[dict[str, Any]], *, profile: dict[str, Any] | None = None, memory: int = MEMORY
) -> Callable[[], None]:
    lines = _staged(folder, table)
    inputs, reads = {"3:rows": lines}, [Read(THIS, "rows", lines.columns, datasets=((3, "rows"),))]
    for number, rule in enumerate((rule for rule in rules if rule["type"] == "REFERENTIAL"), 4):
        orders = inputs[f"{number}:orders"] = _staged(folder, "orders")
        reads.append(Read(f"{rule['name']}.references", "orders", orders.columns, datasets=((number, "orders"),)))
    program = CheckProgram("bench:rows", tuple(reads), tuple(rules), "bench", profile=profile).to_json()
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    job = Job("bench", "run", 9, 1, "check", program, {}, inputs, str(scratch), Limits(memory, THREADS, str(scratch)))

    def checked() -> None:
        quality = run(job, Control()).quality
        assert quality is not None
        assert quality["failed"] + quality["errors"] == 0, quality["results"]

    return checked


def _query(folder: Path, text: str) -> Callable[[], None]:
    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": f"{engine_bytes(MEMORY) // 1_000_000}MB"})
    for table in ("lineitem", "orders"):
        connection.execute(f"CREATE VIEW {table} AS FROM '{folder / table}.parquet'")

    def asked() -> None:
        connection.execute(text).fetchall()

    return asked


def _wide(path: Path) -> None:
    """Numbers, texts and dates by turns."""
    kinds = ("(i * {n}) % 1000 AS c{n}", "'text ' || (i % {n}) AS c{n}", "DATE '2020-01-01' + (i % {n})::INTEGER AS c{n}")
    columns = ", ".join(kinds[n % 3].format(n=n) for n in range(1, WIDE_COLUMNS + 1))
    duckdb.sql(f"COPY (SELECT {columns} FROM range({WIDE_ROWS}) r(i)) TO '{path}'")


def _wide_rules(many: int) -> list[dict[str, Any]]:
    """Of the same mix, however many."""
    types: list[dict[str, Any]] = [
        {"type": "RANGE", "min": 0, "max": 1000},
        {"type": "REGEX", "pattern": "text [0-9]+"},
        {"type": "NOT_NULL"},
    ]
    step = WIDE_COLUMNS // many if many < WIDE_COLUMNS else 1
    picked = [n * step + 1 for n in range(many)]
    return [{"name": f"r{n}", "column": f"c{n}", **types[(0, 1, 2)[n % 3]]} for n in picked]


def _ways(folder: Path) -> dict[str, Callable[[], Callable[[], None]]]:
    keys = [rule for rule in RULES if rule["name"] in ("key", "order")]
    return {
        "rules": lambda: _check(folder, "lineitem", RULES),
        "by_hand": lambda: _query(folder, BY_HAND),
        "profile": lambda: _check(folder, "lineitem", [], profile={}),
        "summarize": lambda: _query(folder, "SUMMARIZE lineitem"),
        "many_rules": lambda: _check(folder, "wide", _wide_rules(MANY)),
        "few_rules": lambda: _check(folder, "wide", _wide_rules(FEW)),
        "many_rules_and_profile": lambda: _check(folder, "wide", _wide_rules(MANY), profile={}),
        "few_rules_and_profile": lambda: _check(folder, "wide", _wide_rules(FEW), profile={}),
        "keys": lambda: _check(folder, "lineitem", keys),
        "keys_in_little_memory": lambda: _check(folder, "lineitem", keys, memory=SMALL_MEMORY),
    }


def _one(way: str, folder: Path) -> None:
    work = _ways(folder)[way]()
    began, used = time.perf_counter(), time.process_time()
    work()
    took, cpu = time.perf_counter() - began, time.process_time() - used
    # Not of its resource usage, in which the memory of whoever started it is the least.
    (peak_kb,) = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": took, "cpu": cpu, "peak": int(peak_kb) * 1024}))


if __name__ == "__main__":
    _one(sys.argv[1], Path(sys.argv[2]))
