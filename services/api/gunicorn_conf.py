"""gunicorn's settings: one process of many threads, since a stream of events holds one."""

import os
from pathlib import Path
from typing import Any

bind = f"{os.environ.get('PENSTOCK_API_HOST', '127.0.0.1')}:{os.environ.get('PENSTOCK_API_PORT', '8321')}"
worker_class = "services.api.server.Worker"
workers = int(os.environ.get("PENSTOCK_API_PROCESSES", "1"))
threads = int(os.environ.get("PENSTOCK_MAX_STREAMS", "200")) + 32
timeout = 60
graceful_timeout = 3
keepalive = 5
accesslog = None
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """The address is told once somebody can answer there."""
    if home := os.environ.get("PENSTOCK_HOME"):
        path = Path(home) / "api.url"
        draft = path.with_name(f"api.url.{os.getpid()}")
        draft.write_text(f"http://{bind}\n")
        draft.replace(path)
