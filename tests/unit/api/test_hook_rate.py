"""How many deliveries a webhook takes, over processes that share a Redis; and that nothing is limited where that is away."""

from __future__ import annotations

from pathlib import Path

import redis
from servers_for_tests import RedisServer

from services.api.hooks.rate import Rate


def test_processes_share_what_a_webhook_takes(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        first, second = Rate(server.client(), 1), Rate(server.client(), 1)
        assert first.wait_s("a") is None
        # One flows in each second: of so many that come at once, some are told to wait.
        assert 1 in [rate.wait_s("a") for _ in range(50) for rate in (second, first)]
        assert second.wait_s("b") is None
        assert [Rate(server.client(), 0).wait_s("a") for _ in range(3)] == [None] * 3
    finally:
        server.kill()
    assert [second.wait_s("a") for _ in range(3)] == [None] * 3


def test_without_redis_nothing_is_limited() -> None:
    away = Rate(redis.Redis(port=1, socket_connect_timeout=1), 1)
    assert [away.wait_s("a") for _ in range(3)] == [None] * 3
