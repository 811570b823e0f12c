"""Every call that the API's own document tells of, made as the document says and otherwise: no answer is a server's error, or other than
promised. `make fuzz FUZZ=api` does it for longer, against a whole stack.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

# Of conftest, which cannot be imported.
Api = Any
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PIPELINE = """
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: fuzzed}
spec:
  schedule: "0 6 * * *"
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: in.csv, schema: {id: BIGINT}}}
    - {id: write, type: connector_sink, config: {connector: db, table: t, writeMode: INSERT}}
  edges: [{from: read, to: write}]
"""
# Streams that last as long as their run, and calls that wait for a worker: here is none.
LASTING = ("/events", "/logs", "/plan", "/check", "/discover", "/preview", "/suggest", "/test")
ASKED = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def there(api: Api) -> dict[str, str]:
    """A pipeline, and a run of it, by what they are called in addresses."""
    api.apply(PIPELINE)
    return {"namespace": "default", "name": "fuzzed", "pipeline": "fuzzed", "kind": "Pipeline", "run": api.run("fuzzed", {})}


def test_no_call_breaks_the_server_or_what_is_promised(api: Api, there: dict[str, str]) -> None:
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", api.client.application)
    asked = 0
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path.endswith(LASTING):
            continue

        @ASKED
        @given(case=operation.as_strategy(), finds=st.booleans())
        def each(case: Any, finds: bool) -> None:
            nonlocal asked
            if finds:
                case.path_parameters |= {name: value for name, value in there.items() if name in case.path_parameters}
            if "/backfill" in case.path and isinstance(case.body, dict):
                # Whole centuries of fire times are made ready at once.
                case.body = {**case.body, "from": "2026-01-01", "to": "2026-01-03"}
            case.call_and_validate(headers={"Authorization": "Bearer admin-token"}, checks=CHECKS)
            asked += 1

        each()
    assert asked > 300
