"""The worker's Celery app, for `celery -A services.worker.app worker …`; `python -m services.worker` gives Celery its arguments."""

from __future__ import annotations

from services.worker.settings import read
from shared.attempts import tasks
from shared.attempts.service import Service
from shared.messages import MAINTENANCE

settings = read()
service = Service(settings, queues=("stages", MAINTENANCE, *(f"stages.{label}" for label in settings.place.labels)))
tasks.register(service)
app = service.app
