"""A named point does nothing unless it is armed, and then once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

POINT = "from shared.kill_points import kill_point; kill_point('sink.committed'); print('alive')"


def passes(folder: Path | None, name: str = "worker-1") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PENSTOCK_")} | {"PENSTOCK_WORKER_NAME": name}
    if folder is not None:
        environment["PENSTOCK_KILL_POINTS"] = str(folder)
    return subprocess.run([sys.executable, "-c", POINT], env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_whoever_comes_to_an_armed_point_first_dies_and_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "sink.committed").write_text("KILL self")
    assert passes(None).stdout == "alive\n"
    assert passes(tmp_path).returncode == -9
    assert not list(tmp_path.iterdir())
    assert passes(tmp_path).stdout == "alive\n"


def test_a_point_may_be_meant_for_one_process(tmp_path: Path) -> None:
    (tmp_path / "sink.committed").write_text("KILL self quality-1")
    assert passes(tmp_path).stdout == "alive\n"
    assert passes(tmp_path, "quality-1").returncode == -9
