"""The worker's settings, from the environment: what it has beside those of every service that runs attempts."""

from __future__ import annotations

from dataclasses import replace

from shared.attempts.settings import Settings, from_environment
from shared.process import settings

FUNCTIONS = {
    "work": "services.worker.stage:run",
    "survey": "services.worker.stage:survey",
    "look": "services.worker.stage:look_at",
    "watch": "services.worker.stage:watch_for",
    "notify": "services.worker.stage:notify",
    "staged": "services.worker.stage:gather",
}


def read() -> Settings:
    """Raises ConfigurationError."""
    found = from_environment("worker", FUNCTIONS, slots=2)
    place = replace(
        found.place,
        labels=settings.words("PENSTOCK_WORKER_LABELS"),
        template_env=settings.template_environment(),
        mail=settings.mail(),
    )
    return replace(found, place=place)
