"""The baseline of W1: a bare Celery app whose tasks do nothing. No durable state at all.

`python -m tests.bench.canvas GENERATIONS WIDTH`: for each line on standard input, one chain of groups, and its seconds on standard output.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from celery import Celery, chain, group

app = Celery("canvas", broker=os.environ.get("CANVAS_REDIS_URL"), backend=os.environ.get("CANVAS_REDIS_URL"))
app.conf.update(
    task_serializer="json", result_serializer="json", accept_content=["json"], worker_prefetch_multiplier=1, task_acks_late=True
)


@app.task(name="canvas.nothing")  # type: ignore[untyped-decorator]
def nothing(*_: Any) -> int:
    return 1


def chain_of_groups(generations: int, width: int) -> float:
    """Seconds from sending it to having its result."""
    work = chain(*(group(nothing.si() for _ in range(width)) for _ in range(generations)))
    began = time.perf_counter()
    if work.apply_async().get(timeout=120) != [1] * width:
        raise AssertionError("the canvas lost a task")
    return time.perf_counter() - began


if __name__ == "__main__":
    for _ in sys.stdin:
        print(chain_of_groups(int(sys.argv[1]), int(sys.argv[2])), flush=True)
    # Celery's results complain when the interpreter takes their libraries away before them.
    os._exit(0)
