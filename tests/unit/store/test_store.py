"""Ids, partitions, facts and datasets, on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from infra.local import migrate
from shared.store import facts, partitions, requests, runs, shown_plans, workers
from shared.store.database import Database, StoreUnavailable
from shared.store.identifiers import least_id, new_id


def test_ids_sort_by_time_and_lie_between_the_bounds_of_their_moment() -> None:
    before = least_id(datetime.now(UTC))
    ids = [UUID(new_id()) for _ in range(100)]
    assert before <= min(ids)
    assert max(ids) < least_id(datetime.now(UTC) + timedelta(seconds=1))


def test_partitions_are_made_ahead_and_once(store: Database) -> None:
    with store.transaction() as tx:
        partitions.ensure(tx, datetime.now(UTC))
        assert partitions.ensure(tx, datetime.now(UTC)) == []
        made = partitions.ensure(tx, datetime(2031, 12, 15, tzinfo=UTC))
        assert {name[-6:] for name in made} == {"203112", "203201", "203202", "203203"}


def test_facts_are_fresh_for_a_while(store: Database) -> None:
    with store.transaction() as tx:
        facts.put(tx, "k", {"exists": True})
        assert facts.fresh(tx, ["k", "other"], timedelta(minutes=1)) == {"k": {"exists": True}}
        tx.execute("UPDATE facts SET surveyed_at = surveyed_at - interval '2 min' WHERE key = 'k'")
        assert facts.fresh(tx, ["k"], timedelta(minutes=1)) == {}
        facts.forget(tx, ["k"])
        assert facts.fresh(tx, ["k"], timedelta(days=1)) == {}


def test_workers_are_seen_while_they_report(store: Database) -> None:
    with store.transaction() as tx:
        for _ in range(2):
            workers.register(tx, name="w", boot=new_id(), service="worker", labels=["eu"], slots=2, memory_bytes=1, version="1")
        assert [row["name"] for row in workers.seen_within(tx, timedelta(minutes=1)) if row["name"] == "w"] == ["w"]
        tx.execute("UPDATE workers SET seen_at = seen_at - interval '1 hour'")
        assert workers.seen_within(tx, timedelta(minutes=1)) == []


def test_a_store_that_is_away_is_told_in_one_sentence() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none", name="test", wait_s=0.3)
    with pytest.raises(StoreUnavailable, match="PENSTOCK_DATABASE_URL"), away.transaction():
        pass
    away.close()


def test_plans_of_last_week_and_requests_that_nobody_waits_for_are_forgotten(store: Database) -> None:
    plans = [new_id(), new_id()]
    about = {"parameters": {}, "logicalDate": datetime.now(UTC), "fingerprint": None, "requiresApproval": False, "plan": {}}
    with store.transaction() as tx:
        for plan in plans:
            shown_plans.put(tx, plan, namespace="default", pipeline="p", version=1, sha=None, about=about, by="me")
        asked = [requests.put(tx, "survey", "default", {}, asked_by="me", valid_for=timedelta(hours=h)) for h in (-2, 1)]
        tx.execute("UPDATE shown_plans SET created_at = created_at - interval '8 days' WHERE id = %(id)s", {"id": plans[0]})
        shown_plans.prune(tx)
        requests.prune(tx)
        assert [shown_plans.read(tx, plan) is not None for plan in plans] == [False, True]
        assert list(requests.read(tx, asked)) == [asked[1]]


def test_who_is_paused_in_the_middle_of_a_transaction_keeps_its_rows_from_others_for_as_long_as_it_is_told(store: Database) -> None:
    paused = Database(store.url, name="paused", paused_s=1)
    with store.transaction() as tx:
        facts.put(tx, "held", {})
    try:
        with pytest.raises(StoreUnavailable), paused.transaction() as tx:
            tx.execute("SELECT 1 FROM facts WHERE key = 'held' FOR UPDATE")
            with store.transaction() as other:
                # Ends once the server has ended the first.
                other.execute("SELECT 1 FROM facts WHERE key = 'held' FOR UPDATE")
            tx.execute("SELECT 1")
    finally:
        paused.close()


def test_a_store_that_a_newer_release_has_changed_is_left_alone(store: Database) -> None:
    with store.transaction() as tx:
        tx.execute("INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc) VALUES ('later', '9999.later', now())")
    try:
        with pytest.raises(migrate.StoreIsNewer, match=r"9999\.later"):
            migrate.migrate(store.url)
    finally:
        with store.transaction() as tx:
            tx.execute("DELETE FROM _yoyo_migration WHERE migration_hash = 'later'")
    assert migrate.migrate(store.url) == []


def test_why_runs_wait_is_said_past_those_that_somebody_holds(store: Database) -> None:
    held, free = new_id(), new_id()
    with store.transaction() as tx:
        for run in (held, free):
            tx.execute(
                """
                INSERT INTO runs (id, namespace, pipeline, resource_uid, version, status, trigger, logical_date, created_by)
                VALUES (%(id)s, 'waiting', 'p', %(uid)s, 1, 'QUEUED', '{}', now(), 'test')
                """,
                {"id": run, "uid": new_id()},
            )
    try:
        with store.transaction() as holder, store.transaction() as tx:
            holder.execute("SELECT 1 AS held FROM runs WHERE id = %(id)s FOR UPDATE", {"id": held})
            tx.execute("SET LOCAL lock_timeout = '1s'")
            runs.rest_waits(tx, [], "pipeline", "older runs of it are first")
            told = tx.execute("SELECT id::text AS id FROM runs WHERE namespace = 'waiting' AND waiting_for IS NOT NULL").fetchall()
        assert [row["id"] for row in told] == [str(free)]
        with store.transaction() as tx:
            tx.execute("UPDATE runs SET status = 'RUNNING', waiting_for = '{\"reason\": \"worker\"}' WHERE namespace = 'waiting'")
        with store.transaction() as holder, store.transaction() as tx:
            holder.execute("SELECT 1 AS held FROM runs WHERE id = %(id)s FOR UPDATE", {"id": held})
            tx.execute("SET LOCAL lock_timeout = '1s'")
            runs.tell_unserved(tx, timedelta(seconds=1))
            told = tx.execute("SELECT id::text AS id FROM runs WHERE namespace = 'waiting' AND waiting_for IS NULL").fetchall()
        assert [row["id"] for row in told] == [str(free)]
    finally:
        with store.transaction() as tx:
            tx.execute("DELETE FROM runs WHERE namespace = 'waiting'")
