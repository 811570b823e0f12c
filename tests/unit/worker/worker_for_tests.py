"""The worker as it is, but for what its children run: `child_functions` stands where an engine would."""

from __future__ import annotations

from dataclasses import replace

from services.worker.settings import Settings
from shared.attempts import tasks
from shared.attempts.keys import unsealer
from shared.attempts.service import Service
from shared.process import prepare

if __name__ == "__main__":
    prepare("worker")
    settings = Settings.from_environment()
    place = replace(settings.place, functions={"work": "child_functions:run"})
    service = Service(
        place, database_url=settings.database_url, redis_url=settings.redis_url, queues=("stages", "stages.gpu"), unseal=unsealer(None)
    )
    tasks.register(service)
    service.app.worker_main(service.command())
