"""Who holds and who waits for connections of connectors that allow only so many at once (maxConnections).

A stage that is RELEASED or RUNNING holds its connections: there is no other record of them that could be left behind. Those that must
wait stand in one line for each connector, in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shared.runs.states import STAGE_IN_FLIGHT
from shared.store.database import Tx

_IN_FLIGHT = [status.value for status in STAGE_IN_FLIGHT]


@dataclass(frozen=True, slots=True)
class Waiter:
    """`connectors`: each as often as it is needed."""

    run: str
    stage: int
    since: datetime
    connectors: tuple[str, ...]


def set_limit(tx: Tx, connector: str, most: int | None) -> None:
    """What the connector's document says now; None: as many as there may be. Writes only what has changed."""
    if most is None:
        tx.execute("DELETE FROM connector_limits WHERE connector = %(connector)s", {"connector": connector})
        return
    tx.execute(
        """
        INSERT INTO connector_limits AS l (connector, most) VALUES (%(connector)s, %(most)s)
        ON CONFLICT (connector) DO UPDATE SET most = excluded.most WHERE l.most <> excluded.most
        """,
        {"connector": connector, "most": most},
    )


def lock_limits(tx: Tx, connectors: Sequence[str]) -> dict[str, int]:
    """The limits of those that have one. Until the transaction ends, nobody else gives out their connections.

    To be taken after the run's row, and before `held` and `waiting` are asked.
    """
    rows = tx.execute(
        "SELECT connector, most FROM connector_limits WHERE connector = ANY(%(connectors)s) ORDER BY connector FOR UPDATE",
        {"connectors": list(connectors)},
    )
    return {row["connector"]: row["most"] for row in rows}


def limits(tx: Tx) -> dict[str, int]:
    return {row["connector"]: row["most"] for row in tx.execute("SELECT connector, most FROM connector_limits")}


def held(tx: Tx, connectors: Sequence[str]) -> dict[str, int]:
    """Connections that stages hold now, by connector; none: not in it."""
    rows = tx.execute(
        """
        SELECT c.connector, count(*)::integer AS held FROM stages s, unnest(s.connectors) AS c (connector)
         WHERE s.status = ANY(%(held)s) AND c.connector = ANY(%(connectors)s) GROUP BY c.connector
        """,
        {"held": _IN_FLIGHT, "connectors": list(connectors)},
    )
    return {row["connector"]: row["held"] for row in rows}


def waiting(tx: Tx, connectors: Sequence[str]) -> list[Waiter]:
    """Stages of running runs that wait for one of those, the longest first.

    Those whose own run has no slot left keep their place and are passed over: nobody is to wait for who could not begin anyway.
    """
    rows = tx.execute(
        """
        SELECT s.run_id::text AS run, s.stage, s.waiting_since, s.connectors FROM stages s JOIN runs r ON r.id = s.run_id
         WHERE s.waiting_since IS NOT NULL AND s.status IN ('WAITING', 'RETRYING') AND s.connectors && %(connectors)s
           AND r.status = 'RUNNING' AND r.cancel_reason IS NULL
           AND (s.kind <> 'work' OR r.max_parallel_nodes IS NULL OR r.max_parallel_nodes > (
                  SELECT count(*) FROM stages f WHERE f.run_id = s.run_id AND f.kind = 'work' AND f.status = ANY(%(held)s)))
         ORDER BY s.waiting_since, s.run_id, s.stage
        """,
        {"connectors": list(connectors), "held": _IN_FLIGHT},
    )
    return [Waiter(row["run"], row["stage"], row["waiting_since"], tuple(row["connectors"])) for row in rows]


def wait(tx: Tx, run: str, whys: Mapping[int, Mapping[str, Any]]) -> None:
    """Puts stages of a run that the caller holds at the end of the line; those that stand in it keep their place."""
    tx.execute(
        """
        UPDATE stages s SET waiting_since = coalesce(s.waiting_since, clock_timestamp()), waiting_for = w.why
          FROM unnest(%(stages)s::integer[], %(whys)s::jsonb[]) AS w (stage, why)
         WHERE s.run_id = %(run)s AND s.stage = w.stage AND s.waiting_for IS DISTINCT FROM w.why
        """,
        {"run": run, "stages": list(whys), "whys": [Jsonb(dict(why)) for why in whys.values()]},
    )
