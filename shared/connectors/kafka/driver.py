"""kafka: is the cluster there, and what waits in a topic. librdkafka's errors are translated here.

A trigger's offsets are the store's, not Kafka's: reading begins where the store says, whatever the group has committed, and what the store
has is committed for those who watch the group's lag. So a crash between the two neither loses nor doubles a message.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from shared.connectors.errors import Denied, Misconfigured, NotFound, Unavailable
from shared.connectors.looking import Found, Tried, tried
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite, Survey

log = logging.getLogger(__name__)
_ANSWER_S = 10.0
_AT_ONCE = 500
_LOOKING = "penstock-look"
_DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError._AUTHENTICATION,
}  # fmt: skip
_MISSING = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}


@dataclass(slots=True)
class Polled:
    """`count` messages were handed on. `first` and `next`: by partition, the offset of the first of them, and that after the last.
    `expired`: offsets that were to be read and are not kept any more.
    """

    count: int = 0
    first: dict[int, int] = field(default_factory=dict)
    next: dict[int, int] = field(default_factory=dict)
    expired: int = 0


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        raise Misconfigured("a connector of type kafka is for triggers; no node reads or writes it in this release")

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> SinkSession:
        raise Misconfigured("a connector of type kafka is for triggers; no node reads or writes it in this release")

    def check(self) -> list[Tried]:
        def answered() -> str:
            with self._consumer(_LOOKING) as consumer:
                there = consumer.list_topics(timeout=_ANSWER_S)
            return f"{len(there.brokers)} brokers answer, with {len(there.topics)} topics"

        return tried((("metadata", answered),))

    def discover(self) -> tuple[list[Found], bool]:
        with self._consumer(_LOOKING) as consumer:
            names = sorted(name for name in consumer.list_topics(timeout=_ANSWER_S).topics if not name.startswith("__"))
        return [Found(name) for name in names[:200]], len(names) > 200

    def poll(self, topic: str, group: str, recorded: Mapping[int, int], most: int, wait_s: float, take: Callable[[str], None]) -> Polled:
        """Messages from the `recorded` offsets on, at most so many, until none has come for want of time; each handed to `take`, as a line.

        Of a partition that has no recorded offset: from what the group has committed, else from its beginning. Commits what is recorded.
        """
        polled = Polled()
        with self._consumer(group) as consumer:
            starts, high = self._starts(consumer, topic, recorded, polled)
            if recorded:
                _show(consumer, [TopicPartition(topic, p, offset) for p, offset in recorded.items()], group)
            consumer.assign(starts)
            until = time.monotonic() + wait_s
            # What was there at the start is read in any case: reaching a broker may take longer than the time to wait for more.
            latest = time.monotonic() + max(wait_s, _ANSWER_S)
            # What stands last in a partition may be no message, but the mark of a transaction's end: its offset is never reached.
            ended: set[int] = set()
            while polled.count < most:
                behind = any(polled.next.get(s.partition, s.offset) < high[s.partition] for s in starts if s.partition not in ended)
                left = (latest if behind else until) - time.monotonic()
                if left <= 0:
                    break
                for message in consumer.consume(min(_AT_ONCE, most - polled.count), timeout=min(left, 0.5)):
                    partition, offset, error = message.partition(), message.offset(), message.error()
                    if error is not None and error.code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(error)
                    assert partition is not None
                    if error is not None:
                        ended.add(partition)
                        continue
                    assert offset is not None
                    take(line(message))
                    polled.count += 1
                    polled.first.setdefault(partition, offset)
                    polled.next[partition] = offset + 1
        return polled

    def _starts(
        self, consumer: Consumer, topic: str, recorded: Mapping[int, int], polled: Polled
    ) -> tuple[list[TopicPartition], dict[int, int]]:
        """Where to begin in each partition, and where each ended a moment ago."""
        there = consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic]
        if there.error is not None:
            raise KafkaException(there.error)
        partitions = [TopicPartition(topic, number) for number in sorted(there.partitions)]
        committed = {one.partition: one.offset for one in consumer.committed(partitions, timeout=_ANSWER_S)}
        starts, high = [], {}
        for one in partitions:
            low, high[one.partition] = consumer.get_watermark_offsets(one, timeout=_ANSWER_S)
            wanted = recorded.get(one.partition, committed[one.partition] if committed[one.partition] >= 0 else OFFSET_BEGINNING)
            if one.partition in recorded and wanted < low:
                polled.expired += low - wanted
            # Past the end there is only what a topic that was made anew will get: it begins at its beginning.
            start = wanted if low <= wanted <= high[one.partition] else low
            starts.append(TopicPartition(topic, one.partition, start))
        return starts, high

    @contextmanager
    def _consumer(self, group: str) -> Iterator[Consumer]:
        config = self._config
        said = {
            "bootstrap.servers": config["bootstrapServers"],
            "group.id": group,
            "client.id": "penstock",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "security.protocol": config.get("securityProtocol"),
            "sasl.mechanism": config.get("saslMechanism"),
            "sasl.username": config.get("username"),
            "sasl.password": config.get("password"),
            "ssl.ca.pem": config.get("caCertificate"),
            "ssl.certificate.pem": config.get("clientCertificate"),
            "ssl.key.pem": config.get("clientKey"),
            # Its own lines would go to this process' error output, past the masking of secrets.
            "log_level": 0,
        }
        try:
            consumer = Consumer({key: value for key, value in said.items() if value is not None})
        except KafkaException as error:
            raise Misconfigured(f"the connector's settings cannot be used: {error.args[0].str()}") from error
        try:
            yield consumer
        except KafkaException as error:
            raise _ours(error.args[0], str(config["bootstrapServers"])) from error
        finally:
            consumer.close()


def _show(consumer: Consumer, read: list[TopicPartition], group: str) -> None:
    """Tells those who watch the group's lag. Nothing is read by it, so what stands in its way stops no reading."""
    try:
        consumer.commit(offsets=read, asynchronous=False)
    except KafkaException as error:
        log.warning("what is read of %s could not be committed for the group %s: %s", read[0].topic, group, error.args[0].str())


def line(message: Any) -> str:
    """A message as a line of JSON: the fields of a value that is a JSON object, as it spells them, else the value as text in `_value`; and
    where it comes from.

    Bytes that are no UTF-8 are shown as Latin-1 reads them, so that none is lost. No value (a tombstone) is no field.
    """
    value = _text(message.value())
    kind, at = message.timestamp()
    said = {
        "_topic": message.topic(),
        "_partition": message.partition(),
        "_offset": message.offset(),
        "_timestamp": at if kind else None,
        "_key": _text(message.key()),
    }
    if value is not None and (fields := _fields(value)) is None:
        said["_value"] = value
        fields = ""
    told = json.dumps(said, ensure_ascii=False)
    return f"{{{fields}, {told[1:]}" if value is not None and fields else told


def _fields(value: str) -> str | None:
    """What stands between the braces of a JSON object, on one line; None for what is none. Written anew, it could lose digits."""
    try:
        parsed = json.loads(value, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None
    # Within texts JSON has no line ends.
    return value.strip()[1:-1].replace("\r", " ").replace("\n", " ").strip() if isinstance(parsed, dict) else None


def _no_json(word: str) -> None:
    raise ValueError(word)


def _text(value: bytes | str | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _ours(error: KafkaError, servers: str) -> Exception:
    if error.code() in _MISSING:
        return NotFound(f"the topic is not there on {servers}: {error.str()}; make it, or correct its name")
    if error.code() in _DENIED:
        return Denied(f"{servers} refuses: {error.str()}; correct the credentials, or their rights")
    return Unavailable(f"{servers}: {error.str()}")
