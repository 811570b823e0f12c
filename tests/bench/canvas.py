"""The baseline of W1: a bare Celery app whose tasks do nothing. No durable state at all."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

app = Celery("canvas", broker=os.environ.get("CANVAS_REDIS_URL"), backend=os.environ.get("CANVAS_REDIS_URL"))
app.conf.update(
    task_serializer="json", result_serializer="json", accept_content=["json"], worker_prefetch_multiplier=1, task_acks_late=True
)


@app.task(name="canvas.nothing")  # type: ignore[untyped-decorator]
def nothing(*_: Any) -> int:
    return 1
