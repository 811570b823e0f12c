"""The tasks that a process with attempts consumes; message in, call out, nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from celery.exceptions import Reject

from shared.attempts.service import Service
from shared.messages import ANSWER_REQUEST, PROBE, RUN_STAGE, RequestMessage, StageMessage, UnknownVersion

log = logging.getLogger(__name__)

# A message that only a newer release can read goes back to the queue; this keeps it from going round at full speed.
_UNKNOWN_S = 1.0


M = TypeVar("M")


def register(service: Service) -> None:
    def run_stage(payload: dict[str, Any]) -> None:
        _hand_on(StageMessage.from_json, payload, service.take)

    def answer_request(payload: dict[str, Any]) -> None:
        _hand_on(RequestMessage.from_json, payload, service.answer)

    service.app.task(name=RUN_STAGE)(run_stage)
    service.app.task(name=ANSWER_REQUEST)(answer_request)
    service.app.task(name=PROBE)(service.probe)


def _hand_on(read: Callable[[dict[str, Any]], M], payload: dict[str, Any], take: Callable[[M], bool]) -> None:
    try:
        message = read(payload)
    except UnknownVersion as error:
        log.warning("%s", error.message)
        time.sleep(_UNKNOWN_S)
        raise Reject(error.message, requeue=True) from error
    if not take(message):
        raise Reject("this process does not take it", requeue=True)
