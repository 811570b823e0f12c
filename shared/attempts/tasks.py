"""The tasks that a process with attempts consumes; message in, call out, nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from celery import Task
from celery.exceptions import Reject
from kombu.exceptions import OperationalError

from shared.attempts.service import Service
from shared.messages import ANSWER_REQUEST, PROBE, RUN_STAGE, RequestMessage, StageMessage, UnknownVersion
from shared.runs import queues

log = logging.getLogger(__name__)

# Before a message that could not be put elsewhere goes back to its queue, so that it does not go round at full speed.
_BACK_S = 1.0


M = TypeVar("M")


def register(service: Service) -> None:
    def run_stage(task: Task, payload: dict[str, Any]) -> None:
        _hand_on(task, StageMessage.from_json, payload, service.take)

    def answer_request(task: Task, payload: dict[str, Any]) -> None:
        _hand_on(task, RequestMessage.from_json, payload, service.answer)

    service.app.task(name=RUN_STAGE, bind=True)(run_stage)
    service.app.task(name=ANSWER_REQUEST, bind=True)(answer_request)
    service.app.task(name=PROBE)(service.probe)


def _hand_on(task: Task, read: Callable[[dict[str, Any]], M], payload: dict[str, Any], take: Callable[[M], bool]) -> None:
    try:
        taken = take(read(payload))
    except UnknownVersion as error:
        log.warning("left to a newer release: %s", error.message)
        _leave(task, payload, error)
        return
    if not taken:
        raise Reject("this process does not take it", requeue=True)


def _leave(task: Task, payload: dict[str, Any], error: UnknownVersion) -> None:
    """Puts the message where only processes that know its version listen."""
    came_from = str((task.request.delivery_info or {}).get("routing_key") or "stages")
    elsewhere = queues.beside(came_from, error.what, error.version)
    try:
        task.app.send_task(task.name, args=(payload,), queue=elsewhere, ignore_result=True)
    except OperationalError as away:
        time.sleep(_BACK_S)
        raise Reject(error.message, requeue=True) from away
