"""`python -m infra.docker.start`: becomes the service named by PENSTOCK_SERVICE, so that it gets the container's signals."""

from __future__ import annotations

import os
import socket
import sys

from infra.local import services


def main() -> None:
    service = os.environ["PENSTOCK_SERVICE"]
    if service == "migrate":
        command = [sys.executable, "-m", "infra.local", "migrate"]
    else:
        command = services.command(service)
        # Replicas share one configuration; a container's name is its own and stays the same while it is restarted.
        if setting := services.NAME_SETTINGS.get(service):
            os.environ.setdefault(setting, f"{service}-{socket.gethostname()}")
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
