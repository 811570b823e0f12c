"""Runs as events of OpenLineage: which are to be sent (`begun`, `end`), what each says (`composed`), and the way out (`Sender`).

An event is a row, written with the start or the end that it tells of, so that none is forgotten; the leader sends them in order, and takes
a row away once the receiver has taken the event. One that is sent twice has the same run, type and time. While the receiver is away, they
wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import sqlglot
from sqlglot import exp

from services.scheduler import recipes
from services.scheduler.receiver import Receiver
from services.scheduler.settings import Settings
from shared.errors import PenstockError, UnavailableError
from shared.openlineage.events import Dataset, Run, event, id_of
from shared.openlineage.names import Name, name_of
from shared.pipelines.model import Pipeline
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import stored_connector, stored_document
from shared.planning.lineage import Touched, column_lineage, touched
from shared.planning.make import logical_plan
from shared.planning.needs import needs
from shared.planning.rule_sets import readable
from shared.store import facts, lineage, resources
from shared.store.database import Database, Tx
from shared.store.endings import Ending
from shared.store.lineage import Waiting
from shared.versions.objects import path_of

AT_ONCE = 50
TICK_S = 1.0
# The longest wait between two tries at a receiver that is away, and how long an event waits for it in all.
PATIENCE_S = 60.0
KEEP = timedelta(days=7)
_VERSION = version("penstock")
# What a receiver says that would say the same again; of others it is known that they pass.
_REFUSED = frozenset({400, 404, 405, 410, 413, 415, 422})
log = logging.getLogger("scheduler")


def begun(tx: Tx, started: Sequence[str], settings: Settings) -> None:
    """Of runs that start in this transaction."""
    if settings.openlineage is not None:
        lineage.started(tx, started)


def end(tx: Tx, ending: Ending, settings: Settings) -> None:
    """A conclusion from the end of a run."""
    if settings.openlineage is not None:
        lineage.ended(tx, ending)


class Sender(threading.Thread):
    """In a thread of its own, since the receiver may hang: no run waits for it. Does nothing while `leads` is not set."""

    def __init__(self, database: Database, settings: Settings, receiver: Receiver) -> None:
        super().__init__(name="lineage", daemon=True)
        self.leads = threading.Event()
        self._database, self._settings, self._receiver = database, settings, receiver
        self._closed = threading.Event()
        self._failures = 0

    def close(self) -> None:
        """Ends after what it does just now; a receiver that hangs is not waited for."""
        self._closed.set()
        self.leads.set()
        self.join(timeout=2 * TICK_S)

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._receiver.key}"} if self._receiver.key else {}
        with httpx.Client(timeout=self._receiver.timeout_s, headers=headers) as client:
            while self.leads.wait() and not self._closed.is_set():
                wait_s = TICK_S
                try:
                    if self._send(client):
                        wait_s = 0.0
                    self._failures = 0
                except (httpx.HTTPError, PenstockError) as error:
                    self._failures += 1
                    wait_s = min(PATIENCE_S, TICK_S * 2.0**self._failures)
                    said = error.message if isinstance(error, PenstockError) else type(error).__name__
                    log.warning("%s does not take events of OpenLineage now (%s); in %.0f s again", self._receiver, said, wait_s)
                except Exception:
                    # A bug here must be seen, and must not end the thread.
                    log.exception("events of OpenLineage could not be sent")
                    wait_s = PATIENCE_S
                self._closed.wait(wait_s)

    def _send(self, client: httpx.Client) -> bool:
        """True while there may be more."""
        with self._database.transaction() as tx:
            if (old := lineage.prune(tx, KEEP)) > 0:
                log.warning("%d events of OpenLineage were dropped: nobody took them for %d days", old, KEEP.days)
            waiting = lineage.first(tx, AT_ONCE)
        for one in waiting:
            if self._closed.is_set() or not self.leads.is_set():
                return False
            with self._database.transaction() as tx:
                made = composed(tx, one, self._settings)
            if made is not None:
                reply = client.post(self._receiver.url, json=event(made, one.type, self._receiver.namespace))
                if reply.status_code in _REFUSED:
                    log.error("%s refused an event of run %s with %d; it is dropped", self._receiver, one.run, reply.status_code)
                else:
                    reply.raise_for_status()
            with self._database.transaction() as tx:
                lineage.drop(tx, one.id)
        return len(waiting) == AT_ONCE


def composed(tx: Tx, waiting: Waiting, settings: Settings) -> Run | None:
    """What an event tells of its run; None where the run is gone. What of it cannot be known is left out."""
    row = lineage.told(tx, waiting.run)
    if row is None:
        return None
    over = waiting.type != "START"
    run = Run(
        row["id"],
        f"{row['namespace']}.{row['pipeline']}",
        waiting.at,
        waiting.again,
        interval=(row["data_interval_start"], row["data_interval_end"]) if row["data_interval_end"] else None,
        parent=_parent(row),
        error=(row["error"] or "it ran out of time") if waiting.type == "FAIL" else None,
        engines=row["engines"] if over else (),
        version=_VERSION,
        source=_source(row, settings),
    )
    try:
        recipe = recipes.load(tx, row["resource_uid"], row["version"], settings, row["run_values"])
        text = resources.document(tx, row["resource_uid"], row["version"])
        return _with_data(tx, replace(run, sql=_sql(text)), recipe.pipeline, waiting, over)
    except (psycopg.Error, UnavailableError):
        raise
    except PenstockError as error:
        log.warning("an event of OpenLineage tells no datasets of run %s: %s", waiting.run, error.message)
    except Exception:
        # A bug here must be seen, and must not hold back what is told of all other runs.
        log.exception("an event of OpenLineage tells no datasets of run %s", waiting.run)
    return run


def _with_data(tx: Tx, run: Run, pipeline: Pipeline, waiting: Waiting, over: bool) -> Run:
    read_, written = touched(pipeline, "source"), touched(pipeline, "sink")
    there = _connectors(tx, {one.connector for one in (*read_, *written)})
    names = {one.node: _names(one, pipeline, there) for one in (*read_, *written)}
    rows = lineage.rows_of_nodes(tx, run.id) if over else {}
    checks = lineage.checks_of_nodes(tx, run.id, waiting.at) if over else {}
    columns, made = _columns(tx, pipeline, {name: kind for name, (kind, _) in there.items()})
    inputs = [
        Dataset(name, columns.get(one.node, ()), rows.get(one.node), checks=checks.get(one.node, {})) if alone else Dataset(name)
        for one in read_
        for alone in [len(names[one.node]) == 1 and not _asks(pipeline, one.node)]
        for name in names[one.node]
    ]
    outputs = [
        Dataset(
            names[one.node][0],
            columns.get(one.node, ()),
            rows.get(one.node),
            {
                column: (
                    # Of a query it is not known which columns of its tables it gives.
                    [(names[node][0], name) for node, name in sorted(of) if names.get(node) and not _asks(pipeline, node)],
                    copied,
                )
                for column, (of, copied) in made.get(one.node, {}).items()
            },
        )
        for one in written
        if names[one.node]
    ]
    # What was checked between the two is an assertion on what went in, which is where the specification has them.
    inner = [facets for node, facets in checks.items() if node not in names]
    if len(inputs) == 1 and inner and not inputs[0].checks:
        inputs = [replace(inputs[0], checks=inner[-1])]
    return replace(run, inputs=inputs, outputs=outputs)


def _connectors(tx: Tx, named: set[str]) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Type and config of those that are there, secrets as references."""
    parts = {name: (name.partition("/")[0], name.partition("/")[2]) for name in named}
    texts = resources.current_texts(tx, "Connector", list(parts.values()))
    found = {}
    for name, part in parts.items():
        if part in texts:
            spec = stored_document(texts[part]).tree.get("spec") or {}
            found[name] = (stored_connector(texts[part]).type, spec.get("config") or {})
    return found


def _asks(pipeline: Pipeline, node: str) -> bool:
    return bool(pipeline.node(node).config.get("query"))


def _names(one: Touched, pipeline: Pipeline, there: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[Name]:
    """Of a query, the tables that it names."""
    if one.object is None or one.connector not in there:
        return []
    kind, config = there[one.connector]
    what = [one.object]
    if _asks(pipeline, one.node):
        what = _tables(one.object)
    return [name_of(one.connector, kind, config, table) for table in what]


def _tables(query: str) -> list[str]:
    try:
        tree = sqlglot.parse_one(query)
    except sqlglot.errors.SqlglotError:
        # In a dialect of its own; it says what it reads in the job's SQL.
        return []
    defined = {common.alias for common in tree.find_all(exp.CTE)}
    found = (".".join(part.name for part in table.parts) for table in tree.find_all(exp.Table) if table.name not in defined or table.db)
    return list(dict.fromkeys(found))


Made = dict[str, dict[str, tuple[frozenset[tuple[str, str]], bool]]]


def _columns(tx: Tx, pipeline: Pipeline, types: Mapping[str, str]) -> tuple[dict[str, list[tuple[str, str]]], Made]:
    """Columns of sources and sinks, by node, and what those of sinks are made of; nothing where it cannot be planned with what is known."""
    try:
        wanted = needs(pipeline, types)
        known = {key: row["found"] for key, row in facts.with_age(tx, [need.key for need in wanted]).items()}
        rule_sets = readable(pipeline, resources.current_documents(tx, "DataQualityRuleSet", pipeline.namespace))
        graph = logical_plan(pipeline, known, types, rule_sets)
        made = column_lineage(graph)
    except (PenstockError, KeyError) as error:
        log.debug("columns of %s are not known: %s", pipeline.name, error)
        return {}, {}
    columns = {source.node: [(one.name, str(one.type)) for one in source.columns] for source in graph.sources.values()}
    columns |= {node: [(one.name, str(one.type)) for one in sink.written] for node, sink in graph.sinks.items()}
    return columns, {node: {name: (one.of, one.copied) for name, one in of.items()} for node, of in made.items()}


def _sql(text: str) -> str | None:
    """What the recipe says in SQL, as it was saved: what templates stand for, secrets among it, is not in it."""
    spec = stored_document(text).tree.get("spec") or {}
    said = [
        f"-- {node['id']}\n{node['config']['query']}"
        for node in spec.get("nodes") or ()
        if node.get("type") in NODE_TYPES and isinstance((node.get("config") or {}).get("query"), str)
    ]
    return ";\n".join(said) or None


def _parent(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The run that started this one, or that it replays rejected rows of."""
    trigger = row["trigger"] or {}
    if trigger.get("type") == "pipeline" and trigger.get("runId"):
        return id_of(trigger["runId"], 0), str(trigger.get("pipeline", "")).replace("/", ".", 1)
    if trigger.get("type") == "replay" and trigger.get("of"):
        return id_of(trigger["of"], 0), f"{row['namespace']}.{row['pipeline']}"
    return None


def _source(row: Mapping[str, Any], settings: Settings) -> tuple[str, str | None, str, str] | None:
    """Where its recipe is in Git."""
    if row["git_commit_sha"] is None:
        return None
    repository = _without_user(settings.remote.url) if settings.remote is not None else None
    page = f"{settings.public_url}/api/v1/pipelines/{row['namespace']}/{row['pipeline']}/versions/{row['version']}"
    url = page if settings.public_url else f"urn:penstock:pipeline:{row['namespace']}/{row['pipeline']}"
    return url, repository, path_of("Pipeline", row["namespace"], row["pipeline"]), row["git_commit_sha"]


def _without_user(url: str) -> str:
    split = urlsplit(url)
    return urlunsplit(split._replace(netloc=split.netloc.rpartition("@")[2])) if split.scheme else url
