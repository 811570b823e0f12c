"""`python -m infra.local up|down|status|migrate|demo`."""

from __future__ import annotations

import argparse
import sys

from infra.local.home import Home
from shared.errors import PenstockError
from shared.process import settings


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local", description="Penstock on this machine: stores and services under one state folder."
    )
    parser.add_argument("action", choices=sorted(_ACTIONS))
    action = _ACTIONS[parser.parse_args(arguments).action]
    try:
        return action(Home.from_environment())
    except PenstockError as error:
        print(f"penstock: {error.message}", file=sys.stderr)
        return 1


def _up(home: Home) -> int:
    from infra.local import stack

    url = stack.up(home)
    print(f"Penstock is up at {url}  (state in {home.root})")
    print(f"open it in a browser, and sign in with the token in {home.api_token}")
    unsteady = stack.unsteady(home)
    for service, said in unsteady.items():
        print(
            f"penstock: {service} ends as it begins: {said}; correct it, and go down and up again (log: {home.log_file(service)})",
            file=sys.stderr,
        )
    return 1 if unsteady else 0


def _down(home: Home) -> int:
    from infra.local import stack

    ended = stack.down(home)
    print(f"ended {', '.join(ended)}" if ended else "nothing was running")
    return 0


def _status(home: Home) -> int:
    """0 when everything that was started runs, else 1."""
    from infra.local import stack

    found = stack.status(home)
    for service, pid in found.items():
        print(f"{service:<14} {f'running, pid {pid}' if pid else 'not running'}")
    if not found:
        print("nothing was started; `make up` starts it")
    return 0 if found and all(found.values()) else 1


def _migrate(home: Home) -> int:
    from infra.local import migrate

    applied = migrate.migrate(settings.text("PENSTOCK_DATABASE_URL"))
    print(f"applied {', '.join(applied)}" if applied else "the store is up to date")
    return 0


def _demo(home: Home) -> int:
    from infra.local.demo import demo

    return demo(home)


_ACTIONS = {"up": _up, "down": _down, "status": _status, "migrate": _migrate, "demo": _demo}

if __name__ == "__main__":
    sys.exit(main())
