"""The dashboard of Grafana and the alert rules of Prometheus: well formed, of metrics that there are, and firing at their limits."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from services.api import metrics
from services.api.metrics import Reading
from shared.breakers import Standing
from tests.support import debian

PROJECT = Path(__file__).resolve().parents[3]
DASHBOARD = PROJECT / "infra" / "grafana" / "dashboards" / "penstock.json"
RULES = PROJECT / "infra" / "prometheus" / "penstock.rules.yml"
COLUMNS, MOST_PANELS = 24, 40
MEASURED = (*metrics._COUNTERS, *metrics._HISTOGRAMS)


def told() -> dict[str, set[str]]:
    """Each sample that /metrics can have, by name, with its labels."""
    text = Reading(
        totals=[{"namespace": "n", "pipeline": "p", "status": "FAILED", "runs": 1, "timed": 1, "seconds": 1.0, "read": 1, "written": 1,
                 "rejected": 1}],
        scores=[{"namespace": "n", "pipeline": "p", "score": 99.0, "budget": 0.5}],
        measured=[
            {"metric": metric, "label": "x", "count": 1, "sum": 1.0, "within": [0, 1]}
            for metric in MEASURED
        ],
        runs={"queued": 1, "dependent": 0, "running": 0, "oldest_s": 2.0},
        stages={"RELEASED": 1},
        processes=[{"service": "scheduler", "name": "s", "slots": 0, "seen_at": datetime.now(UTC), "dropped": {"logs": 1}}],
        busy={},
        queues={"stages": 1},
        breakers=[Standing("n/c", "open", 1, {"open": 1})],
    ).text().decode()  # fmt: skip
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions() -> list[str]:
    board = json.loads(DASHBOARD.read_text())
    shown = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    asked = [one["definition"] for one in board["templating"]["list"] if one["type"] == "query"]
    rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    return [*shown, *asked, *rules]


def test_every_metric_and_label_that_is_asked_for_is_told() -> None:
    known, asked = told(), 0
    for expression in expressions():
        for name, _, matchers in re.findall(r"\b(penstock_\w+)(\{([^}]*)\})?", expression):
            asked += 1
            assert name in known, f"{expression}: there is no {name}"
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))
            assert labels <= known[name], f"{expression}: {name} has no {labels - known[name]}"
    assert asked > 40


def test_every_metric_that_is_told_is_in_the_guide() -> None:
    guide = (PROJECT / "docs" / "guides" / "metrics.md").read_text()
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told()}
    missing = {name for name in names if name not in guide}
    assert missing == set()


def test_the_dashboard_has_the_shape_that_grafana_reads() -> None:
    board = json.loads(DASHBOARD.read_text())
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time", "refresh"} <= set(board)
    assert board["schemaVersion"] >= 36
    variables = {one["name"] for one in board["templating"]["list"]}
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) <= MOST_PANELS
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies on another"
        assert at["x"] + at["w"] <= COLUMNS
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["type"] in {"stat", "timeseries", "table"} and panel["targets"] and panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            assert target["refId"] and set(re.findall(r"\$\{?(\w+)", target["expr"])) <= variables | {"__rate_interval"}


def test_alert_rules_say_what_is_wrong_and_what_to_do() -> None:
    rules: list[dict[str, Any]] = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"] and rule["annotations"]["description"]


def test_alerts_fire_at_their_limits() -> None:
    if os.environ.get("PENSTOCK_TEST_PROMETHEUS") and shutil.which("promtool") is None:
        debian.install("prometheus")
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("not here: promtool; PENSTOCK_TEST_PROMETHEUS=1 installs Debian's")
    for command in (["check", "rules", RULES.name], ["test", "rules", "penstock.rules.test.yml"]):
        done = subprocess.run([promtool, *command], cwd=RULES.parent, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
