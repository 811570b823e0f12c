"""How each call can fail, as statuses. Most follow from what a call takes; the rest stands in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Status -> (name of its component, what it means, an example's detail).
SHAPES: dict[int, tuple[str, str, str]] = {
    400: (
        "BadRequest",
        "It cannot be read: not HTTP, not UTF-8, not JSON",
        "the body is not JSON: Expecting value: line 1 column 1",
    ),
    401: ("Unauthorized", "There is no token, or none that holds", "this token is not known, or has been revoked, or has expired"),
    403: ("Forbidden", "The role, or the namespace, is not the token's", "this needs the role operator; the token ci is viewer"),
    404: ("NotFound", "It is not there", "there is no pipeline sales/orders; apply it first"),
    409: ("Conflict", "As things stand it cannot be done", "the run is RUNNING; wait until it has ended, or cancel it first"),
    413: (
        "ContentTooLarge",
        "The body is too large",
        "the body is larger than 2000000 bytes (PENSTOCK_MAX_BODY_BYTES)",
    ),
    415: ("UnsupportedMediaType", "The body is of a kind that is not taken", "the body is text/html; send application/json"),
    422: ("UnprocessableContent", "It can be read, and says something wrong", "limit is 0; it must be a whole number from 1 to 500"),
    429: ("TooManyRequests", "Too many calls; Retry-After says when to go on", "more than 30000 calls a minute with this token; wait 12 s"),
    500: ("ServerError", "Something went wrong here", "something went wrong here; it was logged under this call's X-Request-ID"),
    503: (
        "Unavailable",
        "What is needed is away for now; Retry-After says when to try again",
        "the platform's PostgreSQL did not answer; start it, or check PENSTOCK_DATABASE_URL",
    ),
}
# What only goes by what there is.
_CONFLICTS = frozenset(
    """
    savePipeline deletePipeline restorePipeline saveConnector deleteConnector restoreConnector deleteDocument restoreDocument
    getLineage getPipelineDocs exportPipeline planRun approvePlan setNodeState deleteNodeState startRun retryRun compareRuns diagnoseRun
    changeDeadLetters deleteDeadLetters waiveDeadLetters replayDeadLetters changeDeadLetter deleteDeadLetter
    enablePipeline disablePipeline listNextFireTimes explainPipelineSchedule startBackfill previewBackfill pauseBackfill resumeBackfill
    cancelBackfill testWebhook releaseDelivery rejectDelivery deliverWebhook resendNotification testNotifications
    checkConnector discoverConnector previewConnector suggestRules runRuleSet getDatasetQuality revokeToken readmitToken resealCredentials
    """.split()  # noqa: SIM905 (a column of names is harder to read)
)
# What they are about is named in a query or a body.
_NAMING = frozenset(
    """
    cancelRuns retryRuns labelRuns changeDeadLetters deleteDeadLetters waiveDeadLetters replayDeadLetters listDeadLetters
    summarizeDeadLetters exportDeadLetters listNotifications listBackfills listQuality getMetrics beginLogin endLogin
    """.split()  # noqa: SIM905
)
# Strangers may try only so often.
_TRIED = frozenset({"logIn", "deliverWebhook", "beginLogin", "endLogin"})
# They ask nobody.
_ALONE = frozenset({"getLiveness", "getDocsPage", "getDocumentSchema", "getNodeTypeSchema"})


def statuses(name: str, operation: Mapping[str, Any], path: str) -> Iterator[int]:
    """In their order. `operation`: as the document has it; `path`: with its parameters in braces."""
    yield 400
    guarded = operation.get("security") != []
    if guarded or name in {"logIn", "deliverWebhook"}:
        yield 401
        yield 403
    if "{" in path or name in _NAMING:
        yield 404
    if name in _CONFLICTS:
        yield 409
    sends = "requestBody" in operation
    if sends:
        yield from (413, 415)
    if name not in _ALONE:
        # A query, a cursor, a header, a setting.
        yield 422
    if guarded or name in _TRIED:
        yield 429
    yield 500
    if name not in _ALONE:
        yield 503
