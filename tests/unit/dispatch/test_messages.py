"""What Kafka triggers make of a topic, on librdkafka's own mock broker: each message is of one run, whatever ends in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from services.scheduler.settings import Settings
from services.scheduler.watch import ask_due
from shared.connectors.errors import Unavailable
from shared.connectors.kafka.driver import ConnectorDriver
from shared.dispatch import watching
from shared.engines import watch
from shared.engines.control import Control
from shared.engines.work import Job, Limits, ResolvedConnector
from shared.pipelines.language import read_documents, starts
from shared.store import resources, triggers
from shared.store.database import Database
from shared.store.identifiers import new_id
from tests.support.inprocess import make_pipeline, run

NODES = """
    - {id: read, type: connector_source, config: {connector: files, path: "a.csv"}}
    - {id: keep, type: connector_sink, config: {connector: files, path: b.csv, writeMode: OVERWRITE}}
"""


class Broker:
    """Lives as long as the producer that made it."""

    def __init__(self) -> None:
        self.producer = Producer({"bootstrap.servers": "mock:1", "test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self.producer.list_topics(timeout=30).brokers.values()
        self.servers = f"{broker.host}:{broker.port}"

    def send(self, topic: str, *values: Any, partition: int = 0) -> None:
        for value in values:
            self.producer.produce(topic, json.dumps(value) if isinstance(value, dict) else value, partition=partition)
        assert self.producer.flush(30) == 0

    def committed(self, topic: str, group: str) -> int:
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": group, "log_level": 0})
        try:
            (one,) = consumer.committed([TopicPartition(topic, 0)], timeout=30)
            return int(one.offset)
        finally:
            consumer.close()


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    yield Broker()


class Fed:
    """A pipeline with a trigger over a topic of its own."""

    def __init__(self, store: Database, folder: Path, broker: Broker, most: int, wait: str) -> None:
        self.store, self.folder, self.broker = store, folder, broker
        self.name = self.topic = f"p-{new_id()}"
        trigger = f"{{type: kafka, connector: events, topic: {self.topic}, maxMessages: {most}, maxWait: {wait}}}"
        text = make_pipeline(NODES, "{from: read, to: keep}", f"  parameters: [{{name: path}}]\n  triggers: [{trigger}]\n")
        text = text.replace("{name: p}", f"{{name: {self.name}}}")
        (document,) = read_documents(text)
        with store.transaction() as tx:
            saved = resources.save(
                tx, kind="Pipeline", namespace="default", name=self.name, text=text, valid=True, problems=[], author="t", message=""
            )
            triggers.sync(tx, "default", self.name, saved.version, starts(document))

    @property
    def group(self) -> str:
        return f"penstock-default-{self.name}-kafka"

    def asked(self) -> tuple[str, dict[str, Any]]:
        with self.store.transaction() as tx:
            held = triggers.hold(tx, "default", self.name, "kafka")
            assert held is not None
            request = watching.ask(tx, held, every=timedelta(seconds=10), within=timedelta(seconds=60))
            row = tx.execute("SELECT args FROM requests WHERE id = %s", [request]).fetchone()
        assert row is not None
        return request, row["args"]

    def polled(self, args: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        connectors = {"default/events": ResolvedConnector("default/events", "kafka", {"bootstrapServers": self.broker.servers})}
        job = Job("default", new_id(), 0, 1, "watch", args, connectors, {}, str(self.folder), Limits(1_000_000_000, 1, str(self.folder)))
        return "DONE", json.loads(json.dumps(watch.run(job, Control()).facts))

    def record(self, request: str, args: dict[str, Any], found: tuple[str, dict[str, Any]]) -> None:
        with self.store.transaction() as tx:
            watching.record(tx, request, args, *found, {}, "default")

    def look(self) -> None:
        request, args = self.asked()
        self.record(request, args, self.polled(args))

    def runs(self) -> list[dict[str, Any]]:
        with self.store.transaction() as tx:
            return list(tx.execute("SELECT id::text AS id, parameters, trigger FROM runs WHERE pipeline = %s ORDER BY id", [self.name]))

    def messages(self) -> list[list[dict[str, Any]]]:
        """Of each run, the lines of the file that it is told of."""
        paths = [self.folder / one["parameters"]["path"] for one in self.runs()]
        return [[json.loads(line) for line in path.read_text().splitlines()] for path in paths]


@pytest.fixture
def fed(store: Database, tmp_path: Path, broker: Broker) -> Callable[[int], Fed]:
    return lambda most=100, wait="0.2": Fed(store, tmp_path, broker, most, wait)


def test_messages_become_runs_of_at_most_so_many(fed: Callable[..., Fed]) -> None:
    feed = fed(3)
    feed.broker.send(feed.topic, *({"id": number} for number in range(5)))
    feed.look()
    feed.look()
    feed.look()
    assert [[one["id"] for one in of_run] for of_run in feed.messages()] == [[0, 1, 2], [3, 4]]
    first, _ = feed.runs()
    assert first["trigger"] == {"type": "kafka", "name": "kafka", "topic": feed.topic, "messages": 3, "offsets": {"0": [0, 2]}}


def test_offsets_are_committed_only_once_the_run_is_on_record(fed: Callable[..., Fed]) -> None:
    feed = fed()
    feed.broker.send(feed.topic, {"id": 1}, {"id": 2})
    request, args = feed.asked()
    found = feed.polled(args)
    assert feed.broker.committed(feed.topic, feed.group) < 0
    feed.record(request, args, found)
    assert feed.broker.committed(feed.topic, feed.group) < 0
    feed.look()
    assert feed.broker.committed(feed.topic, feed.group) == 2


def test_what_ends_before_or_after_recording_neither_loses_nor_doubles(fed: Callable[..., Fed]) -> None:
    feed = fed()
    feed.broker.send(feed.topic, {"id": 1})
    # Polled, and the worker ends.
    feed.polled(feed.asked()[1])
    feed.broker.send(feed.topic, {"id": 2})
    request, args = feed.asked()
    found = feed.polled(args)
    feed.record(request, args, found)
    # Recorded, and told again; what is committed with the broker is behind.
    feed.record(request, args, found)
    feed.broker.send(feed.topic, {"id": 3})
    feed.look()
    assert [[one["id"] for one in of_run] for of_run in feed.messages()] == [[1, 2], [3]]


def test_a_topic_that_is_made_anew_has_runs_of_its_own(fed: Callable[..., Fed]) -> None:
    feed = fed()
    feed.broker.send(feed.topic, {"id": 1})
    feed.look()
    # It is gone, and as long again: the same offsets hold other messages.
    with feed.store.transaction() as tx:
        tx.execute("UPDATE triggers SET state = '{}' WHERE pipeline = %s", [feed.name])
    feed.look()
    assert len(feed.runs()) == 2


@pytest.mark.parametrize("wait", ["1.0e+305", '"P999999999999999999999999D"', "1.0e+12"])
def test_a_wait_of_ages_ends_before_the_look_counts_as_lost(fed: Callable[..., Fed], wait: str) -> None:
    assert fed(wait=wait).asked()[1]["waitSeconds"] == 30


def test_a_trigger_that_cannot_be_asked_for_holds_up_no_other(fed: Callable[..., Fed], monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = fed(), fed()
    for name in ("PENSTOCK_DATABASE_URL", "PENSTOCK_REDIS_URL", "PENSTOCK_STAGING_URL", "PENSTOCK_HOME"):
        monkeypatch.setenv(name, broken.store.url if name == "PENSTOCK_DATABASE_URL" else "/tmp/nowhere")
    with broken.store.transaction() as tx:
        tx.execute('UPDATE triggers SET config = \'{"topic": "t", "connector": "c"}\' WHERE pipeline = %s', [broken.name])
    ask_due(broken.store, Settings.from_environment())
    with broken.store.transaction() as tx:
        rows = tx.execute(
            "SELECT pipeline, asked, problem, look_at > now() AS later FROM triggers WHERE pipeline = ANY(%s)", [[broken.name, whole.name]]
        )
        told = {row["pipeline"]: row for row in rows}
    assert told[whole.name]["asked"] is not None and told[whole.name]["problem"] is None
    assert told[broken.name]["asked"] is None and "maxWait" in told[broken.name]["problem"]["message"] and told[broken.name]["later"]


def test_a_message_is_a_row_with_its_own_fields_and_where_it_comes_from(fed: Callable[..., Fed], tmp_path: Path) -> None:
    feed = fed()
    feed.broker.send(feed.topic, '{\n "id": 12345678901234567890.123456789,\n "name": "Żółw"}', "plain", b"\xff", "[1]", "{}", None)
    feed.look()
    (rows,) = feed.messages()
    assert [row.get("_value") for row in rows] == [None, "plain", "ÿ", "[1]", None, None]
    assert [row["_offset"] for row in rows] == [0, 1, 2, 3, 4, 5]
    path = tmp_path / feed.runs()[0]["parameters"]["path"]
    assert "12345678901234567890.123456789" in path.read_text()
    # And a source reads it.
    nodes = NODES.replace("a.csv", str(path.relative_to(tmp_path)))
    assert len(run(tmp_path, make_pipeline(nodes, "{from: read, to: keep}")).rows("b.csv")) == 6


def test_a_broker_that_is_not_there_may_be_there_later(broker: Broker) -> None:
    with pytest.raises(Unavailable):
        ConnectorDriver({"bootstrapServers": "127.0.0.1:1"}).discover()
    assert [one.ok for one in ConnectorDriver({"bootstrapServers": broker.servers}).check()] == [True]
