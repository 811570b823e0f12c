"""The wire contract: what services send one another through the broker. Ids only, JSON only, each message with a version."""

from shared.messages.broker import celery_app
from shared.messages.request import ANSWER_REQUEST, MAINTENANCE, PROFILES, RequestMessage
from shared.messages.stage import PROBE, RUN_STAGE, VERSION, StageMessage, UnknownVersion

__all__ = [
    "ANSWER_REQUEST",
    "MAINTENANCE",
    "PROBE",
    "PROFILES",
    "RUN_STAGE",
    "VERSION",
    "RequestMessage",
    "StageMessage",
    "UnknownVersion",
    "celery_app",
]
