"""An example of every body, made of the schemas and of a table of values: one small story of orders, told in every reply.

What a field is called says most of what stands in it; where that is not enough, the table names the schema, too. Tests hold every example
against its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_RUN = "019a5b3e-7c2f-7d10-9c55-3f1b2a4d5e6f"
_AT = "2026-03-29T02:00:00Z"
_SHA = "9f2c1e7ab34d5f6081726354aabbccddeeff0011"
RECIPE = """\
apiVersion: penstock/v1
kind: Pipeline
metadata: {name: orders, namespace: sales}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: orders.csv}}
    - {id: paid, type: filter, config: {condition: "status = 'paid'"}}
    - {id: load, type: connector_sink, config: {connector: dw, table: orders, writeMode: UPSERT, upsertKeys: [id]}}
  edges: [{from: read, to: paid}, {from: paid, to: load}]
"""
_DOCUMENT: Mapping[str, Any] = yaml.safe_load(RECIPE)
_CONNECTOR: Mapping[str, Any] = {
    "apiVersion": "penstock/v1",
    "kind": "Connector",
    "metadata": {"name": "dw", "namespace": "sales"},
    "spec": {
        "type": "postgres",
        "config": {"host": "db", "database": "dw", "user": "loader", "password": "{{credential:dw#password}}"},
    },
}
_EVENT = f'{{"v": 1, "seq": 7, "at": "{_AT}", "run": "{_RUN}", "type": "node.status", "node": "load", "data": {{}}}}'
_LINE = '{"id": 7, "at": "2026-03-29T02:00:03Z", "level": "INFO", "node": "load", "worker": "worker-1", "message": "12 rows"}'

# Of what is no JSON: by call and content type, or by content type.
TEXTS: Mapping[tuple[str, str] | str, str] = {
    "application/yaml": RECIPE,
    "application/toml": 'apiVersion = "penstock/v1"\nkind = "Calendar"\n[metadata]\nname = "own"\n[spec]\ndates = ["2026-05-04"]\n',
    ("streamRunEvents", "text/event-stream"): f"id: 7\nevent: node.status\ndata: {_EVENT}\n\nevent: end\ndata: {{}}\n\n",
    ("streamRunEvents", "application/x-ndjson"): f"{_EVENT}\n",
    ("streamRunLogs", "text/event-stream"): f"id: 7\nevent: log\ndata: {_LINE}\n\nevent: end\ndata: {{}}\n\n",
    ("streamRunLogs", "application/x-ndjson"): f"{_LINE}\n",
    ("getMetrics", "text/plain"): 'penstock_runs_total{pipeline="sales/orders",state="SUCCEEDED"} 41.0\n',
    ("getPipelineDocs", "text/markdown"): "# sales/orders\n\nVersion 3, saved 2026-03-28 16:00 UTC by ci.\n",
    ("getDocsPage", "text/html"): "<!doctype html><title>Penstock API</title>",
    ("exportDeadLetters", "text/csv"): f"id,run,pipeline,node\r\n019a5b3e-7c30-7000-8000-000000000001,{_RUN},sales/orders,read\r\n",
    ("listOffenders", "text/csv"): "rule,id,status\r\nhas-id,,paid\r\n",
    ("deliverWebhook", "text/csv"): "id,status\r\n1,paid\r\n",
    "application/x-ndjson": '{"id": 1, "status": "paid"}\n',
    "application/ndjson": '{"id": 1, "status": "paid"}\n',
    "application/jsonl": '{"id": 1, "status": "paid"}\n',
}

# Of bodies that have no schema of their own: by call.
BODIES: Mapping[str, Any] = {
    "saveCredential": {"password": "…"},
    "previewConnector": {"table": "orders"},
    "deliverWebhook": {"id": 1, "status": "paid"},
    "applyDocuments": _DOCUMENT,
    "validateDocuments": _DOCUMENT,
    "savePipeline": _DOCUMENT,
    "saveConnector": _CONNECTOR,
}

# By schema and field, where the field alone does not say it.
_OF: Mapping[str, Mapping[str, Any]] = {
    "Offender": {"rule": "has-id"},
    "Explained": {"notes": []},
    "Next": {"notes": []},
    "Neighbour": {"datasets": ["sales/dw:orders"]},
    "Arrival": {"path": "in/orders-2026-03-29.csv", "sameAs": None},
    "ArrivalPage": {"problem": None},
    "AuditEntry": {"object": "Pipeline/orders", "status": 200, "session": None},
    "Backfill": {"order": "oldest", "which": "missing", "version": "now", "state": "running", "finishedAt": None},
    "BackfillDate": {"detail": None, "status": "SUCCEEDED"},
    "BackfillPreview": {"order": "oldest", "which": "missing", "version": "now"},
    "BackfillPreviewDate": {"why": "there is no run of it"},
    "Breaker": {"state": "open", "error": "connection refused"},
    "CalendarUsed": {"name": "PL_HOLIDAY"},
    "CancelBackfill": {"runs": True},
    "ChangedRun": {"detail": None},
    "ChosenBody": {"rule": "has-id", "contains": "not a number", "ids": None},
    "ChosenRuns": {"query": None, "cursor": None},
    "ColumnFigures": {"name": "id", "min": 1, "max": 12},
    "ConnectorType": {
        "version": "0.1.0",
        "writeModes": ["INSERT", "UPSERT"],
        "secretFields": ["password"],
        "title": "PostgreSQL",
        "type": "postgres",
    },
    "Credential": {"name": "dw", "type": "password", "store": "database", "location": None, "fields": ["password"]},
    "CursorState": {"node": "read", "value": "2026-03-28T23:59:59"},
    "DatasetQuality": {"blocked": [], "drift": None, "profile": {"rows": 12, "columns": []}},
    "Check": {"blocked": [], "drift": None, "profile": {"rows": 12, "columns": []}},
    "CheckSummary": {"drift": None},
    "DiagnoseRun": {"assistant": False},
    "DiagnosisEvidence": {"what": "node paid: there is no column status; there is id, state", "where": "plan"},
    "DiagnosisFinding": {
        "cause": "column-gone",
        "title": "A column is not there",
        "sentence": "node paid uses status, which orders.csv does not have any more; it has state",
        "steps": ["Say state in the condition of node paid, and apply the pipeline again", "Retry the run from node paid"],
    },
    "DiagnosisFix": {"kind": "yaml", "text": "condition: \"state = 'paid'\"", "applies": "sales/orders"},
    "DiagnosisOfRun": {"status": "FAILED", "summary": "node paid failed: there is no column status"},
    "DiagnosisProposal": {"model": "small", "text": "The column was renamed.", "refused": None},
    "Elsewhere": {"label": "Example", "address": "/api/v1/session/oidc"},
    "Engine": {
        "version": "0.1.0",
        "name": "duckdb",
        "title": "DuckDB",
        "description": "The default: relations in SQL, out of core, in the worker",
    },
    "Finding": {"name": "leases", "holds": "a stage that runs has a lease", "ok": True, "count": 0, "found": [], "remedy": None},
    "FlowType": {"version": "0.1.0", "name": "change_feed", "available": False},
    "Format": {"version": "0.1.0", "name": "csv", "endings": [".csv"], "compressions": ["gzip"]},
    "FoundColumn": {"name": "id", "type": "BIGINT", "vendorType": "int8", "nullable": False},
    "FoundObject": {"name": "public.orders", "keys": [["id"]], "failed": None},
    "GraphEdge": {"from": "read", "port": "out", "to": "paid"},
    "Json": {},
    "JsonSchema": {"type": "object"},
    "LabelRuns": {"query": None, "cursor": None, "remove": ["draft"]},
    "LedgerTerm": {"term": "filtered", "rows": 2, "told": "2 rows did not meet the condition"},
    "Ledger": {"balanced": True},
    "Live": {"status": "alive"},
    "LogIn": {"token": "pst_…"},
    "MadeToken": {"token": "pst_…", "name": "ci", "role": "operator", "revokedAt": None, "issuer": None, "subject": None},
    "NewToken": {"name": "ci", "role": "operator"},
    "NextTime": {"local": "2026-03-29 04:00 +02:00", "skipped": None, "rule": None, "note": None, "joined": None, "movedFrom": None},
    "NodeOfRun": {"id": "load", "type": "connector_sink", "status": "COMPLETED"},
    "NodeSample": {"rows": [{"id": 1, "status": "paid"}]},
    "NodeType": {
        "version": "0.1.0",
        "name": "filter",
        "title": "Filter",
        "description": "Rows that meet a condition",
        "role": "transform",
        "ports": ["out", "rejected"],
        "schema": {"type": "object"},
    },
    "Notification": {"held": None, "toldIn": None, "error": None, "text": "node paid failed"},
    "NotificationInFull": {"held": None, "toldIn": None, "error": None, "text": "node paid failed"},
    "OpenBreaker": {"error": "connection refused"},
    "Process": {"labels": ["gpu"], "version": "0.1.0", "name": "worker-1", "service": "worker", "dropped": {}},
    "Plan": {
        "facts": "known",
        "missing": [],
        "generations": [["read"], ["paid"], ["load"]],
        "warnings": [],
        "graph": {"nodes": [{"id": "read", "type": "connector_source", "label": None}], "edges": []},
        "nodes": [
            {"id": "read", "type": "connector_source", "generation": 1, "stage": 1, "engine": "duckdb", "trust": None, "local": None}
        ],
        "pushDownShare": 0.0,
    },
    "PlannedSink": {"target": "orders", "readBy": ["sales/report"], "alsoWrittenBy": [], "schemaChanges": []},
    "PlannedSource": {"columns": [["id", "BIGINT", True]], "object": "orders.csv", "version": None},
    "PlannedStage": {"kind": "work", "why": ["duckdb: the default engine for what is not in one database"], "label": None},
    "Plugin": {"version": "1.2", "family": "nodes", "name": "toy", "package": "penstock-toys", "refused": None},
    "PreviewColumn": {"name": "id", "type": "BIGINT"},
    "Problem": {"errors": []},
    "Progress": {"percent": 66.7},
    "Queue": {"name": "stages", "depth": 0},
    "Ready": {"status": "ready", "dependencies": {"postgresql": "up", "redis": "up"}},
    "ReplayBody": {"rule": "has-id", "version": 3, "ids": None, "contains": "not a number"},
    "RetryRun": {"from": "paid"},
    "RetryRuns": {"from": "failed", "query": None, "cursor": None},
    "RuleResult": {
        "severity": "error",
        "rule": "has-id",
        "type": "NOT_NULL",
        "status": "PASSED",
        "observed": 0,
        "expected": 0,
        "offenders": [],
        "error": None,
    },
    "Run": {"status": "RUNNING", "finishedAt": None},
    "RunDifference": {
        "kind": "rows",
        "node": "read",
        "figure": "rowsOut",
        "before": 12,
        "after": 120,
        "surprise": 0.81,
        "told": "read: rows out went from 12 to 120",
    },
    "RunFilters": {"status": "FAILED,TIMED_OUT", "label": "team:sales"},
    "RunHead": {"status": "SUCCEEDED"},
    "RunNode": {"id": "load", "type": "connector_sink", "status": "RUNNING"},
    "RunStage": {"kind": "work", "status": "RUNNING", "durationMs": None, "retryAt": None},
    "SeenBefore": {"sentence": "it failed so 2 times in its last 10 runs"},
    "SequenceState": {"node": "number", "next": 4711},
    "Session": {"name": "ci"},
    # One of both.
    "SetState": {"next": 4711, "cursor": None},
    "ShownDelivery": {"body": '{"id": 1}', "detail": {}},
    "StartBackfill": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-29T00:00:00Z", "dryRun": False},
    "StartRun": {"planId": None, "fromNode": None},
    "Statement": {
        "columns": ["id"],
        "does": "write",
        "on": "sales/dw",
        "dialect": "postgres",
        "object": "orders",
        "sql": "INSERT INTO orders (id) SELECT 1",
    },
    "Target": {"url": None, "channel": None, "to": ["data@example.com"]},
    "Token": {"name": "ci", "role": "operator", "revokedAt": None, "issuer": None, "subject": None},
    "Told": {"code": "unknown_node", "message": "there is no node red", "path": "/spec/edges/0/from", "node": None, "suggestion": "read"},
    "Tried": {"what": "log in", "said": "as loader to database dw"},
    "TriedBody": {"body": {"id": 1}, "contentType": "application/json"},
    "TriedDelivery": {"would": "accepted", "error": None},
    "Trigger": {"name": "schedule", "type": "schedule", "problem": None},
    "Try": {"status": 200, "said": "ok", "error": None},
    "Version": {"version": 3, "parentVersion": 2},
    "VersionInFull": {"version": 3, "parentVersion": 2},
    "Waiting": {"state": "RUNNING"},
}
# By field.
_CALLED: Mapping[str, Any] = {
    "action": "savePipeline",
    "activeNodes": ["load"],
    "address": "192.0.2.10",
    "author": "ci",
    "body": None,
    "by": "ana",
    "calendar": "PL_HOLIDAY",
    "changedBy": None,
    "channel": "#data",
    "checksum": None,
    "code": "unknown_node",
    "column": "id",
    "connector": "sales/dw",
    "createdBy": "ci",
    "csrf": None,
    "cursor": "eyJpZCI6MX0=",
    "dataset": "sales/dw:orders",
    "description": "orders of the day",
    "detail": "1 row",
    "document": RECIPE,
    "engine": "duckdb",
    "engineWhy": "none of its rows comes straight out of a database",
    "error": None,
    "error_message": "column id: 'x' is not a number",
    "errors": [],
    "figures": {},
    "fingerprint": "5f2c1e7ab34d5f60",
    "formula": {"text": "100 * passed weight / weight"},
    "from": "read",
    "gitCommitSha": _SHA,
    "heldBy": None,
    "id": "019a5b3e-7c30-7000-8000-000000000001",
    "ids": [_RUN],
    "inputs": [],
    "key": _AT,
    "kind": "Pipeline",
    "label": None,
    "labels": {"team": "sales"},
    "leader": "scheduler-1",
    "ledger": {"filtered": 2},
    "local": None,
    "message": "only what is paid",
    "method": "PUT",
    "metrics": {},
    "name": "orders",
    "namespace": "sales",
    "namespaces": ["sales"],
    "nextCursor": None,
    "node": "load",
    "nodes": ["read", "paid", "load"],
    "object": "orders.csv",
    "order": "oldest",
    "original_record": {"id": "x", "status": "paid"},
    "outcome": "COMPLETED",
    "package": "penstock",
    "parameters": {"load_date": "2026-03-29"},
    "path": "/spec/nodes/1/config/condition",
    "penstock": "0.1.0",
    "pipeline": "sales/orders",
    "port": "out",
    "postgresql": "17.2",
    "problem": None,
    "python": "3.11",
    "queue": "stages",
    "reason": "asked for by ana",
    "record": {"id": "4", "status": "paid"},
    "redis": "8.0",
    "refused": None,
    "request": _RUN,
    "requestId": "b6d0c3f4",
    "reusedFrom": None,
    "role": "operator",
    "row": {"id": None, "status": "paid"},
    "rule": None,
    "ruleSet": "orders-rules",
    "run": _RUN,
    "runId": _RUN,
    "schedule": "0 4 * * *",
    "schema": "0023",
    "scope": "batch",
    "set": {"team": "sales"},
    "sha": _SHA,
    "sql": "SELECT id FROM orders WHERE status = 'paid'",
    "state": "open",
    "status": "SUCCEEDED",
    "subject": "sales/orders failed",
    "suggestion": None,
    "table": "paid",
    "target": "orders",
    "timezone": "Europe/Warsaw",
    "to": "paid",
    "token": "pst_…",
    "trigger": {"type": "manual"},
    "type": "filter",
    "unified": "--- 2\n+++ 3\n@@ -5 +5 @@\n-status = 'open'\n+status = 'paid'\n",
    "url": None,
    "version": 3,
    "waitingFor": None,
    "weekday": "Sunday",
    "why": None,
    "worker": "worker-1",
    "writeMode": "UPSERT",
}
_FORMATS: Mapping[str, str] = {"date-time": _AT, "date": "2026-03-29", "uuid": _RUN}
_NOTHING = object()


class Examples:
    """`schemas`: the document's, by name."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any]) -> Any:
        """A value of that schema."""
        return self._value(schema, "", "", ())

    def _value(self, schema: Mapping[str, Any], owner: str, field: str, above: tuple[str, ...]) -> Any:
        if (found := self._said(schema, owner, field)) is not _NOTHING:
            return found
        if "$ref" in schema:
            return self._object(schema["$ref"].rpartition("/")[2], above)
        if either := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            return self._value(either[0], owner, field, above)
        kinds = schema.get("type", "object")
        kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
        if kind == "array":
            # What holds itself ends there.
            item = schema.get("items", {})
            return [] if item.get("$ref", "").rpartition("/")[2] in above else [self._value(item, owner, "", above)]
        return _plain(kind, schema)

    def _said(self, schema: Mapping[str, Any], owner: str, field: str) -> Any:
        of = _OF.get(owner, {})
        if field in of:
            return of[field]
        if "example" in schema:
            return schema["example"]
        if "enum" in schema:
            return _CALLED[field] if _CALLED.get(field) in schema["enum"] else schema["enum"][0]
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if field in _CALLED and _fits(_CALLED[field], schema):
            return _CALLED[field]
        return _NOTHING

    def _object(self, name: str, above: tuple[str, ...]) -> dict[str, Any]:
        found = {}
        for field, schema in self._schemas[name].get("properties", {}).items():
            value = self._value(schema, name, field, (*above, name))
            # What cannot be null is left out where another field stands for it.
            if value is not None or _fits(None, schema):
                found[field] = value
        return found


def _plain(kind: str, schema: Mapping[str, Any]) -> Any:
    match kind:
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "number":
            return 97.5
        case "boolean":
            return True
        case "string":
            return "…"
    return {}


_JSON: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """As far as its type goes."""
    if "$ref" in schema:
        return False
    if "anyOf" in schema:
        return any(_fits(value, one) for one in schema["anyOf"])
    kinds = schema.get("type")
    if kinds is None:
        return True
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    if isinstance(value, bool):
        return "boolean" in found
    if not any(isinstance(value, _JSON[kind]) for kind in found):
        return False
    items = schema.get("items", {})
    return not isinstance(value, list) or all(_fits(one, items) for one in value)
