"""Plans that were shown to somebody, so that a run can be asked for by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from shared.store.database import Tx


def put(tx: Tx, plan: str, *, namespace: str, pipeline: str, version: int, sha: str | None, about: Mapping[str, Any], by: str) -> None:
    """`about`: parameters, logicalDate, fingerprint (None where facts were missing), requiresApproval and the plan as it was shown."""
    tx.execute(
        """
        INSERT INTO shown_plans (id, namespace, pipeline, version, git_commit_sha, parameters, logical_date, fingerprint, plan,
                                 requires_approval, created_by)
        VALUES (%(id)s, %(namespace)s, %(pipeline)s, %(version)s, %(sha)s, %(parameters)s, %(date)s, %(fingerprint)s, %(plan)s,
                %(approval)s, %(by)s)
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
            "approval": about["requiresApproval"],
            "by": by,
        },
    )


def read(tx: Tx, plan: str) -> dict[str, Any] | None:
    """{namespace, pipeline, version, git_commit_sha, parameters, logical_date, fingerprint, plan, created_by, created_at,
    requires_approval, approved_by, approved_at, approval_reason}; `approved_by` is None until somebody approves it.
    """
    return tx.execute(
        """
        SELECT namespace, pipeline, version, git_commit_sha, parameters, logical_date, fingerprint, plan, created_by, created_at,
               requires_approval, approved_by, approved_at, approval_reason
          FROM shown_plans WHERE id = %(id)s
        """,
        {"id": plan},
    ).fetchone()


def approve(tx: Tx, plan: str, *, by: str, reason: str | None) -> None:
    """Nothing where somebody has done so before: the first is the one who did."""
    tx.execute(
        """
        UPDATE shown_plans SET approved_by = %(by)s, approved_at = clock_timestamp(), approval_reason = %(reason)s
         WHERE id = %(id)s AND approved_at IS NULL
        """,
        {"id": plan, "by": by, "reason": reason},
    )


def prune(tx: Tx) -> None:
    """A plan a week old says little of today."""
    tx.execute("DELETE FROM shown_plans WHERE created_at < clock_timestamp() - interval '7 days'")
