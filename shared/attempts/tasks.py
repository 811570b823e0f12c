"""The two tasks that a process with attempts consumes; message in, call out, nothing else."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.exceptions import Reject

from shared.attempts.service import Service
from shared.messages import PROBE, RUN_STAGE, StageMessage, UnknownVersion

log = logging.getLogger(__name__)

# A message that only a newer release can read goes back to the queue; this keeps it from going round at full speed.
_UNKNOWN_S = 1.0


def register(service: Service) -> None:
    def run_stage(payload: dict[str, Any]) -> None:
        try:
            message = StageMessage.from_json(payload)
        except UnknownVersion as error:
            log.warning("%s", error.message)
            time.sleep(_UNKNOWN_S)
            raise Reject(error.message, requeue=True) from error
        if not service.take(message):
            raise Reject("this process does not take it", requeue=True)

    service.app.task(name=RUN_STAGE)(run_stage)
    service.app.task(name=PROBE)(service.probe)
