"""Fails when a package is covered less than pyproject.toml demands: `python -m infra.coverage_floors coverage.json`.

The floors stand in `[tool.penstock.coverage_floors]`, folder -> percent of lines. A folder without any measured line fails too:
a floor on nothing is a mistake.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def coverage_by_folder(report: Mapping[str, Any], folders: list[str]) -> dict[str, tuple[int, int]]:
    """(covered lines, all lines) of each folder, subfolders included, from coverage.py's JSON report."""
    totals = dict.fromkeys(folders, (0, 0))
    for file, measured in report["files"].items():
        for folder in folders:
            if Path(file).is_relative_to(folder):
                covered, lines = totals[folder]
                summary = measured["summary"]
                totals[folder] = covered + summary["covered_lines"], lines + summary["num_statements"]
    return totals


def main(report_file: str) -> int:
    project = Path(__file__).resolve().parents[1]
    floors = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["penstock"]["coverage_floors"]
    report = json.loads(Path(report_file).read_text())
    short = 0
    for folder, (covered, lines) in coverage_by_folder(report, list(floors)).items():
        percent = 100 * covered / lines if lines else 0.0
        verdict = "ok" if percent >= floors[folder] else "TOO LOW"
        short += verdict != "ok"
        print(f"{folder:<20} {percent:6.1f} %   floor {floors[folder]} %   {verdict}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
