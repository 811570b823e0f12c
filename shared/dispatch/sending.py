"""Released stages leave as one Celery group, and so do requests. Sends ids only; losing one costs a sweep, sending one twice nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import Celery, group
from kombu.exceptions import OperationalError

from shared.messages import RequestMessage, StageMessage

log = logging.getLogger(__name__)


def _headers(message: StageMessage | RequestMessage) -> dict[str, str]:
    traced = getattr(message, "traceparent", None)
    return {"traceparent": traced} if traced is not None else {}


def send(app: Celery, messages: Sequence[StageMessage | RequestMessage]) -> bool:
    """Call after the commit that released them. False when the broker is away: the scheduler's sweep will send them again."""
    if not messages:
        return True
    tasks = group(
        app.signature(message.task, args=(message.to_json(),), queue=message.queue, ignore_result=True, headers=_headers(message))
        for message in messages
    )
    try:
        tasks.apply_async(ignore_result=True)
    except OperationalError as error:
        log.warning("the broker is away, %d messages wait for the sweep: %s", len(messages), error)
        return False
    return True
