"""The quality service's Celery app, for `celery -A services.quality.app worker …`; `python -m services.quality` gives its arguments."""

from __future__ import annotations

from shared.attempts import tasks
from shared.attempts.service import Service
from shared.attempts.settings import from_environment
from shared.messages import PROFILES

FUNCTIONS = {"check": "services.quality.measure:run"}

settings = from_environment("quality", FUNCTIONS, slots=1)
service = Service(settings, queues=("quality", PROFILES), in_order=True)
tasks.register(service)
app = service.app
