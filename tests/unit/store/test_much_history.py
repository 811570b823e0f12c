"""Lists of a store with much in it read what they show, not all there is. Counted in rows by PostgreSQL itself, so no clock matters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.store import audit, dead_letter_views, diagnosing, quality, run_views
from shared.store.audit import Wanted
from shared.store.database import Database, Tx
from shared.store.dead_letter_views import Choice
from shared.store.run_views import Chosen

RUNS = 20_000
LIMIT = 50
NAMESPACES = ("many-a", "many-b", "many-c", "many-d")


class Much:
    """`read()`: rows of tables and indexes that were read since it was asked last, of the tables whose names begin so."""

    def __init__(self, tx: Tx, run: str) -> None:
        self.tx, self.run = tx, run
        self._before: dict[str, int] = {}

    def read(self, table: str) -> int:
        row = self.tx.execute(
            "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint AS rows FROM pg_stat_xact_user_tables"
            " WHERE relname ~ %(name)s",
            {"name": f"^{table}(_[0-9]{{6}})?$"},
        ).fetchone()
        assert row is not None
        found = row["rows"] - self._before.get(table, 0)
        self._before[table] = row["rows"]
        return int(found)


@pytest.fixture(scope="module")
def much(store: Database) -> Iterator[Much]:
    """All of it in one transaction that is rolled back."""

    class Enough(Exception):
        pass

    try:
        with store.transaction() as tx:
            yield Much(tx, _fill(tx))
            raise Enough
    except Enough:
        pass


def _fill(tx: Tx) -> str:
    """Runs of three days, and 5,000 dead letters of one of them, whose id is returned; those of other tests would be read, too."""
    tx.execute("TRUNCATE runs CASCADE")
    tx.execute(
        """
        INSERT INTO runs (id, namespace, pipeline, resource_uid, version, status, trigger, logical_date, created_by, labels)
        SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - 10000 * (%(runs)s - i)), 12, '0') || '7'
                || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 5, 15))::uuid,
               (%(namespaces)s::text[])[1 + i %% 4], 'p' || i %% 100, gen_random_uuid(), 1,
               CASE WHEN i %% 50 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
               CASE WHEN i %% 3 = 0 THEN '{"type": "schedule"}' ELSE '{"type": "manual"}' END::jsonb, now(), 'test',
               CASE WHEN i %% 10 = 0 THEN '{"team": "core"}' WHEN i = 17 THEN '{"rare": "yes"}' ELSE '{}' END::jsonb
          FROM generate_series(1, %(runs)s) AS i
        """,
        {"runs": RUNS, "namespaces": list(NAMESPACES)},
    )
    row = tx.execute("SELECT id::text AS id FROM runs WHERE namespace = 'many-b' ORDER BY runs.id DESC LIMIT 1").fetchone()
    assert row is not None
    tx.execute(
        "INSERT INTO stages (run_id, stage, kind, nodes, inputs, generation, queue, status, epoch)"
        " SELECT id, 1, 'work', '{a}', '{}', 1, 'stages', 'COMPLETED', 1 FROM runs WHERE namespace = ANY(%(many)s)",
        {"many": list(NAMESPACES)},
    )
    tx.execute(
        "INSERT INTO dead_letters (run_id, id, stage, epoch, node, original_record, error_message, position)"
        " SELECT %(run)s, gen_random_uuid(), 1, 1, 'a', '{}', 'wrong', i FROM generate_series(1, 5000) AS i",
        {"run": row["id"]},
    )
    tx.execute(
        """
        INSERT INTO audit (id, token_name, method, action, namespace, request_id, status)
        SELECT id, 'test', 'POST', 'runs.cancel', namespace, md5(id::text), 202 FROM runs WHERE namespace = ANY(%(many)s)
        """,
        {"many": list(NAMESPACES)},
    )
    tx.execute(
        """
        INSERT INTO quality_scores (run_id, stage, rule_set, namespace, dataset, scope, score, passed, failed, formula)
        SELECT id, 1, '', namespace, 'dataset ' || row_number() OVER (ORDER BY runs.id) % 500, 'all', 100, 1, 0, '{}' FROM runs
         WHERE namespace = 'many-b'
        """
    )
    for table in ("runs", "stages", "dead_letters", "audit", "quality_scores"):
        tx.execute(f"ANALYZE {table}")  # type: ignore[arg-type]
    return str(row["id"])


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("chosen", "most"),
    [
        (Chosen(), 2 * LIMIT),
        (Chosen(namespaces=NAMESPACES), 2 * LIMIT),
        # Every fourth run, and of all of them every hundredth or fiftieth: passing over the others is as good as any index.
        (Chosen(namespace="many-b"), 8 * LIMIT),
        (Chosen(namespace="many-b", pipeline="p1"), 5 * LIMIT),
        (Chosen(statuses=("SUCCEEDED",)), 2 * LIMIT),
        (Chosen(statuses=("FAILED",)), 60 * LIMIT),
        (Chosen(statuses=("CANCELLED",)), 5),
        (Chosen(trigger="schedule"), 8 * LIMIT),
        (Chosen(trigger="kafka"), 5),
        (Chosen(labels={"rare": "yes"}), LIMIT),
        (Chosen(namespace="nowhere"), 5),
        (Chosen(namespace="nowhere", statuses=("FAILED",)), 5),
        (Chosen(until=NOW - timedelta(days=300)), 5),
    ],
)
def test_a_page_of_runs_reads_about_as_many_as_it_shows(much: Much, chosen: Chosen, most: int) -> None:
    much.read("runs")
    run_views.page(much.tx, chosen, limit=LIMIT)
    assert much.read("runs") <= most


def test_the_last_runs_of_many_pipelines_are_found_one_by_one(much: Much) -> None:
    named = [(NAMESPACES[i % 4], f"p{i}") for i in range(100)]
    much.read("runs")
    found = run_views.newest(much.tx, named)
    # In each partition the newest is looked for, till one is found.
    assert (set(found) == set(named), much.read("runs") <= 2 * len(named)) == (True, True)


@pytest.mark.parametrize(("of_run", "after"), [(True, False), (True, True), (False, False)])
def test_a_page_of_many_dead_letters_reads_a_page(much: Much, of_run: bool, after: bool) -> None:
    choice, place = Choice(run=much.run) if of_run else Choice(), None
    if after:
        place = dead_letter_views.page(much.tx, choice, None, 2500)[1]
    much.read("dead_letters")
    rows, following = dead_letter_views.page(much.tx, choice, place, LIMIT)
    behind = [(2500 if after else 0) + i for i in range(1, LIMIT + 1)]
    assert [row["position"] for row in rows] == (behind if of_run else [5001 - i for i in behind])
    assert following is not None
    assert much.read("dead_letters") <= 2 * LIMIT


def test_one_dead_letter_is_found_by_its_id_alone(much: Much) -> None:
    row = much.tx.execute("SELECT id::text AS id FROM dead_letters WHERE run_id = %(run)s LIMIT 1", {"run": much.run}).fetchone()
    assert row is not None
    much.read("dead_letters")
    assert dead_letter_views.one(much.tx, row["id"]) is not None
    assert much.read("dead_letters") <= 2


def test_a_text_is_looked_for_in_so_many_letters_at_a_time_until_all_were_looked_at(much: Much, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letter_views, "LOOKED_THROUGH", 2000)
    much.tx.execute("UPDATE dead_letters SET error_message = 'the ONE' WHERE run_id = %(run)s AND position IN (1, 4500)", {"run": much.run})
    pages: list[list[Any]] = []
    place = None
    while not pages or place is not None:
        rows, place = dead_letter_views.page(much.tx, Choice(run=much.run, contains="the one"), place, LIMIT)
        pages.append([row["position"] for row in rows])
    assert pages == [[1], [], [4500]]


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted(namespace="many-b"), Wanted(token="test"), Wanted(action="runs.cancel"), Wanted(request="none")], ids=str
)
def test_a_page_of_the_audit_log_reads_about_as_many_as_it_shows(much: Much, wanted: Wanted) -> None:
    much.read("audit")
    audit.page(much.tx, wanted, before=None, limit=LIMIT)
    # Every fourth is of that namespace: passing over the others is as good as any index.
    assert much.read("audit") <= 8 * LIMIT


def test_a_diagnosis_reads_only_the_runs_before_it_that_it_looks_at(much: Much) -> None:
    much.read("runs")
    diagnosing.earlier(much.tx, much.run, "many-b", "p1")
    assert much.read("runs") <= 2 * diagnosing.MOST_EARLIER


@pytest.mark.parametrize(("namespaces", "found"), [(None, LIMIT), (["many-b"], LIMIT), (["many-a", "many-c"], 0)], ids=str)
def test_a_page_of_checked_datasets_reads_the_newest_check_of_each_that_may_be_seen(
    much: Much, namespaces: list[str] | None, found: int
) -> None:
    much.read("quality_scores")
    rows = quality.subjects(much.tx, after=None, limit=LIMIT, namespaces=namespaces, dataset=None)
    assert len(rows) == found
    # Each is jumped to, then read.
    assert much.read("quality_scores") <= 4 * found
