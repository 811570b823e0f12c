"""Outputs of stages that later runs reuse, by what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from shared.datasets import Dataset
from shared.store.database import Tx


@dataclass(frozen=True, slots=True)
class Kept:
    """What the stage of `run` gave. `figures`: by node, as `shared.store.nodes.complete` takes them."""

    run: str
    stage: int
    datasets: tuple[Dataset, ...]
    figures: dict[str, dict[str, Any]]


def put(
    tx: Tx,
    run: str,
    stage: int,
    epoch: int,
    *,
    resource_uid: str,
    nodes: Sequence[str],
    key: str,
    datasets: Iterable[Dataset],
    figures: Mapping[str, Any],
) -> None:
    """In the transaction that records the stage. What was kept of these nodes before is swept once nobody reads it."""
    tx.execute(
        """
        INSERT INTO kept_outputs (run_id, stage, epoch, resource_uid, nodes, key, datasets, figures)
        VALUES (%(run)s, %(stage)s, %(epoch)s, %(uid)s, %(nodes)s, %(key)s, %(datasets)s, %(figures)s)
        ON CONFLICT (run_id, stage) DO UPDATE SET epoch = excluded.epoch, key = excluded.key, datasets = excluded.datasets,
            figures = excluded.figures, kept_at = clock_timestamp(), used_at = clock_timestamp()
        """,
        {
            "run": run,
            "stage": stage,
            "epoch": epoch,
            "uid": resource_uid,
            "nodes": " ".join(nodes),
            "key": key,
            "datasets": Jsonb([dataset.to_json() for dataset in datasets]),
            "figures": Jsonb(dict(figures)),
        },
    )


def take(tx: Tx, resource_uid: str, nodes: Sequence[str], key: str) -> Kept | None:
    """The last output of these nodes, if it is of that key; from now on it counts as used."""
    row = tx.execute(
        """
        UPDATE kept_outputs k SET used_at = clock_timestamp()
          FROM (SELECT run_id, stage FROM kept_outputs WHERE resource_uid = %(uid)s AND nodes = %(nodes)s
                 ORDER BY kept_at DESC LIMIT 1) AS last
         WHERE k.run_id = last.run_id AND k.stage = last.stage AND k.key = %(key)s
        RETURNING k.run_id::text AS run, k.stage, k.datasets, k.figures
        """,
        {"uid": resource_uid, "nodes": " ".join(nodes), "key": key},
    ).fetchone()
    if row is None:
        return None
    return Kept(row["run"], row["stage"], tuple(Dataset.from_json(one) for one in row["datasets"]), row["figures"])


def forget(tx: Tx, run: str, stage: int) -> None:
    """Its files are not as they were."""
    tx.execute("DELETE FROM kept_outputs WHERE run_id = %(run)s AND stage = %(stage)s", {"run": run, "stage": stage})


def forget_reused(tx: Tx, run: str, stages: Iterable[int]) -> None:
    """What those stages of the run were spared of, because a stage that read it has failed: it may be damaged."""
    tx.execute(
        """
        DELETE FROM kept_outputs k USING datasets d
         WHERE d.run_id = %(run)s AND d.stage = ANY(%(stages)s) AND d.epoch = 0
           AND k.datasets @> jsonb_build_array(jsonb_build_object('uri', d.uri))
           AND k.resource_uid = (SELECT resource_uid FROM runs WHERE id = %(run)s)
        """,
        {"run": run, "stages": list(stages)},
    )


def let_go(tx: Tx, retention: timedelta) -> int:
    """Forgets what is replaced, what nobody used for so long, and what is of pipelines that are gone; but nothing of a pipeline that has
    a run which may read it."""
    return tx.execute(
        """
        DELETE FROM kept_outputs k
         WHERE (k.used_at < clock_timestamp() - %(retention)s
                OR EXISTS (SELECT FROM kept_outputs n WHERE n.resource_uid = k.resource_uid AND n.nodes = k.nodes AND n.kept_at > k.kept_at)
                OR NOT EXISTS (SELECT FROM resources r WHERE r.uid = k.resource_uid AND r.deleted_at IS NULL))
           AND NOT EXISTS (SELECT FROM runs u WHERE u.resource_uid = k.resource_uid AND u.status IN ('QUEUED', 'RUNNING'))
        """,
        {"retention": retention},
    ).rowcount


def stages_of(tx: Tx, runs: Iterable[str]) -> dict[str, dict[int, int]]:
    """Of those runs that have any: the stages whose output is kept, and the epoch that it is of."""
    found: dict[str, dict[int, int]] = {}
    rows = tx.execute(
        "SELECT run_id::text AS run, stage, epoch FROM kept_outputs WHERE run_id = ANY(%(runs)s::uuid[])", {"runs": list(runs)}
    )
    for row in rows:
        found.setdefault(row["run"], {})[row["stage"]] = row["epoch"]
    return found
