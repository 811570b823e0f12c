"""How the web pages are served, and the shape of a run that they draw."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

RECIPE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: drawn}
spec:
  nodes:
    - {id: read, type: connector_source, label: People, config: {connector: files, path: people.csv}}
    - {id: adults, type: filter, config: {condition: age >= 18}}
    - {id: result, type: connector_sink, config: {connector: files, path: adults.csv, writeMode: OVERWRITE}}
    - {id: minors, type: connector_sink, config: {connector: files, path: minors.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: adults}, {from: adults, to: result}, {from: adults, output: rejected, to: minors}]
"""


@pytest.fixture
def built(api: Any, tmp_path: Path) -> Any:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Penstock</title>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("1")
    extensions = api.client.application.extensions
    extensions["penstock.monitor"] = tmp_path
    yield api.client
    del extensions["penstock.monitor"]


def test_every_address_of_the_pages_is_the_one_page_which_browsers_ask_for_again(built: Any) -> None:
    for address in ("/ui/", "/ui/runs", "/ui/runs/01a1", "/ui/quality/default/default/db:orders"):
        answer = built.get(address)
        assert (answer.status_code, answer.text, answer.headers["Cache-Control"]) == (200, "<title>Penstock</title>", "no-cache")


def test_files_with_a_hash_in_their_names_are_kept_for_ever_and_those_of_an_older_build_are_gone(built: Any) -> None:
    assert built.get("/ui/assets/index-1a2b.js").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    gone = built.get("/ui/assets/index-0000.js")
    assert (gone.status_code, gone.mimetype) == (404, "application/problem+json")
    assert "load the page again" in gone.json["detail"]


def test_whoever_can_unpack_it_is_sent_less(built: Any, tmp_path: Path) -> None:
    (tmp_path / "assets" / "index-3c4d.js").write_text("const text = 1\n" * 500)
    packed = built.get("/ui/assets/index-3c4d.js", headers={"Accept-Encoding": "gzip, br"})
    plain = built.get("/ui/assets/index-3c4d.js", headers={"Accept-Encoding": "gzip;q=0"})
    assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data), len(packed.data) < 500) == ("gzip", plain.data, True)
    assert (plain.headers.get("Content-Encoding"), packed.headers["Vary"], packed.mimetype) == (None, "Accept-Encoding", plain.mimetype)


@pytest.mark.parametrize("name", ["a" * 300 + ".js", "%00", "../index.html/", "."])
def test_a_name_that_no_file_can_have_is_one_that_is_gone(built: Any, name: str) -> None:
    assert built.get(f"/ui/assets/{name}").status_code < 500


@pytest.mark.parametrize("address", ["/ui/assets/../../../etc/passwd", "/ui/assets/%2e%2e/index.html", "/ui/assets/..%2f..%2fsecret"])
def test_nothing_outside_of_what_was_built_is_served(built: Any, address: str, tmp_path: Path) -> None:
    (tmp_path.parent / "secret").write_text("secret")
    answer = built.get(address)
    assert answer.status_code in {200, 404}
    assert answer.text == "<title>Penstock</title>" or answer.status_code == 404


def test_the_root_leads_to_the_pages(built: Any) -> None:
    for address in ("/", "/ui"):
        answer = built.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/ui/")


def test_where_nothing_was_built_a_sentence_says_what_to_install(api: Any, tmp_path: Path) -> None:
    extensions = api.client.application.extensions
    extensions["penstock.monitor"] = tmp_path
    try:
        answer = api.client.get("/ui/runs")
    finally:
        del extensions["penstock.monitor"]
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "Node.js 20.19" in answer.text
    assert "make monitor" in answer.text


def _drawn(api: Any) -> str:
    """A run of RECIPE, of which `read` was tried twice."""
    api.apply(RECIPE)
    run: str = api.run("drawn", {})
    with api.database.transaction() as tx:
        for number, (node, kind) in enumerate(
            (("read", "connector_source"), ("adults", "filter"), ("result", "connector_sink"), ("minors", "connector_sink"))
        ):
            tx.execute(
                "INSERT INTO nodes (run_id, node, type, ordinal, generation, stage, status)"
                " VALUES (%(run)s, %(node)s, %(type)s, %(number)s, %(number)s, 1, 'COMPLETED')",
                {"run": run, "node": node, "type": kind, "number": number},
            )
        for epoch, outcome in ((1, "LOST"), (2, "COMPLETED")):
            tx.execute(
                "INSERT INTO attempts (run_id, stage, epoch, worker, started_at, finished_at, outcome)"
                " VALUES (%(run)s, 1, %(epoch)s, 'worker-1', now() + %(epoch)s * interval '1 s', now() + interval '9 s', %(outcome)s)",
                {"run": run, "epoch": epoch, "outcome": outcome},
            )
    return run


def test_the_graph_of_a_run_has_the_edges_of_its_recipe_with_their_ports(api: Any) -> None:
    found = api.call("GET", f"/runs/{_drawn(api)}/graph", role="viewer").json
    assert [(node["id"], node["label"]) for node in found["nodes"]] == [
        ("read", "People"),
        ("adults", None),
        ("result", None),
        ("minors", None),
    ]
    assert [(edge["from"], edge["port"], edge["to"]) for edge in found["edges"]] == [
        ("read", "out", "adults"),
        ("adults", "out", "result"),
        ("adults", "rejected", "minors"),
    ]


def test_attempts_of_a_run_are_told_in_order_of_time(api: Any) -> None:
    found = api.call("GET", f"/runs/{_drawn(api)}/attempts", role="viewer").json["items"]
    assert [(one["epoch"], one["worker"], one["outcome"]) for one in found] == [(1, "worker-1", "LOST"), (2, "worker-1", "COMPLETED")]
    assert found[0]["startedAt"] < found[1]["startedAt"]
    assert found[0]["nodes"] == []


def test_a_run_that_is_not_there_has_no_graph(api: Any) -> None:
    answer = api.call("GET", "/runs/01a1fe7e-8fa6-71d3-be8c-fbfd46814c00/graph")
    assert (answer.status_code, "no run" in answer.json["detail"]) == (404, True)
