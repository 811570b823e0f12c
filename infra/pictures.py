"""The README's pictures, made again: `python -m infra.pictures docs/pictures` over a server that runs (`make up`), its pages built.

Walks as the README does: a project of its own in a scratch folder, one run that goes well, one whose source has another column. The browser
is the one that the Monitor's tests use (/usr/bin/chromium, playwright-core of the pages' own development tools).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from services.api.cli.client import Client
from services.api.monitor import FOLDER

CHROMIUM = "/usr/bin/chromium"


def main(shots: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-pictures-") as scratch:
        folder = Path(scratch) / "shop"
        _penstock("init", str(folder), "--yes")
        documents = [str(folder / name) for name in ("connectors.yaml", "pipeline.yaml", "quality.yaml")]
        _penstock("apply", *documents)
        good = _run()
        orders = folder / "data" / "orders.csv"
        orders.write_text(orders.read_text().replace("amount", "amount_eur", 1))
        failed = _run()
        client = Client()
        given = {
            "URL": client.url,
            "TOKEN": _token(),
            "RUN": good,
            "FAILED": failed,
            "SHOTS": str(shots.resolve()),
            "CHROMIUM": os.environ.get("CHROMIUM", CHROMIUM),
        }
        subprocess.run(["node", "walk/pictures.mjs"], cwd=FOLDER.parent, env={**os.environ, **given}, check=True)


def _run() -> str:
    """The id of a run that has ended, well or not."""
    done = _penstock("run", "shop", "--wait", "--output", "json", may_fail=True)
    return str(json.loads(done)["id"])


def _penstock(*arguments: str, may_fail: bool = False) -> str:
    done = subprocess.run([sys.executable, "-m", "services.api.cli", *arguments], stdout=subprocess.PIPE, text=True, check=not may_fail)
    return done.stdout


def _token() -> str:
    from services.api.cli.client import home

    state = home()
    if state is None:
        sys.exit("no server runs here; start one with make up")
    return (state / "api.token").read_text().strip()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
