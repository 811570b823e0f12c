"""`python -m infra.docker.health`: exit code 0 when the service of this container does its work.

The API answers for itself, stores included. The others are the container's first process, and end when they no longer do their work
(a worker that hears nothing, for one); so they are healthy while that process is the service and can reach the store.
"""

from __future__ import annotations

import os
import sys
import urllib.request
from pathlib import Path

import psycopg


def main() -> int:
    service = os.environ["PENSTOCK_SERVICE"]
    if service == "api":
        with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PENSTOCK_API_PORT']}/health/ready", timeout=4) as reply:
            return 0 if reply.status == 200 else 1
    if f"services.{service}".encode() not in Path("/proc/1/cmdline").read_bytes():
        return 1
    psycopg.connect(os.environ["PENSTOCK_DATABASE_URL"], connect_timeout=3).close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
