"""A real Kafka on this machine: one node, broker and controller in one, out of Maven's jars, over a folder of its own.

It is asked for by PENSTOCK_TEST_KAFKA=1: its jars (40 MB) are fetched once, and starting takes ten seconds and 400 MB. Quick tests use
librdkafka's mock broker.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.support.servers import CACHE, free_port

POM = Path(__file__).with_name("pom.xml")
JARS = CACHE / "kafka-4.3.1"
UP_WITHIN_S = 120.0
SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""
_QUIET = {"log_level": 0}


@dataclass
class Broker:
    folder: Path
    port: int = field(default_factory=free_port)
    controller: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def format(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "settings").write_text(SETTINGS.format(port=self.port, controller=self.controller, folder=self.folder))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self.folder / "settings")]
        subprocess.run(_java("-Xmx128m", *tool), check=True, capture_output=True, timeout=UP_WITHIN_S)

    def start(self) -> None:
        """Returns once it answers. What it held before is there again."""
        with (self.folder / "log").open("ab") as log:
            command = _java("-Xms128m", "-Xmx384m", "kafka.Kafka", str(self.folder / "settings"))
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + UP_WITHIN_S
        while True:
            try:
                AdminClient({"bootstrap.servers": self.servers, **_QUIET}).list_topics(timeout=2)
                return
            except KafkaException:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()[-2000:]) from None

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def topic(self, name: str, partitions: int) -> None:
        admin = AdminClient({"bootstrap.servers": self.servers, **_QUIET})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)

    def send(self, topic: str, values: list[tuple[int, str]]) -> None:
        """Messages, each with its partition; returns once the broker has them, each once."""
        producer = Producer({"bootstrap.servers": self.servers, "enable.idempotence": True, **_QUIET})
        for partition, value in values:
            producer.produce(topic, value, partition=partition)
        assert producer.flush(60) == 0

    def committed(self, topic: str, group: str, partitions: int) -> dict[int, int]:
        """By partition, the group's offsets; none of a partition that it has committed nothing of."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": group, **_QUIET})
        try:
            found = consumer.committed([TopicPartition(topic, number) for number in range(partitions)], timeout=30)
            return {one.partition: one.offset for one in found if one.offset >= 0}
        finally:
            consumer.close()


@contextmanager
def running(folder: Path) -> Iterator[Broker]:
    """Skips the test where nobody asked for it, or it cannot be had."""
    if os.environ.get("PENSTOCK_TEST_KAFKA") != "1" or not (shutil.which("mvn") and shutil.which("java")):
        pytest.skip("not here: Kafka is used with PENSTOCK_TEST_KAFKA=1, and fetched by Maven; it needs Java 17")
    if not JARS.exists():
        _fetch()
    broker = Broker(folder)
    broker.format()
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def _fetch() -> None:
    draft = JARS.with_name(f"{JARS.name}-{uuid.uuid4()}")
    copied = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={draft}"]
    subprocess.run(["mvn", "--quiet", "--batch-mode", "--file", str(POM), *copied], check=True, capture_output=True, timeout=1200)
    draft.rename(JARS)


def _java(*words: str) -> list[str]:
    memory = [word for word in words if word.startswith("-X")]
    return ["java", *memory, "-XX:+UseSerialGC", "-cp", f"{JARS}/*", *words[len(memory) :]]
