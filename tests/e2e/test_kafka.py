"""A Kafka trigger on a real broker, with workers, schedulers and the broker killed in between: each message is of one run that is on record
before its offset is the group's.

It is asked for by PENSTOCK_TEST_KAFKA=1 (tests/support/kafka).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException

from tests.support import kafka
from tests.support.kafka import Broker
from tests.support.kills import Points
from tests.support.stack import SHORT, Stack, running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

PARTITIONS = 3
GROUP = "penstock-default-fed-kafka"
RECIPE = """
apiVersion: penstock/v1
kind: Connector
metadata: {name: events}
spec: {type: kafka, config: {bootstrapServers: "SERVERS"}}
---
apiVersion: penstock/v1
kind: Connector
metadata: {name: staged}
spec: {type: files, config: {root: STAGED}}
---
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: fed}
spec:
  retryDelay: 1
  parameters: [{name: path, required: true}]
  triggers: [{type: kafka, connector: events, topic: orders, maxMessages: 40, maxWait: 0.5}]
  nodes:
    - {id: read, type: connector_source, config: {connector: staged, path: "{{path}}"}}
    - {id: typed, type: expression, config: {columns: [{name: id, expression: CAST(id AS BIGINT)},
        {name: part, expression: CAST(_partition AS BIGINT)}, {name: at, expression: CAST(_offset AS BIGINT)}]}}
    - {id: keep, type: connector_sink, config: {connector: db, table: orders, writeMode: INSERT}}
  edges: [{from: read, to: typed}, {from: typed, to: keep, columns: [id, part, at]}]
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with kafka.running(tmp_path_factory.mktemp("kafka")) as up:
        yield up


class Watcher(threading.Thread):
    """Looks all the time whether the group has committed what no run on record has."""

    def __init__(self, stack: Stack, broker: Broker, topic: str) -> None:
        super().__init__(daemon=True)
        self._stack, self._broker, self._topic, self.over = stack, broker, topic, threading.Event()
        self.ahead: list[tuple[dict[int, int], dict[int, int]]] = []
        self.looks = 0

    def run(self) -> None:
        while not self.over.wait(0.05):
            try:
                # What is recorded only grows, so it is asked for after what is committed.
                committed = self._broker.committed(self._topic, GROUP, PARTITIONS)
                recorded = recorded_offsets(self._stack)
            except (KafkaException, OSError):
                # The broker is being killed.
                continue
            self.looks += 1
            if any(offset > recorded.get(partition, 0) for partition, offset in committed.items()):
                self.ahead.append((committed, recorded))


def recorded_offsets(stack: Stack) -> dict[int, int]:
    """By partition, the first message that no run on record has."""
    said = "SELECT trigger -> 'offsets' FROM runs WHERE pipeline = 'fed'"
    found: dict[int, int] = {}
    for (offsets,) in stack.sql(said, database="penstock"):
        for partition, (_, last) in offsets.items():
            found[int(partition)] = max(found.get(int(partition), 0), last + 1)
    return found


def test_each_message_has_one_run_whatever_is_killed(broker: Broker, tmp_path: Path) -> None:
    points = Points(tmp_path / "armed")
    settings = {"PENSTOCK_WORKERS": "2", "PENSTOCK_WATCH_SECONDS": "0.5", "PENSTOCK_WATCH_LIMIT_SECONDS": "15"}
    broker.topic("orders", PARTITIONS)
    with running(tmp_path / "home", **settings, **points.settings, **SHORT) as stack:
        stack.connectors()
        stack.sql("CREATE TABLE orders (id bigint, part bigint, at bigint)")
        stack.apply(RECIPE.replace("SERVERS", broker.servers).replace("STAGED", str(stack.home.staging)))
        watcher = Watcher(stack, broker, "orders")
        watcher.start()
        try:
            sent = _disturbed(stack, broker, points)
            stack.until(lambda: broker.committed("orders", GROUP, PARTITIONS) == ends(sent), 60, "the group to have all offsets")
        finally:
            watcher.over.set()
            watcher.join(60)
        assert watcher.ahead == [] and watcher.looks > 20
        assert stack.sql("SELECT id FROM orders ORDER BY id") == [(number,) for number, _ in sent]
        runs = stack.client.call("GET", "/runs", pipeline="fed", limit=200)["items"]
        assert {run["status"] for run in runs} == {"SUCCEEDED"}
        assert sum(run["trigger"]["messages"] for run in runs) == len(sent)
        spans = [(partition, *span) for run in runs for partition, span in run["trigger"]["offsets"].items()]
        assert len(set(spans)) == len(spans)


def ends(sent: list[tuple[int, int]]) -> dict[int, int]:
    return {partition: sum(1 for _, one in sent if one == partition) for partition in range(PARTITIONS)}


def _disturbed(stack: Stack, broker: Broker, points: Points) -> list[tuple[int, int]]:
    """Messages as (number, partition), all of which are rows once this returns."""
    sent: list[tuple[int, int]] = []

    def send(count: int) -> None:
        new = [(number, number % PARTITIONS) for number in range(len(sent), len(sent) + count)]
        broker.send("orders", [(partition, json.dumps({"id": number})) for number, partition in new])
        sent.extend(new)

    def loaded(what: str) -> None:
        def rows() -> Any:
            runs = stack.client.call("GET", "/runs", pipeline="fed", limit=200)["items"]
            assert {run["status"] for run in runs} <= {"QUEUED", "RUNNING", "SUCCEEDED"}, [run["error"] for run in runs]
            return stack.sql("SELECT count(*) FROM orders") == [(len(sent),)] and not points.left()

        stack.until(rows, 180, f"all messages to be rows: {what}")

    for point in ("watch.recording", "watch.recorded"):
        # The worker has read them, and ends before its record is committed; or just after, before the group is told.
        points.arm(point)
        send(100)
        loaded(point)
    send(50)
    stack.kill("scheduler-1")
    send(50)
    loaded("the scheduler was killed")
    for name in ("worker-1", "worker-2"):
        send(100)
        stack.kill(name)
        loaded(f"{name} was killed while it may read")
    send(30)
    broker.kill()
    broker.start()
    send(30)
    loaded("the broker was killed")
    return sent
