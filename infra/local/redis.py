"""The embedded Redis: the doorbell between the services. It may be lost and come back empty; nothing but speed depends on what it holds."""

from __future__ import annotations

import json

from infra.local import binaries
from infra.local.home import Home, write_private


def url(home: Home, port: int) -> str:
    return f"redis://:{home.secrets()['redis']}@127.0.0.1:{port}/0"


def configure(home: Home, port: int) -> None:
    """Writes its configuration, outside its data folder: a data folder that was deleted is simply made again at the next start."""
    lines = {
        "port": str(port),
        "bind": "127.0.0.1",
        # Redis knows quotes and backslashes as JSON has them, and no \u.
        "dir": json.dumps(str(home.redis), ensure_ascii=False),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "requirepass": home.secrets()["redis"],
        "daemonize": "no",
    }
    write_private(home.redis_conf, "".join(f"{name} {value}\n" for name, value in lines.items()))


def command(home: Home) -> list[str]:
    home.redis.mkdir(exist_ok=True, mode=0o700)
    return [str(binaries.redis_server()), str(home.redis_conf)]
