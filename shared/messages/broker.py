"""The Celery app, with the settings that make Celery a transport and nothing more.

No result backend, no ETA, no retries: state, delays and retries are rows in PostgreSQL. The visibility timeout only has to be longer than
any stage; a lost worker is found by its lease, in seconds.
"""

from __future__ import annotations

from celery import Celery
from kombu.entity import Queue

VISIBILITY_TIMEOUT_S = 12 * 3600


def celery_app(redis_url: str, name: str, queues: tuple[str, ...] = (), *, in_order: bool = False) -> Celery:
    """An app that sends to any queue and, as a worker, consumes `queues`, a later one where nothing waits in those before it if
    `in_order`, else by turns. Connects on first use.
    """
    app = Celery(name, broker=redis_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        result_backend=None,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_acks_on_failure_or_timeout=True,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_redirect_stdouts=False,
        task_create_missing_queues=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # A send must fail at once when Redis is away: the sweep sends again, and a waiting worker would hold its slot.
        task_publish_retry=False,
        broker_connection_timeout=2,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
            "queue_order_strategy": "priority" if in_order else "round_robin",
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
        },
    )
    if queues:
        app.conf.task_queues = [Queue(queue) for queue in queues]  # type: ignore[no-untyped-call]
    return app
