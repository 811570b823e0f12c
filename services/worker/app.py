"""The worker's Celery app, for `celery -A services.worker.app worker …`; `python -m services.worker` gives Celery its arguments."""

from __future__ import annotations

from services.worker.settings import Settings
from shared.attempts import tasks
from shared.attempts.keys import unsealer
from shared.attempts.service import Service
from shared.messages import MAINTENANCE
from shared.store import definitions

settings = Settings.from_environment()
service = Service(
    settings.place,
    database_url=settings.database_url,
    redis_url=settings.redis_url,
    queues=("stages", MAINTENANCE, *(f"stages.{label}" for label in settings.labels)),
    unseal=unsealer(settings.home),
    stores=settings.stores,
    definitions=definitions.of(settings.definitions),
)
tasks.register(service)
app = service.app
