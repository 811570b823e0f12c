"""Every cause that is known: its stable code, its title, the error codes it explains, and the function that looks.

Those without error codes are of runs that have not ended. Within one error code what is told apart by its words stands before what the code
usually means; `diagnose` keeps the surest. A test holds that each error code there is has a cause, and that each cause is found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.diagnosis.case import Case
from shared.diagnosis.causes import access, checks, means, ours, reaching, recipes, rows, shapes, turns
from shared.diagnosis.findings import Said


@dataclass(frozen=True, slots=True)
class Cause:
    code: str
    title: str
    find: Callable[[Case], Said | None]
    codes: frozenset[str] = frozenset()


def _of(*codes: str) -> frozenset[str]:
    return frozenset(codes)


_AWAY = _of("connector_unavailable", "unavailable", "notification_refused")
_TIMES = _of("connector_timeout", "timeout")
_DENIED = _of("connector_denied", "configuration")
_FOUND = _of("connector_not_found", "connector_misconfigured", "configuration")
# Where a source's columns are met: while planning, while reading, and in the database itself.
_COLUMNS = _of("plan", "bad_sql", "connector_not_found", "connector_bad_query", "source_changed", "invalid_recipe", "error")
_ROWS = _of("connector_rejected_data", "rows", "data", "too_many_rejects", "connector_bad_query", "bug", "error")
_FILES = _of("format_unreadable", "format_options", "plan", "data", "connector_misconfigured")

CAUSES: tuple[Cause, ...] = (
    # Reaching the far side.
    Cause("connection-refused", "Connection refused", reaching.connection_refused, _AWAY | _of("connector_timeout")),
    Cause("host-unknown", "Unknown host", reaching.host_unknown, _AWAY),
    Cause("encryption-failed", "No encrypted connection", reaching.unencrypted_or_untrusted, _AWAY | _DENIED | _FOUND),
    Cause("too-many-connections", "No connection left", reaching.too_many_connections, _AWAY | _of("connector_overloaded")),
    Cause("no-answer", "No answer in time", reaching.no_answer_in_time, _of("connector_timeout")),
    Cause("overloaded", "The far side is overloaded", reaching.overloaded, _of("connector_overloaded", "bucket_overloaded")),
    Cause("rate-limited", "Asked too often", reaching.over_rate, _of("connector_over_rate")),
    Cause("far-side-short", "The far side has not the means", reaching.server_short_of_means, _of("connector_overtaxed")),
    Cause("breaker-open", "Circuit breaker open", reaching.breaker_open, _of("breaker_open")),
    Cause("disk-full", "Disk full", means.disk_full, _of("disk_full", "connector_unavailable", "connector_overtaxed")),
    Cause("connection-broke", "Connection lost", reaching.connection_broke, _AWAY),
    Cause("store-away", "Penstock's database is away", reaching.store_away, _of("store_unavailable")),
    Cause(
        "git-away",
        "The Git repository is away",
        reaching.git_away,
        _of(
            "repository_busy",
            "repository_unwritable",
            "chain_broken",
            "git_remote_unavailable",
            "git_remote_refused",
            "definitions_unwritable",
        ),
    ),
    # Being let in.
    Cause("login-refused", "Login refused", access.login_refused, _DENIED | _of("connector_unavailable")),
    Cause("credential-missing", "Secret missing", access.credential_missing, _FOUND | _of("unknown_credential_field")),
    Cause("credential-of-others", "Secret of another namespace", access.foreign_credential, _DENIED),
    Cause("path-outside", "Path outside of the connector", access.outside_of_root, _DENIED),
    Cause("right-missing", "Right missing", access.right_missing, _DENIED),
    Cause("access-denied", "Access denied", access.not_let_in, _of("connector_denied")),
    Cause("secret-sealed", "Secret cannot be opened", access.cannot_unseal, _of("cannot_unseal")),
    Cause("vault-refuses", "Vault refuses", access.vault_refuses, _of("vault_refused")),
    Cause("vault-away", "Vault is away", access.vault_away, _of("vault_unavailable")),
    Cause("secret-refused", "Store of secrets refuses", access.store_refuses, _of("secret_refused")),
    Cause("secret-away", "Store of secrets is away", access.store_of_secrets_away, _of("secret_unavailable")),
    Cause("driver-missing", "Driver missing", access.driver_missing, _FOUND),
    Cause("bucket-denied", "Bucket denied", access.bucket_denied, _of("bucket_denied")),
    Cause("message-refused", "Message refused", access.notification_refused, _of("notification_refused")),
    # Shapes of tables and files.
    Cause("column-renamed", "Column renamed in the source", shapes.column_renamed, _COLUMNS),
    Cause("column-gone", "Column gone from the source", shapes.column_gone, _COLUMNS),
    Cause("destination-lacks-column", "Destination lacks a column", shapes.destination_lacks_column, _COLUMNS),
    Cause("table-missing", "Table missing", shapes.table_missing, _COLUMNS),
    Cause("type-changed", "Type changed in the source", shapes.type_changed, _COLUMNS | _of("rows", "connector_rejected_data")),
    Cause("column-unknown", "Unknown column", shapes.column_misspelt, _COLUMNS),
    Cause("source-changing", "Source changes while it is read", shapes.source_changing, _of("source_changed")),
    Cause("file-missing", "File missing", shapes.file_missing, _FOUND | _of("bucket_not_found")),
    Cause("connector-missing", "Connector missing", shapes.connector_gone, _FOUND | _of("invalid_recipe")),
    Cause("object-missing", "Something is not there", shapes.object_missing, _of("connector_not_found", "bucket_not_found")),
    Cause("object-changed", "Object replaced while read", shapes.object_changed, _of("object_changed")),
    Cause("bucket-away", "Object store away", shapes.bucket_away, _of("bucket_unavailable")),
    Cause("dataset-not-there", "Nothing to check", shapes.dataset_not_there, _of("dataset_not_there", "unknown_relation")),
    # Rows.
    Cause("duplicate-key", "Key is there already", rows.duplicate_key, _ROWS),
    Cause("value-missing", "Value missing", rows.value_missing, _ROWS),
    Cause("parent-missing", "Referred row missing", rows.parent_missing, _ROWS),
    Cause("check-failed", "Condition of the destination", rows.check_failed, _ROWS),
    Cause("value-too-long", "Text too long", rows.value_too_long, _ROWS),
    Cause("value-out-of-range", "Number too large", rows.value_out_of_range, _ROWS),
    Cause("division-by-zero", "Division by zero", rows.division_by_zero, _ROWS),
    Cause("conversion-failed", "Text that is no value", rows.conversion_failed, _ROWS),
    Cause("too-many-rejects", "Too many rejected rows", rows.too_many_rejects, _of("too_many_rejects")),
    Cause("encoding-wrong", "Wrong encoding", rows.encoding_wrong, _FILES),
    Cause("delimiter-wrong", "Wrong delimiter", rows.delimiter_wrong, _FILES),
    Cause("file-broken", "File unreadable", rows.file_broken, _of("format_unreadable", "format_unknown")),
    Cause("format-cannot-hold", "Format cannot hold the rows", rows.format_cannot_hold, _of("format_rows")),
    Cause("rows-refused", "Rows refused", rows.rejected_by_destination, _of("connector_rejected_data")),
    Cause("rows-do-not-fit", "Value cannot be used", rows.rows_do_not_fit, _of("rows", "data")),
    # Means.
    Cause("memory-asked-for", "More memory asked for than there is", means.memory_asked_for, _of("configuration")),
    Cause("memory-limit", "Out of memory", means.memory_limit, _of("out_of_memory", "memory")),
    Cause("scratch-full", "Scratch disk too small", means.scratch_full, _of("scratch")),
    Cause("node-timeout", "Node took too long", means.node_timeout, _of("timeout", "python")),
    Cause("run-timeout", "Run took too long", means.run_timeout, _of("timed_out")),
    Cause("deadlock", "Deadlock", means.deadlock, _of("connector_deadlock")),
    Cause("serialization", "Changed by others at once", means.serialization, _of("connector_serialization")),
    Cause("locked", "Locked, or too slow for the server", means.locked, _of("connector_busy")),
    Cause("workers-lost", "Workers were lost", means.workers_lost, _of("workers_lost")),
    Cause("process-died", "Process ended", means.process_died, _of("child_died", "no_child", "lost")),
    Cause("stopped", "Stopped on request", means.stopped, _of("interrupted")),
    Cause("cancelled", "Cancelled", means.cancelled, _of("cancelled")),
    Cause("replaced", "Replaced by a newer run", means.replaced, _of("replaced")),
    # Turns: what waited in vain, then what still waits.
    Cause("dependency-failed", "Another pipeline failed", turns.dependency_failed, _of("dependency_failed")),
    Cause("dependency-late", "Another pipeline was late", turns.dependency_late, _of("dependency_timeout")),
    Cause("skipped", "Skipped", turns.skipped, _of("skipped")),
    Cause("cursor-held", "Cursor held by another run", turns.cursor_held, _of("cursor_held")),
    Cause("sequence-held", "Sequence held by another run", turns.sequence_held, _of("sequence_held")),
    Cause("replay-conflict", "Replay not possible", turns.replay_conflict, _of("cannot_replay", "letters_lost", "letters_misread")),
    Cause("cannot-run-again", "Cannot be run again", turns.cannot_run_again, _of("cannot_restart", "would_double", "illegal_transition")),
    Cause("delivery-gone", "Delivery gone", turns.nothing_delivered, _of("nothing_delivered")),
    Cause("dates-wrong", "Dates do not go together", turns.bad_date, _of("too_many_dates", "no_schedule", "bad_range", "bad_schedule")),
    Cause("no-worker-with-label", "No worker with that label", turns.no_worker_with_label),
    Cause("no-worker", "No free worker", turns.no_worker),
    Cause("waits-for-connection", "Waits for a connection", turns.waits_for_connection),
    Cause("waits-for-place", "Waits for its place", turns.waits_for_place),
    Cause("waits-for-pipeline", "Waits for another run", turns.waits_for_pipeline),
    Cause("waits-for-cursor", "Waits for a cursor", turns.waits_for_cursor),
    Cause("waits-for-sequence", "Waits for a sequence", turns.waits_for_sequence),
    Cause("waits-for-others", "Waits for other pipelines", turns.waits_for_others),
    Cause("waits-for-breaker", "Waits for a connector", turns.waits_for_breaker),
    Cause("waits-for-slot", "Waits for a slot of its run", turns.waits_for_slot),
    Cause("waits-for-retry", "Waits for its next attempt", turns.waits_for_retry),
    Cause("slow", "Slower than usual", turns.slow),
    # The recipe.
    Cause("recipe-invalid", "Recipe not valid any more", recipes.recipe_invalid, _of("invalid_recipe", "invalid_document")),
    Cause("push-down-impossible", "Cannot run in the database", recipes.push_down_impossible, _of("plan")),
    Cause("cycle", "Nodes in a circle", recipes.cycle, _of("cycle")),
    Cause("query-refused", "Query refused", recipes.query_refused, _of("connector_bad_query")),
    Cause("expression-wrong", "Expression wrong", recipes.expression_wrong, _of("bad_sql", "bad_spel")),
    Cause("template-wrong", "Template or parameter wrong", recipes.template_wrong, _of("bad_template", "invalid_parameters")),
    Cause("plan-refused", "Cannot be planned", recipes.plan_refused, _of("plan")),
    Cause("format-options", "Options of a format", recipes.format_options, _of("format_options")),
    Cause("misconfigured", "Set up wrongly", recipes.misconfigured, _of("connector_misconfigured", "configuration")),
    Cause("setting-wrong", "Setting of a service", recipes.setting_wrong, _of("bad_setting")),
    Cause("function-failed", "Python function failed", recipes.function_failed, _of("python")),
    Cause("packages-missing", "Packages not installed", recipes.requirements_failed, _of("requirements")),
    Cause("definition-lost", "Text of the version lost", recipes.definition_lost, _of("definition_missing")),
    Cause(
        "payload-wrong",
        "Body of a webhook",
        recipes.payload_wrong,
        _of("bad_payload", "bad_json_path", "bad_json_schema", "several_values", "number_too_great"),
    ),
    # Rules.
    Cause("quality-gate", "Quality gate held the rows back", checks.quality_gate, _of("quality_gate")),
    Cause("rule-unmeasured", "Rule could not be measured", checks.rule_unmeasured, _of("offenders")),
    # Ours.
    Cause("bug", "Bug in Penstock", ours.bug, _of("bug")),
    Cause("rows-unbalanced", "Books do not balance", ours.rows_unbalanced, _of("unbalanced")),
    Cause("other-release", "Another release", ours.other_release, _of("unknown_version")),
    Cause("unknown", "Unknown error", ours.unknown, _of("error", "unavailable", "data", "configuration")),
)
