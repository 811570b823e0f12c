"""`python -m services.quality`: the quality service, serving its own queues. `--check` only reads the settings and shows them."""

from __future__ import annotations

import logging
import sys

from shared.errors import ConfigurationError
from shared.process import prepare


def main() -> None:
    prepare("quality")
    try:
        from services.quality.app import service, settings
    except ConfigurationError as error:
        sys.exit(error.message)
    if "--check" in sys.argv[1:]:
        print(settings)
        return
    logging.getLogger("quality").info("%s", settings)
    service.app.worker_main(service.command())


if __name__ == "__main__":
    main()
