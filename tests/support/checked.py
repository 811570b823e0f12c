"""A check over rows of a test's own, staged or in a database, by the function that the quality service runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from services.quality.measure import run
from shared.datasets import Column, Dataset
from shared.engines.control import Control
from shared.engines.program import THIS, CheckProgram, Read
from shared.engines.work import Job, Limits, ResolvedConnector
from shared.formats.types import ours

MEMORY = 2**30


def staged(folder: Path, query: str, name: str = "rows of 'it'") -> Dataset:
    """The rows of a query of DuckDB, as a stage would leave them."""
    path = folder / f"{name}.parquet"
    with duckdb.connect() as made:
        made.execute("SET TimeZone = 'UTC'")
        made.execute(f"COPY ({query}) TO '{str(path).replace(chr(39), chr(39) * 2)}'")
        described = made.execute(f"DESCRIBE {query}").fetchall()
        (rows,) = made.execute(f"SELECT count(*) FROM ({query})").fetchone() or (0,)
    columns = tuple(Column(str(column), ours(str(kind))) for column, kind, *_ in described)
    return Dataset(name, str(path), columns, int(rows), path.stat().st_size)


def over_staged(
    folder: Path, dataset: Dataset, *rules: dict[str, Any], compared: dict[str, Dataset] | None = None, memory: int = MEMORY, **program: Any
) -> dict[str, Any]:
    """`compared`: by the name of the relation, as "RULE.references"."""
    inputs = {"3:load": dataset} | {f"{number}:other": other for number, other in enumerate((compared or {}).values(), 4)}
    others = tuple(
        Read(name, "other", other.columns, datasets=((number, "other"),))
        for number, (name, other) in enumerate((compared or {}).items(), 4)
    )
    reads = (Read(THIS, "load", dataset.columns, datasets=((3, "load"),)), *others)
    return outcome(folder, reads, rules, {}, inputs, memory, **program)


def over_table(
    folder: Path,
    connector: ResolvedConnector,
    table: str,
    *rules: dict[str, Any],
    compared: dict[str, tuple[ResolvedConnector, str]] | None = None,
    **program: Any,
) -> dict[str, Any]:
    """`compared`: connector and table by the name of the relation."""
    others = compared or {}
    reads = (
        Read(THIS, "this", (), connector.reference, {"table": table}),
        *(Read(name, name, (), other.reference, {"table": of}) for name, (other, of) in others.items()),
    )
    connectors = {connector.reference: connector} | {other.reference: other for other, _ in others.values()}
    return outcome(folder, reads, rules, connectors, {}, MEMORY, **program)


def outcome(
    folder: Path,
    reads: tuple[Read, ...],
    rules: tuple[dict[str, Any], ...],
    connectors: dict[str, ResolvedConnector],
    inputs: dict[str, Dataset],
    memory: int,
    *,
    history: tuple[dict[str, Any], ...] = (),
    **program: Any,
) -> dict[str, Any]:
    said = CheckProgram("ns/wh:sales", reads, rules, "rules", **program).to_json()
    limits = Limits(memory, 1, str(folder))
    job = Job("default", "r", 9, 1, "check", said, connectors, inputs, str(folder), limits, history=history)
    quality = run(job, Control()).quality
    assert quality is not None
    return quality
