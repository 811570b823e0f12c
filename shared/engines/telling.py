"""Sends one message. In a worker's child, like any stage, since it holds secrets and loads drivers.

Whatever comes of it is an answer and not an error: {ok, status, said, error}, by which the store decides whether it is tried again.
"""

from __future__ import annotations

import time
from typing import Any, cast

from shared.connectors import driver
from shared.connectors.errors import Misconfigured
from shared.connectors.notifying import Answered, Letter, NotifyingDriver
from shared.engines.control import Control
from shared.engines.program import OWN_MAIL, TellProgram
from shared.engines.work import Job, Outcome
from shared.errors import PenstockError

# How a receiver knows a message again that it was sent twice.
ID = "msg_{}"


def run(job: Job, control: Control) -> Outcome:
    return Outcome(epoch=job.epoch, facts=_sent(job, TellProgram.from_json(job.program), control))


def _sent(job: Job, program: TellProgram, control: Control) -> dict[str, Any]:
    letter = Letter(
        ID.format(program.notification), int(time.time()), program.event, program.subject, program.text, program.facts, program.target
    )
    try:
        sent = _driver(job, program).send(letter)
    except Answered as refusal:
        return _failed(program, refusal.error, refusal.status, control)
    except PenstockError as error:
        return _failed(program, error, None, control)
    if program.connector is not None:
        control.answered(program.connector)
    return {"ok": True, **sent.to_json(), "error": None}


def _failed(program: TellProgram, error: PenstockError, status: int | None, control: Control) -> dict[str, Any]:
    if program.connector is not None and error.breaks:
        control.unreachable(program.connector, error.message)
    return {"ok": False, "status": status, "said": None, "error": error.to_json()}


def _driver(job: Job, program: TellProgram) -> NotifyingDriver:
    if program.connector is not None:
        connector = job.connectors[program.connector]
        kind, config = connector.type, connector.config
    elif program.type == "email":
        if OWN_MAIL not in job.connectors:
            raise Misconfigured(
                "the platform has no way to send mail; set PENSTOCK_SMTP_URL and PENSTOCK_SMTP_FROM for workers and schedulers, or name a"
                " connector of type email"
            )
        kind, config = "email", job.connectors[OWN_MAIL].config
    elif program.type == "slack":
        kind, config = "slack", {"webhookUrl": program.target["url"]}
    else:
        kind, config = "http_push", {key: program.target[key] for key in ("url", "secret") if key in program.target}
    made = driver(kind, config)
    if not hasattr(made, "send"):
        raise Misconfigured(
            f"connector {program.connector} is of type {kind}, which tells nobody anything; name one of type slack or the like"
        )
    return cast(NotifyingDriver, made)
