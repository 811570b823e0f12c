"""Plans that were shown to somebody, so that a run can be asked for by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx


def put(tx: Tx, plan: str, *, namespace: str, pipeline: str, version: int, sha: str | None, about: Mapping[str, Any], by: str) -> None:
    """`about`: parameters, logicalDate, fingerprint (None where facts were missing) and the plan as it was shown."""
    tx.execute(
        """
        INSERT INTO shown_plans (id, namespace, pipeline, version, git_commit_sha, parameters, logical_date, fingerprint, plan, created_by)
        VALUES (%(id)s, %(namespace)s, %(pipeline)s, %(version)s, %(sha)s, %(parameters)s, %(date)s, %(fingerprint)s, %(plan)s, %(by)s)
        """,
        {
            "id": plan,
            "namespace": namespace,
            "pipeline": pipeline,
            "version": version,
            "sha": sha,
            "parameters": Jsonb(about["parameters"]),
            "date": about["logicalDate"],
            "fingerprint": about["fingerprint"],
            "plan": Jsonb(about["plan"]),
            "by": by,
        },
    )


def read(tx: Tx, plan: str) -> dict[str, Any] | None:
    """{namespace, pipeline, version, git_commit_sha, parameters, logical_date, fingerprint, plan, created_at}."""
    return tx.execute(
        """
        SELECT namespace, pipeline, version, git_commit_sha, parameters, logical_date, fingerprint, plan, created_at
          FROM shown_plans WHERE id = %(id)s
        """,
        {"id": plan},
    ).fetchone()


def prune(tx: Tx) -> None:
    """A plan a week old says little of today."""
    tx.execute("DELETE FROM shown_plans WHERE created_at < clock_timestamp() - interval '7 days'")
