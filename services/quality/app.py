"""The quality service's Celery app: `celery -A services.quality.app worker …`, or `python -m services.quality`, which gives Celery the right arguments."""

from __future__ import annotations

from services.quality.settings import Settings
from shared.attempts import tasks
from shared.attempts.keys import no_credentials
from shared.attempts.service import Service

settings = Settings.from_environment()
service = Service(
    settings.place, database_url=settings.database_url, redis_url=settings.redis_url, queues=("quality",), unseal=no_credentials
)
tasks.register(service)
app = service.app
