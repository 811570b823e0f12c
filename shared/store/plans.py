"""Plans as they were made, whole, for people to look at. Finishing a stage never reads them."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from shared.planning.stages import Plan
from shared.store.database import Tx


def insert(tx: Tx, run: str, plan: Plan) -> None:
    tx.execute(
        "INSERT INTO plans (run_id, format, plan) VALUES (%(run)s, %(format)s, %(plan)s)"
        " ON CONFLICT (run_id) DO UPDATE SET format = excluded.format, plan = excluded.plan",
        {"run": run, "format": plan.format, "plan": Jsonb(plan.to_json())},
    )


def of_run(tx: Tx, run: str) -> dict[str, Any] | None:
    row = tx.execute("SELECT plan FROM plans WHERE run_id = %(run)s", {"run": run}).fetchone()
    return row["plan"] if row else None
