"""The worker as it is, but for what its children run: `child_functions` stands where an engine would."""

from __future__ import annotations

from dataclasses import replace

from services.worker.settings import read
from shared.attempts import tasks
from shared.attempts.service import Service
from shared.process import prepare

if __name__ == "__main__":
    prepare("worker")
    settings = read()
    place = replace(settings.place, functions={"work": "child_functions:run"})
    service = Service(replace(settings, place=place, home=None), queues=("stages", "stages.gpu"))
    tasks.register(service)
    service.app.worker_main(service.command())
