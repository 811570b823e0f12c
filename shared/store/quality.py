"""What the quality service measured: a verdict per rule and a score per rule set, kept per run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx


def insert(tx: Tx, run: str, stage: int, namespace: str, measured: Mapping[str, Any]) -> None:
    """`measured` is `Outcome.quality`: {ruleSet, dataset, scope, score, passed, failed, formula, results: [{rule, type, severity,
    passed, checked, failing, observed, expected, offenders}]}.
    """
    tx.execute(
        """
        INSERT INTO quality_scores (run_id, stage, rule_set, namespace, dataset, scope, score, passed, failed, formula)
        VALUES (%(run)s, %(stage)s, %(rule_set)s, %(namespace)s, %(dataset)s, %(scope)s, %(score)s, %(passed)s, %(failed)s, %(formula)s)
        """,
        {
            "run": run,
            "stage": stage,
            "namespace": namespace,
            "rule_set": measured["ruleSet"],
            "formula": Jsonb(measured["formula"]),
            **{key: measured[key] for key in ("dataset", "scope", "score", "passed", "failed")},
        },
    )
    with tx.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO quality_results (run_id, stage, rule_set, dataset, scope, ordinal, rule, type, severity, passed, checked, failing,
                                         observed, expected, offenders)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (
                    run, stage, measured["ruleSet"], measured["dataset"], measured["scope"], ordinal, r["rule"], r["type"], r["severity"],
                    r["passed"], r["checked"], r["failing"], Jsonb(r["observed"]), Jsonb(r["expected"]), Jsonb(r["offenders"]),
                )
                for ordinal, r in enumerate(measured["results"])
            ],
        )  # fmt: skip


def of_run(tx: Tx, run: str) -> list[dict[str, Any]]:
    """Scores of a run, in the order in which they were measured."""
    return list(
        tx.execute(
            "SELECT dataset, rule_set, scope, score::float8 AS score, passed, failed, formula FROM quality_scores"
            " WHERE run_id = %(run)s ORDER BY at, stage",
            {"run": run},
        )
    )
