"""The wire contract: what services send one another through the broker. Ids only, JSON only, each message with a version."""

from shared.messages.broker import celery_app
from shared.messages.stage import PROBE, RUN_STAGE, StageMessage, UnknownVersion

__all__ = ["PROBE", "RUN_STAGE", "StageMessage", "UnknownVersion", "celery_app"]
