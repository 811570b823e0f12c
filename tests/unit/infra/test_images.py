"""The compose file and the Dockerfile, checked without an engine: by the specification, by a linter, and against the project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
DOCKERFILE = PROJECT / "infra" / "docker" / "service.Dockerfile"
GIVEN = {"POSTGRES_PASSWORD": "one", "REDIS_PASSWORD": "two", "PENSTOCK_MASTER_KEY": "three"}


def interpolated(text: str) -> str:
    """The two forms of the specification that the file uses: ${NAME:?message} and ${NAME:-default}."""
    return re.sub(r"\$\{(\w+):([?-])([^}]*)\}", lambda found: GIVEN[found[1]] if found[2] == "?" else GIVEN.get(found[1], found[3]), text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(interpolated((PROJECT / "docker-compose.yml").read_text())))


def test_the_compose_file_is_as_the_specification_says(compose: dict[str, Any]) -> None:
    compose_spec = pytest.importorskip("compose_spec", reason="not here: no wheel of compose-spec for this machine")
    read = compose_spec.PyCompose.from_json(json.dumps(compose))
    assert sorted(read.service_names()) == ["api", "migrate", "postgres", "quality", "redis", "scheduler", "worker"]


def test_every_service_of_ours_is_built_from_the_one_file_with_an_extra_that_exists(compose: dict[str, Any]) -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    builds = {name: service["build"] for name, service in compose["services"].items() if "build" in service}
    assert {build["dockerfile"] for build in builds.values()} == {str(DOCKERFILE.relative_to(PROJECT))}
    assert {name: build["args"]["SERVICE"] for name, build in builds.items()} == {name: name for name in builds}
    assert set(builds) <= set(extras)


def test_services_start_after_the_store_is_migrated_and_keep_no_state_of_their_own(compose: dict[str, Any]) -> None:
    for name in ("api", "scheduler", "worker", "quality"):
        service = compose["services"][name]
        assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert service["environment"]["PENSTOCK_FORBID_LOCAL_STATE"] == "true"
        assert service["restart"] == "unless-stopped"


def test_the_dockerfile_passes_its_linter() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed; the development group has it")
    done = subprocess.run([hadolint, "--no-color", str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_image_runs_as_a_user_of_its_own_and_says_whether_it_is_healthy() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    users = [line for line in last_stage if line.startswith("USER")]
    assert users == ["USER 10001"]
    assert [line for line in last_stage if line.startswith("HEALTHCHECK")]
