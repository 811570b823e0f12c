"""A person in front of the Monitor: the walks of services/api/ui/walk in a real browser, where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from services.api.monitor import FOLDER
from tests.support import debian
from tests.support.stack import Stack

UI = FOLDER.parent
CHROMIUM = Path("/usr/bin/chromium")


def walked(stack: Stack, walk: str, pictures: Path, **given: str) -> None:
    """Fails where a step does, where axe finds something serious, or where a page asks somebody else. Skips with a plain word where a
    machine has not got what is needed. `pictures`: unless PENSTOCK_TEST_PICTURES says where to keep them.
    """
    if shutil.which("node") is None or not (UI / "node_modules" / "playwright-core").is_dir() or not (FOLDER / "index.html").is_file():
        pytest.skip("not here: the pages are not built; install Node.js 20.19 or later and run make monitor")
    if not CHROMIUM.exists():
        debian.install("chromium")
    if not CHROMIUM.exists():
        pytest.skip(f"not here: no {CHROMIUM}; Debian's package chromium has it")
    kept = os.environ.get("PENSTOCK_TEST_PICTURES")
    shots = str(Path(kept).absolute() / walk if kept else pictures)
    environment = {
        "URL": stack.url,
        "TOKEN": stack.home.api_token.read_text().strip(),
        "FILES": str(stack.files),
        "SHOTS": shots,
        "CHROMIUM": str(CHROMIUM),
    }
    done = subprocess.run(
        ["node", f"walk/{walk}.mjs"],
        cwd=UI,
        env={**os.environ, **environment, **given},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr}\npictures: {shots}"
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["found"] == [], json.dumps(said["found"], indent=1)
    assert said["outside"] == [], "the pages asked somebody else"
