"""What each call is called: the `operationId`, which generated clients make into the name of a method. They are an API: names stay."""

from __future__ import annotations

import re

_DOCUMENTS = {
    "resources/{kind}": "Document",
    "pipelines": "Pipeline",
    "connectors": "Connector",
}


def _of_documents() -> dict[str, str]:
    """The same calls for documents of any kind, and for two kinds in particular."""
    found: dict[str, str] = {}
    for where, what in _DOCUMENTS.items():
        path = f"/api/v1/{where}/{{namespace}}/{{name}}"
        found |= {
            f"GET {path}": f"get{what}",
            f"DELETE {path}": f"delete{what}",
            f"GET {path}/versions": f"list{what}Versions",
            f"GET {path}/versions/{{version}}": f"get{what}Version",
            f"GET {path}/diff": f"compare{what}Versions",
            f"POST {path}/restore": f"restore{what}",
        }
    return found


_PIPELINE = "/api/v1/pipelines/{namespace}/{name}"
_TRIGGER = f"{_PIPELINE}/triggers/{{trigger}}"
_DELIVERY = f"{_TRIGGER}/deliveries/{{delivery}}"
_CONNECTOR = "/api/v1/connectors/{namespace}/{name}"
_CREDENTIAL = "/api/v1/credentials/{namespace}/{name}"
_BREAKER = "/api/v1/circuit-breakers/{namespace}/{name}"
_RUN = "/api/v1/runs/{run}"
_LETTERS = "/api/v1/dead-letters"
_BACKFILL = "/api/v1/backfills/{backfill}"
_CHECK = "/api/v1/checks/{check}"

NAMES: dict[str, str] = {
    **_of_documents(),
    # Texts
    "POST /api/v1/validate": "validateDocuments",
    "POST /api/v1/apply": "applyDocuments",
    # Pipelines
    "GET /api/v1/pipelines": "listPipelines",
    f"PUT {_PIPELINE}": "savePipeline",
    f"GET {_PIPELINE}/lineage": "getLineage",
    f"GET {_PIPELINE}/docs": "getPipelineDocs",
    f"GET {_PIPELINE}/export": "exportPipeline",
    f"POST {_PIPELINE}/plan": "planRun",
    "GET /api/v1/plans/{plan}": "getPlan",
    "POST /api/v1/plans/{plan}/approve": "approvePlan",
    f"GET {_PIPELINE}/state": "getState",
    f"GET {_PIPELINE}/state/{{node}}": "getNodeState",
    f"PUT {_PIPELINE}/state/{{node}}": "setNodeState",
    f"DELETE {_PIPELINE}/state/{{node}}": "deleteNodeState",
    # Runs
    f"POST {_PIPELINE}/runs": "startRun",
    "GET /api/v1/runs": "listRuns",
    f"GET {_RUN}": "getRun",
    f"POST {_RUN}/cancel": "cancelRun",
    f"POST {_RUN}/retry": "retryRun",
    "POST /api/v1/runs/cancel": "cancelRuns",
    "POST /api/v1/runs/retry": "retryRuns",
    "POST /api/v1/runs/label": "labelRuns",
    f"GET {_RUN}/ledger": "getRunLedger",
    f"GET {_RUN}/diff": "compareRuns",
    f"POST {_RUN}/diagnose": "diagnoseRun",
    f"GET {_RUN}/nodes/{{node}}": "getRunNode",
    f"GET {_RUN}/graph": "getRunGraph",
    f"GET {_RUN}/attempts": "listRunAttempts",
    f"GET {_RUN}/staging.duckdb": "downloadStaging",
    f"GET {_RUN}/events": "streamRunEvents",
    f"GET {_RUN}/logs": "streamRunLogs",
    # Rows that did not get through
    f"GET {_LETTERS}": "listDeadLetters",
    f"PATCH {_LETTERS}": "changeDeadLetters",
    f"DELETE {_LETTERS}": "deleteDeadLetters",
    f"GET {_LETTERS}/summary": "summarizeDeadLetters",
    f"GET {_LETTERS}/export": "exportDeadLetters",
    f"POST {_LETTERS}/waive": "waiveDeadLetters",
    f"POST {_LETTERS}/replay": "replayDeadLetters",
    f"GET {_LETTERS}/{{letter}}": "getDeadLetter",
    f"PATCH {_LETTERS}/{{letter}}": "changeDeadLetter",
    f"DELETE {_LETTERS}/{{letter}}": "deleteDeadLetter",
    # What starts them
    f"POST {_PIPELINE}/enable": "enablePipeline",
    f"POST {_PIPELINE}/disable": "disablePipeline",
    f"GET {_PIPELINE}/next": "listNextFireTimes",
    f"GET {_PIPELINE}/explain": "explainPipelineSchedule",
    "GET /api/v1/calendars/{name}/explain": "explainCalendar",
    f"POST {_PIPELINE}/backfill": "startBackfill",
    f"POST {_PIPELINE}/backfill/preview": "previewBackfill",
    "GET /api/v1/backfills": "listBackfills",
    f"GET {_BACKFILL}": "getBackfill",
    f"GET {_BACKFILL}/dates": "listBackfillDates",
    f"POST {_BACKFILL}/pause": "pauseBackfill",
    f"POST {_BACKFILL}/resume": "resumeBackfill",
    f"POST {_BACKFILL}/cancel": "cancelBackfill",
    f"GET {_PIPELINE}/triggers": "listTriggers",
    f"GET {_TRIGGER}/firings": "listFirings",
    f"GET {_TRIGGER}/files": "listArrivals",
    f"POST {_TRIGGER}/test": "testWebhook",
    f"GET {_TRIGGER}/deliveries": "listDeliveries",
    f"GET {_DELIVERY}": "getDelivery",
    f"POST {_DELIVERY}/release": "releaseDelivery",
    f"POST {_DELIVERY}/reject": "rejectDelivery",
    "POST /hooks/{namespace}/{pipeline}/{trigger}": "deliverWebhook",
    # Who is told
    "GET /api/v1/notifications": "listNotifications",
    "GET /api/v1/notifications/{notification}": "getNotification",
    "POST /api/v1/notifications/{notification}/resend": "resendNotification",
    f"POST {_PIPELINE}/notifications/test": "testNotifications",
    # Connections
    "GET /api/v1/connectors": "listConnectors",
    f"PUT {_CONNECTOR}": "saveConnector",
    f"POST {_CONNECTOR}/check": "checkConnector",
    f"POST {_CONNECTOR}/discover": "discoverConnector",
    f"POST {_CONNECTOR}/preview": "previewConnector",
    f"GET {_CONNECTOR}/looks/{{request}}": "getLook",
    f"PUT {_CREDENTIAL}": "saveCredential",
    f"GET {_CREDENTIAL}": "getCredential",
    f"DELETE {_CREDENTIAL}": "deleteCredential",
    "GET /api/v1/credentials": "listCredentials",
    "POST /api/v1/credentials/reseal": "resealCredentials",
    "GET /api/v1/circuit-breakers": "listCircuitBreakers",
    f"GET {_BREAKER}": "getCircuitBreaker",
    f"POST {_BREAKER}/reset": "resetCircuitBreaker",
    # Quality
    "GET /api/v1/quality": "listQuality",
    "GET /api/v1/quality/{namespace}/{dataset}": "getDatasetQuality",
    "POST /api/v1/quality/{namespace}/{dataset}/suggest": "suggestRules",
    "POST /api/v1/quality/{namespace}/{rule_set}/run": "runRuleSet",
    f"GET {_CHECK}": "getChecks",
    f"GET {_CHECK}/{{stage}}": "getCheck",
    f"GET {_CHECK}/{{stage}}/offenders": "listOffenders",
    f"GET {_CHECK}/export": "exportOffenders",
    # The installation
    "GET /api/v1/node-types": "listNodeTypes",
    "GET /api/v1/flow-types": "listFlowTypes",
    "GET /api/v1/engines": "listEngines",
    "GET /api/v1/formats": "listFormats",
    "GET /api/v1/connector-types": "listConnectorTypes",
    "GET /api/v1/connector-types/{kind}/schema": "getConnectorTypeSchema",
    "GET /api/v1/schemas/{kind}.json": "getDocumentSchema",
    "GET /api/v1/schemas/nodes/{kind}.json": "getNodeTypeSchema",
    "GET /api/docs": "getDocsPage",
    "GET /api/v1/system": "getSystem",
    "GET /api/v1/system/doctor": "examineSystem",
    "GET /health/live": "getLiveness",
    "GET /health/ready": "getReadiness",
    "GET /metrics": "getMetrics",
    # Who calls
    "POST /api/v1/session": "logIn",
    "GET /api/v1/session": "getSession",
    "DELETE /api/v1/session": "logOut",
    "GET /api/v1/logins": "listLogins",
    "GET /api/v1/session/oidc": "beginLogin",
    "GET /api/v1/session/oidc/callback": "endLogin",
    "GET /api/v1/tokens": "listTokens",
    "POST /api/v1/tokens": "createToken",
    "DELETE /api/v1/tokens/{token}": "revokeToken",
    "POST /api/v1/tokens/{token}/readmit": "readmitToken",
    "GET /api/v1/audit": "listAudit",
}


def name_of(method: str, path: str) -> str:
    """In the table; else made of its words, until somebody names it (a test asks for that)."""
    words = re.findall(r"[A-Za-z0-9]+", path.removeprefix("/api/v1"))
    return NAMES.get(f"{method.upper()} {path}") or method + "".join(word[:1].upper() + word[1:] for word in words)
