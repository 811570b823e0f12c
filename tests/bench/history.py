"""Months of history in the store of a whole Penstock: three real runs, multiplied there by statements that copy all that hangs on a run.

So every row of it is what a service wrote, with another id, time, pipeline and namespace. Runs are spread over twelve months, unevenly over
pipelines and namespaces, as they are in life: one pipeline has a fifth of them, one namespace (`attic`) only three, all of them old.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from shared.store import partitions
from shared.store.database import Database
from tests.support import rejects
from tests.support.stack import Stack

MONTHS = 12
NAMESPACES = {"default": 150, "finance": 100, "lab": 50, "attic": 2}
# What a run drags along, beside its row; `looks` of the last three months only, as they are kept.
OF_RUNS = (
    "plans",
    "programs",
    "stages",
    "attempts",
    "nodes",
    "events",
    "datasets",
    "quality_results",
    "quality_scores",
    "quality_profiles",
)
LOOKS = ("samples", "logs")


@dataclass(frozen=True)
class Size:
    """`letters`: dead letters, a fifth of them of one run. `beside`: rows each of audit, deliveries, firings and notifications."""

    runs: int = 100_000
    letters: int = 500_000
    beside: int = 100_000


def recipe(namespace: str, name: str, *, schedule: bool = False, hook: bool = False) -> str:
    """Ten nodes."""
    steps = [
        "{id: orders, type: connector_source, config: {connector: default/files, path: orders.csv,"
        " schema: {id: BIGINT, amount: 'NUMERIC(12, 2)', parts: BIGINT, shop: TEXT, note: TEXT}}}",
        "{id: check, type: validate, config: {rules: [{name: positive, type: RANGE, column: amount, min: 0}]}}",
        *(
            f"{{id: price{step}, type: expression, config: {{columns: [{{name: unit{step}, expression: amount / (parts + {step}),"
            " type: DOUBLE PRECISION}]}}"
            for step in range(1, 6)
        ),
        "{id: dear, type: filter, config: {condition: amount > 10}}",
        "{id: shops, type: aggregator, config: {groupBy: [shop], aggregations: [{name: total, function: sum, column: amount}]}}",
        "{id: result, type: connector_sink, config: {connector: default/files, writeMode: OVERWRITE,"
        f" path: out/{namespace}-{name}.csv}}}}",
    ]
    ids = ["orders", "check", *(f"price{step}" for step in range(1, 6)), "dear", "shops", "result"]
    edges = [f"{{from: {'check.valid' if left == 'check' else left}, to: {right}}}" for left, right in pairwise(ids)]
    head = [
        "apiVersion: penstock/v1",
        "kind: Pipeline",
        f"metadata: {{name: {name}, namespace: {namespace}}}",
        "spec:",
        *(["  schedule: 30 2 1 * *", "  timezone: Europe/Warsaw"] if schedule else []),
        *(["  triggers: [{type: webhook, name: orders, token: '{{credential:hooks#token}}'}]"] if hook else []),
        "  retries: 0",
        "  nodes:",
    ]
    return "\n".join([*head, *(f"    - {step}" for step in steps), f"  edges: [{', '.join(edges)}]"]) + "\n"


def fill(stack: Stack, size: Size) -> dict[str, str]:
    """Returns ids of runs by what is special of them: good, rejecting, failed, large (with most dead letters)."""
    _apply(stack)
    templates = _templates(stack)
    database = Database(stack.database_url("penstock"), name="bench", size=1)
    try:
        with database.transaction() as tx:
            now = datetime.now(UTC)
            for back in range(MONTHS, 0, -1):
                partitions.ensure(tx, now - timedelta(days=31 * back))
    finally:
        database.close()
    with _store(stack) as store:
        _draw(store, size, templates)
        for table in OF_RUNS:
            _copy(store, table, "true")
        for table in LOOKS:
            _copy(store, table, "m.at > now() - interval '90 days'")
        large = _letters(store, size)
        _beside(store, size)
    with psycopg.connect(stack.database_url("penstock"), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return {**templates, "large": large}


def _apply(stack: Stack) -> None:
    stack.client.call("PUT", "/credentials/default/hooks", body={"token": "a token of the bench"})
    stack.apply(
        "apiVersion: penstock/v1\nkind: DataQualityRuleSet\nmetadata: {name: orders}\nspec:\n"
        "  dataset: {connector: files, path: out/default-p000.csv}\n"
        "  rules: [{name: there, type: NOT_NULL, column: shop}, {name: some, type: RANGE, column: total, min: 0}]\n"
    )
    for namespace, pipelines in NAMESPACES.items():
        texts = [recipe(namespace, f"p{i:03}", schedule=i % 3 == 0, hook=namespace == "default" and i == 1) for i in range(pipelines)]
        for first in range(0, pipelines, 50):
            stack.apply("---\n".join(texts[first : first + 50]))


def _templates(stack: Stack) -> dict[str, str]:
    found = {}
    for name, ways, status in (("rejecting", ("type", "rule"), "SUCCEEDED"), ("good", (), "SUCCEEDED"), ("failed", None, "FAILED")):
        if ways is None:
            (stack.files / "orders.csv").unlink()
        else:
            rejects.write(stack.files / "orders.csv", 10_000, ways)
        ended = stack.wait(stack.start("p000"))
        assert ended["status"] == status, ended["error"]
        found[name] = ended["id"]
    return found


@contextmanager
def _store(stack: Stack) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(stack.database_url("penstock"), row_factory=dict_row) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SELECT setseed(0.5)")
        yield connection


def _draw(store: psycopg.Connection[dict[str, Any]], size: Size, templates: dict[str, str]) -> None:
    """Who, when and how of each run, and the runs."""
    store.execute(
        """
        CREATE TEMP TABLE made AS
        SELECT drawn.*, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8'
                 || substr(md5(i::text), 5, 15))::uuid AS id,
               CASE WHEN chance < 0.03 THEN %(failed)s WHEN chance < 0.08 THEN %(rejecting)s ELSE %(good)s END::uuid AS template,
               CASE WHEN chance < 0.001 THEN 'TIMED_OUT' WHEN chance < 0.005 THEN 'CANCELLED' WHEN chance < 0.03 THEN 'FAILED'
                    ELSE 'SUCCEEDED' END AS status
          FROM (
            SELECT i, now() - interval '1 hour' - (interval '350 days') * (1 - i::float8 / %(runs)s) AS at, random() AS chance,
                   who.namespace, 'p' || lpad((power(random(), 4) * who.pipelines)::integer::text, 3, '0') AS pipeline
              FROM generate_series(1, %(runs)s) AS i,
                   LATERAL (SELECT * FROM (VALUES ('default', 149, 0.60), ('finance', 99, 0.85), ('lab', 49, 1.01))
                            AS n (namespace, pipelines, upto) WHERE (i * 7919 %% 10000) / 10000.0 < upto LIMIT 1) who
          ) drawn
        """,
        {**templates, "runs": size.runs},
    )
    # Three that nobody finds by chance.
    store.execute("UPDATE made SET namespace = 'attic', pipeline = 'p001' WHERE i IN (5, 6, 7)")
    store.execute("ALTER TABLE made ADD PRIMARY KEY (id)")
    store.execute("ANALYZE made")
    store.execute(
        """
        INSERT INTO runs (id, namespace, pipeline, resource_uid, version, git_commit_sha, status, trigger, parameters, logical_date, reason,
                          created_by, created_at, started_at, finished_at, error, planning, max_parallel_nodes, last_seq, queued_at,
                          data_interval_start, data_interval_end, run_values, request_id, labels)
        SELECT m.id, m.namespace, m.pipeline, s.uid, 1, t.git_commit_sha, m.status,
               CASE WHEN m.namespace = 'lab' THEN '{"type": "webhook"}' WHEN m.i %% 3 = 0 THEN '{"type": "schedule"}'
                    WHEN m.i %% 5000 = 1 THEN '{"type": "file"}' ELSE t.trigger END::jsonb,
               t.parameters, m.at, t.reason, t.created_by, m.at,
               t.started_at + (m.at - t.created_at), t.finished_at + (m.at - t.created_at), t.error,
               t.planning, t.max_parallel_nodes, t.last_seq, m.at, m.at, m.at, t.run_values, t.request_id,
               CASE WHEN m.i = 10 THEN '{"audited": "yes"}' WHEN m.i %% 10 = 0 THEN '{"team": "core"}'
                    WHEN m.i %% 10 = 1 THEN jsonb_build_object('team', 'shop', 'batch', (m.i %% 400)::text) ELSE '{}' END::jsonb
          FROM made m JOIN runs t ON t.id = m.template
          JOIN resources s ON s.kind = 'Pipeline' AND s.namespace = m.namespace AND s.name = m.pipeline
         ORDER BY m.id
        """,
        {},
    )


def _copy(store: psycopg.Connection[dict[str, Any]], table: str, which: str) -> None:
    """Rows of the templates for each run; what is a time is as much later or earlier as the run is, what is a namespace is its."""
    columns = [
        (row["column_name"], row["data_type"])
        for row in store.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
            " AND column_name <> 'run_id' ORDER BY ordinal_position",
            (table,),
        )
    ]

    def value(name: str, kind: str) -> sql.Composable:
        if kind == "timestamp with time zone":
            return sql.SQL("t.{} + (m.at - r.created_at)").format(sql.Identifier(name))
        if name == "namespace":
            return sql.SQL("m.namespace")
        if (table, name) in {("quality_scores", "dataset"), ("quality_results", "dataset"), ("quality_profiles", "dataset")}:
            # A pipeline's own file each, so that there are as many datasets as pipelines.
            return sql.SQL("replace(t.{}, 'default-p000', m.namespace || '-' || m.pipeline)").format(sql.Identifier(name))
        return sql.SQL("t.{}").format(sql.Identifier(name))

    store.execute(
        sql.SQL("INSERT INTO {table} (run_id, {names}) SELECT m.id, {values} FROM made m JOIN {table} t ON t.run_id = m.template"
                " JOIN runs r ON r.id = m.template WHERE {which} ORDER BY m.id").format(
            table=sql.Identifier(table),
            names=sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns),
            values=sql.SQL(", ").join(value(name, kind) for name, kind in columns),
            which=sql.SQL(which),  # type: ignore[arg-type]
        )
    )  # fmt: skip


def _letters(store: psycopg.Connection[dict[str, Any]], size: Size) -> str:
    """Of the runs that rejected rows; a fifth of all of one run, whose id is returned."""
    store.execute(
        """
        CREATE TEMP TABLE rejecting AS
        SELECT m.id, m.at, m.template, row_number() OVER (ORDER BY i) AS number FROM made m JOIN runs t ON t.id = m.template
         WHERE EXISTS (SELECT FROM dead_letters d WHERE d.run_id = m.template)
        """
    )
    found = store.execute(
        "SELECT (SELECT count(*) FROM dead_letters) AS each, (SELECT count(*) FROM rejecting) AS runs,"
        " (SELECT id::text FROM rejecting ORDER BY number DESC OFFSET 3 LIMIT 1) AS large"
    ).fetchone()
    assert found is not None
    of_large = size.letters // 5 // found["each"]
    per_run = max(1, (size.letters - size.letters // 5) // max(1, found["runs"]) // found["each"])
    store.execute(
        """
        INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message, position, retry_count, state, at, kind,
                                  rule)
        SELECT r.id, gen_random_uuid(), d.stage, d.epoch, d.node, d.original_record, d.error_message, d.position + 10000 * copy, 0,
               CASE (r.number + copy) % 10 WHEN 0 THEN 'waived' WHEN 1 THEN 'replayed' ELSE 'open' END, r.at, d.kind, d.rule
          FROM rejecting r JOIN dead_letters d ON d.run_id = r.template
          CROSS JOIN LATERAL generate_series(1, CASE WHEN r.id = %(large)s::uuid THEN %(of_large)s ELSE %(per_run)s END) AS copy
        """.replace("% 10", "%% 10"),
        {"large": found["large"], "of_large": of_large, "per_run": per_run},
    )
    return str(found["large"])


def _beside(store: psycopg.Connection[dict[str, Any]], size: Size) -> None:
    """What hangs on no run: audit, deliveries, firings, notifications, and the totals that follow from the runs."""
    some = "(SELECT * FROM made ORDER BY i LIMIT %(beside)s) m"
    values = {"beside": size.beside}
    for statement in (
        f"""
        INSERT INTO audit (id, at, token_id, token_name, role, address, method, action, namespace, object, request_id, status)
        SELECT id, at, gen_random_uuid(), (ARRAY['bench', 'api', 'ci'])[1 + i %% 3], 'admin', '127.0.0.1', 'POST',
               (ARRAY['pipelines.start', 'runs.cancel', 'documents.apply'])[1 + i %% 3], namespace, pipeline, md5(i::text), 202 FROM {some}
        """,
        f"""
        INSERT INTO deliveries (trigger_id, id, at, key, body_hash, size_bytes, outcome, run_id)
        SELECT t.id, m.id, m.at, 'id:' || m.i, '\\x00', 100, CASE WHEN m.i %% 100 = 0 THEN 'rejected' ELSE 'accepted' END, m.id
          FROM {some} JOIN triggers t ON t.type = 'webhook'
        """,
        f"""
        INSERT INTO firings (trigger_id, key, at, run_id, outcome)
        SELECT t.id, to_char(m.at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), m.at, m.id, CASE WHEN m.i %% 1000 = 0 THEN 'skipped' ELSE 'started' END
          FROM {some} JOIN triggers t ON t.type = 'schedule' AND t.namespace = 'default' AND t.pipeline = 'p000'
        """,
        f"""
        INSERT INTO notifications (id, namespace, pipeline, run_id, event, about, type, target, way, facts, subject, body, state,
                                   created_by, created_at, sent_at)
        SELECT id, namespace, pipeline, id, 'failure', 'run ' || i, 'slack', '{{}}', 'way', '{{}}', 'it failed', 'it failed',
               CASE WHEN i %% 5000 = 0 THEN 'failed' ELSE 'sent' END, 'bench', at, at FROM {some}
        """,
        """
        INSERT INTO run_totals AS t (namespace, pipeline, status, runs, timed, seconds, rows_read, rows_written, rows_rejected)
        SELECT namespace, pipeline, status, count(*), count(*), count(*), 0, 0, 0 FROM made GROUP BY 1, 2, 3
        ON CONFLICT (namespace, pipeline, status) DO UPDATE SET runs = t.runs + excluded.runs
        """,
        """
        INSERT INTO pipeline_scores (namespace, pipeline, run_id, score)
        SELECT DISTINCT ON (namespace, pipeline) namespace, pipeline, id, 100 FROM made ORDER BY 1, 2, i DESC ON CONFLICT DO NOTHING
        """,
    ):
        # Only what the statement asks for may be given.
        store.execute(statement, values if "%(beside)s" in statement else {})  # type: ignore[arg-type]
