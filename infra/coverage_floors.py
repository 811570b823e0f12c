"""`python -m infra.coverage_floors REPORT`: line coverage by folder against the floors in pyproject.toml; exit code 1 when one is not reached."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path


def main(report: str) -> int:
    floors = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["penstock"]["coverage_floors"]
    files = json.loads(Path(report).read_text())["files"]
    failed = False
    for folder, floor in floors.items():
        summaries = [found["summary"] for path, found in files.items() if Path(path).is_relative_to(folder)]
        lines, covered = (sum(summary[key] for summary in summaries) for key in ("num_statements", "covered_lines"))
        percent = 100.0 * covered / lines if lines else 0.0
        failed |= percent < floor
        print(f"{'ok  ' if percent >= floor else 'LOW '} {folder:<20} {percent:5.1f} % of {lines} lines, floor {floor} %")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
