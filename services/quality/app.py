"""The quality service's Celery app, for `celery -A services.quality.app worker …`; `python -m services.quality` gives its arguments."""

from __future__ import annotations

from services.quality.settings import Settings
from shared.attempts import tasks
from shared.attempts.keys import unsealer
from shared.attempts.service import Service
from shared.messages import PROFILES
from shared.store import definitions

settings = Settings.from_environment()
service = Service(
    settings.place,
    database_url=settings.database_url,
    redis_url=settings.redis_url,
    queues=("quality", PROFILES),
    in_order=True,
    unseal=unsealer(settings.home),
    stores=settings.stores,
    definitions=definitions.of(settings.definitions),
)
tasks.register(service)
app = service.app
