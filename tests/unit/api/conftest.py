"""The API in this process, on a PostgreSQL of these tests' own, and runs that have rejected rows."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb
from werkzeug.serving import make_server

HERE = Path(__file__).parent
# pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(HERE.parent / "worker"))

from servers_for_tests import store  # noqa: E402

from services.api.app import create_app  # noqa: E402
from services.api.settings import Settings  # noqa: E402
from shared.store import partitions, tokens  # noqa: E402
from shared.store.database import Database  # noqa: E402
from shared.store.identifiers import new_id  # noqa: E402


@dataclass
class Api:
    client: FlaskClient
    database: Database

    def call(self, method: str, path: str, body: Any = None, *, role: str = "admin", text: str | None = None) -> Any:
        """The whole answer. `text`: a body as it stands."""
        headers = {"Authorization": f"Bearer {role}-token", "Content-Type": "application/json"}
        if text is not None:
            return self.client.open(f"/api/v1{path}", method=method, headers=headers, data=text)
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, json=body)

    def apply(self, text: str) -> None:
        headers = {"Authorization": "Bearer admin-token", "Content-Type": "application/yaml"}
        done = self.client.post("/api/v1/apply", headers=headers, data=text)
        assert done.status_code == 200, done.text

    def run(self, pipeline: str, program: dict[str, Any], *, status: str = "SUCCEEDED", trigger: dict[str, Any] | None = None) -> str:
        """One of the pipeline's newest version, that has ended with one completed stage."""
        run = new_id()
        with self.database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO runs (id, namespace, pipeline, resource_uid, version, status, trigger, logical_date, created_by, finished_at)
                SELECT %(id)s, 'default', %(name)s::text, coalesce(max(uid::text)::uuid, gen_random_uuid()), 1, %(status)s, %(trigger)s,
                       now(), 'test', now()
                  FROM resources WHERE kind = 'Pipeline' AND name = %(name)s::text
                """,
                {"id": run, "name": pipeline, "status": status, "trigger": Jsonb(trigger or {"type": "manual"})},
            )
            tx.execute(
                """
                INSERT INTO stages (run_id, stage, kind, nodes, inputs, generation, queue, status, epoch)
                VALUES (%(id)s, 1, 'work', %(nodes)s, '{}', 1, 'stages', 'COMPLETED', 1)
                """,
                {"id": run, "nodes": sorted({one["node"] for part in ("reads", "sinks") for one in program.get(part, ())})},
            )
            tx.execute(
                "INSERT INTO programs (run_id, stage, program) VALUES (%(id)s, 1, %(program)s)", {"id": run, "program": Jsonb(program)}
            )
        return run

    def letter(
        self, run: str, node: str, record: Any, *, kind: str = "line", state: str = "open", position: int = 1, replay: str | None = None
    ) -> str:
        letter = new_id()
        with self.database.transaction() as tx:
            tx.execute(
                """
                INSERT INTO dead_letters (run_id, id, stage, epoch, node, kind, original_record, error_message, position, state, replay_run)
                VALUES (%(run)s, %(id)s, 1, 1, %(node)s, %(kind)s, %(record)s::jsonb, 'bad', %(position)s, %(state)s, %(replay)s)
                """,
                {
                    "run": run, "id": letter, "node": node, "kind": kind, "position": position, "state": state, "replay": replay,
                    "record": record if isinstance(record, str) else Jsonb(record),
                },
            )  # fmt: skip
        return letter

    def all(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self.database.transaction() as tx:
            return list(tx.execute(statement, values))  # type: ignore[call-overload]


CONNECTORS = """
apiVersion: penstock/v1
kind: Connector
metadata: {name: files}
spec: {type: files, config: {root: /tmp}}
---
apiVersion: penstock/v1
kind: Connector
metadata: {name: db}
spec: {type: postgres, config: {host: 127.0.0.1, port: 1, database: demo, user: demo}}
"""


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with store() as server:
        app = create_app(
            Settings(
                database_url=server.url, redis_url="redis://127.0.0.1:1/0", home=None, repository=None, definitions=None,
                max_body_bytes=2_000_000, max_streams=10, max_parallel_nodes=8, facts_max_age=timedelta(hours=1), staging=None,
                staging_retention=timedelta(days=1),
            )
        )  # fmt: skip
        database: Database = app.extensions["penstock.database"]
        with database.transaction() as tx:
            partitions.ensure(tx, datetime.now(UTC))
            for role in ("viewer", "editor", "operator", "admin"):
                tokens.put(tx, f"{role}-token", role, role)
        made = Api(app.test_client(), database)
        seen: set[tuple[str, str, int]] = set()
        app.after_request(lambda response: _noted(seen, response))
        made.apply(CONNECTORS)
        yield made
        assert (untold := sorted(_untold(app.test_client(), seen))) == [], f"the OpenAPI document does not say that these can be: {untold}"
        database.close()


def _noted(seen: set[tuple[str, str, int]], response: Response) -> Response:
    if request.url_rule is not None and request.method not in {"HEAD", "OPTIONS"}:
        seen.add((request.method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", request.url_rule.rule), response.status_code))
    return response


def _untold(client: FlaskClient, seen: set[tuple[str, str, int]]) -> Iterator[tuple[str, str, int]]:
    """Of all answers that a module's tests were given, those that the document does not foresee."""
    paths = client.get("/api/v1/openapi.json").json["paths"]
    for method, path, status in seen:
        operation = paths.get(path, {}).get(method.lower())
        if operation is not None and str(status) not in operation["responses"]:
            yield method, path, status


@pytest.fixture(scope="module")
def served(api: Api) -> Iterator[str]:
    """The same API over HTTP, for programs: its address."""
    server = make_server("127.0.0.1", 0, api.client.application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
