"""What a recipe says of how its stages run: labels, resources, timeouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.datasets.quantities import microseconds, size_bytes
from tests.support.inprocess import Ran, make_pipeline, run

READ = "    - {id: sales, type: connector_source, config: {connector: files, path: sales.csv}}\n"
OUT = "    - {id: out, type: connector_sink, config: {connector: files, path: out.csv, writeMode: OVERWRITE}}\n"


def planned(folder: Path, more: str, settings: str = "") -> Ran:
    (folder / "sales.csv").write_text("id\n1\n2\n")
    node = f"    - {{id: it, type: filter, {more}config: {{condition: id > 1}}}}\n"
    return run(folder, make_pipeline(READ + node + OUT, "{from: sales, to: it}, {from: it, to: out}", settings))


def test_a_node_with_a_label_of_its_own_is_a_stage_of_its_own(tmp_path: Path) -> None:
    ran = planned(tmp_path, "worker: gpu, ", "  worker: big\n")
    assert [(stage.nodes, stage.label) for stage in ran.plan.stages] == [(("sales",), "big"), (("it",), "gpu"), (("out",), "big")]
    assert ran.rows("out.csv") == [("2",)]


def test_nodes_with_one_label_are_one_stage(tmp_path: Path) -> None:
    (stage,) = planned(tmp_path, "", "  worker: big\n").plan.stages
    assert stage.label == "big"


def test_a_stage_has_the_shortest_timeout_and_the_largest_resources_of_its_nodes(tmp_path: Path) -> None:
    more = "timeout: 60, resources: {memory: 1GiB, cpus: 1}, "
    (stage,) = planned(tmp_path, more, "  resources: {memory: 512MB}\n").plan.stages
    assert (stage.policy["timeout"], stage.policy["timeoutNode"]) == (60, "it")
    assert (stage.policy["memoryBytes"], stage.policy["cpus"]) == (2**30, 1)
    (stage,) = planned(tmp_path, "").plan.stages
    assert not {"timeout", "memoryBytes", "cpus"} & set(stage.policy)


@pytest.mark.parametrize(
    ("text", "size"), [("2GB", 2_000_000_000), ("512MiB", 512 * 2**20), ("1.5 kB", 1500), (77, 77), ("10B", 10), ("1TB", 10**12)]
)
def test_sizes_are_bytes(text: str | int, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        (1.5, 1_500_000),
        ("250ms", 250_000),
        ("90m", 5_400_000_000),
        ("PT1H30M", 5_400_000_000),
        ("P1DT2.5S", 86_402_500_000),
        ("1d", 86_400_000_000),
    ],
)
def test_durations_are_microseconds(text: str | float, micros: int) -> None:
    assert microseconds(text) == micros
