"""Exports over the API: a zip that is the same each time, and why there is none."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from shared.pipelines.language import pipeline, read_documents
from shared.planning.needs import needs
from shared.store import facts, tokens

# Of conftest, which cannot be imported.
Api = Any
RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: exported}
spec:
  parameters: [{name: least, type: integer, default: 3}]
  nodes:
    - {id: read, type: connector_source, config: {connector: far/away, path: a.csv, schema: {id: BIGINT}, where: "id >= {{least}}"}}
    - {id: write, type: connector_sink, config: {connector: files, path: b.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: write}]
"""
FAR = """
apiVersion: penstock/v1
kind: Connector
metadata: {name: away, namespace: far}
spec: {type: files, config: {root: /somewhere/else}}
"""


@pytest.fixture(scope="module")
def known(api: Api) -> None:
    api.apply(f"{FAR}---{RECIPE}")
    (need,) = needs(pipeline(read_documents(RECIPE.replace("{{least}}", "3"))[0]), {"far/away": "files", "default/files": "files"})
    found = {"exists": True, "columns": [["id", "BIGINT", True]], "rows": 5, "sizeBytes": 9, "keys": [], "marker": None, "version": None}
    with api.database.transaction() as tx:
        facts.put(tx, need.key, found)
        tokens.put(tx, "near-token", "near", "viewer", ["default"])


def export(api: Api, target: str, name: str = "exported", role: str = "admin") -> Any:
    return api.call("GET", f"/pipelines/default/{name}/export?target={target}&wait=0", role=role)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("target", ["sql", "python", "dbt", "airflow", "spark"])
def test_a_project_comes_as_a_zip_with_a_readme_and_is_the_same_each_time(api: Api, target: str) -> None:
    answer = export(api, target)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/zip"
    assert f"exported-{target}.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        readme = archive.read(f"exported-{target}/README.md").decode()
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "- least: 3" in readme
    assert ">= 3" in text
    assert export(api, target).data == answer.data


@pytest.mark.usefixtures("known")
def test_where_a_connector_of_others_has_its_files_is_not_told(api: Api) -> None:
    seen, hidden = (
        zipfile.ZipFile(io.BytesIO(export(api, "python", role=role).data)).read("exported-python/pipeline.py").decode()
        for role in ("admin", "near")
    )
    assert "/somewhere/else" in seen
    assert "/somewhere/else" not in hidden
    assert "'AWAY_ROOT': None" in hidden


@pytest.mark.usefixtures("known")
def test_why_there_is_none_is_told(api: Api) -> None:
    assert export(api, "cobol").status_code == 422
    assert export(api, "sql", "nothing").status_code == 404
    api.apply(RECIPE.replace("name: exported", "name: unseen").replace("a.csv", "other.csv"))
    answer = export(api, "sql", "unseen")
    assert (answer.status_code, answer.json["type"]) == (422, "urn:penstock:problem:cannot_export")
    assert "nobody has looked at what node read reads yet" in answer.json["detail"]
