"""What the planner hands an engine: plain values, written as JSON into the plan, read back by the worker.

A `Program` is all that a stage does, in order: read, compute, hand over, write. It holds SQL as text because it crosses processes
and is shown to people; that text is always rendered from a sqlglot tree by the planner, never put together by hand. No secrets,
no connections: connectors are named, and the worker resolves them.

Table names inside SQL are quoted ports: `"node"` for a main output, `"node.port"` for another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal, TypeVar

from shared.datasets.columns import Column, Columns, columns_from_json
from shared.errors import bug

FORMAT = 1
# What `from_json` reads: an older release's plans are still running when a newer one is put in.
FORMATS = frozenset({1})

# An expression over counted quantities, as JSON, from which a node's figures are computed once the stage has run:
#   {"read": "t"}       rows that the read or dataset t delivered  {"rejectedLines": "t"}  lines the read could not make a row of
#   {"table": "t"}      rows of the temporary table t              {"output": "port"}      rows staged for a port
#   {"sink": "node"}    rows handed to the sink                    {"rejects": "node"}     rows in the node's rejects query
#   {"counter": "c"}    how often the sequence c was drawn         {"total": ["t", "col"]} sum of a folded count column in table t
#   {"sum": [e, …]}   {"minus": [e, e]}   null (not known)
Count = dict[str, Any] | None

T = TypeVar("T")


def _told(read: Callable[[dict[str, Any]], T]) -> Callable[[dict[str, Any]], T]:
    """What has another shape than any release writes is told of as such, not as a key that is missing."""

    @wraps(read)
    def reading(value: dict[str, Any]) -> T:
        try:
            return read(value)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise bug(error, "a program has a shape that no release of Penstock writes") from error

    return reading


@dataclass(frozen=True, slots=True)
class Read:
    """Rows that enter the stage. Either `datasets` (stage number and port of each; all of the same columns) or `connector` with
    `options` is set.

    `options` are the connector_source's config that the connector's spec describes (path, table, query, format, csv options …);
    `columns` the columns and types as surveyed, in the order in which the recipe sees them; `keep` those that are used (None:
    all). `materialise`: the relation is used more than once, so it becomes a temporary table. `window`: how its rows are told from those
    of the last run (`shared.planning.cursors.telling_apart`); None: they need not be.
    """

    table: str
    node: str
    columns: Columns
    connector: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    datasets: tuple[tuple[int, str], ...] = ()
    keep: tuple[str, ...] | None = None
    materialise: bool = False
    window: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "node": self.node,
            "columns": [column.to_json() for column in self.columns],
            "connector": self.connector,
            "options": self.options,
            "datasets": [list(dataset) for dataset in self.datasets],
            "keep": list(self.keep) if self.keep is not None else None,
            "materialise": self.materialise,
            "window": self.window,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> Read:
        return Read(
            value["table"],
            value["node"],
            columns_from_json(value["columns"]),
            value["connector"],
            value["options"],
            tuple((dataset[0], dataset[1]) for dataset in value["datasets"]),
            tuple(value["keep"]) if value["keep"] is not None else None,
            value["materialise"],
            value.get("window"),
        )


@dataclass(frozen=True, slots=True)
class Function:
    """A person's function from a table to a table: its source, or its address as package.module:function. `columns`: of what it gives."""

    source: str
    requirements: tuple[str, ...]
    columns: Columns
    timeout_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "requirements": list(self.requirements),
            "columns": [column.to_json() for column in self.columns],
            "timeoutSeconds": self.timeout_s,
        }

    @staticmethod
    def from_json(value: dict[str, Any]) -> Function:
        return Function(value["source"], tuple(value["requirements"]), columns_from_json(value["columns"]), value["timeoutSeconds"])


@dataclass(frozen=True, slots=True)
class Statement:
    """A relation given a name: a temporary table when `materialise`, else a view. `name`: what SQL calls it, where that is not `table`.

    With a `function`, `sql` is what that is given, and the relation is what it gives.
    """

    table: str
    sql: str
    materialise: bool = False
    name: str = ""
    function: Function | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A relation staged as Parquet for later stages, for the quality service, or because the recipe asks for it."""

    port: str
    sql: str
    columns: Columns


@dataclass(frozen=True, slots=True)
class Out:
    """What a sink wrote, staged as the dataset `port` for later stages: of the rows that it was handed those that it did not reject, and of
    rows with one upsert key the one that won; those columns of them, as they came.
    """

    port: str
    columns: Columns

    def to_json(self) -> dict[str, Any]:
        return {"port": self.port, "columns": [column.to_json() for column in self.columns]}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Out:
        return Out(value["port"], columns_from_json(value["columns"]))


@dataclass(frozen=True, slots=True)
class Rejects:
    """Rows of a node that go to the dead letters.

    `sql` yields every input column of the node and a last text column `error_message`; `names` are told where the engine cannot see
    them. Empty `sql`: the lines that the read named `read` could not parse.

    `columns` are the input columns, by which the rows can be read again; `rules` the names of the node's rules, if it has any.
    """

    node: str
    sql: str = ""
    read: str | None = None
    names: tuple[str, ...] = ()
    columns: Columns = ()
    rules: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        kept = {"columns": [column.to_json() for column in self.columns]} if self.columns else {}
        ruled = {"rules": list(self.rules)} if self.rules else {}
        return {"node": self.node, "sql": self.sql, "read": self.read, "names": list(self.names), **kept, **ruled}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Rejects:
        columns = columns_from_json(value.get("columns", []))
        return Rejects(value["node"], value["sql"], value["read"], tuple(value.get("names", ())), columns, tuple(value.get("rules", ())))


@dataclass(frozen=True, slots=True)
class Sink:
    """Rows that leave. `options`: the connector_sink's config beside the fields here (format, csv options, createTable, partitionBy …).

    `target` is the table name or path as the recipe says it. `order` names the columns that say which of two rows with one key wins, as
    [column, "asc" | "desc"], already completed by the planner (execution.md, Sinks, rule 5). `unique`: it is known that no two rows
    have the same keys; `picks`: `sql` only picks columns of a relation that has a name. `out`: what is staged of it; None: nobody reads it.
    """

    node: str
    connector: str
    sql: str
    columns: Columns
    target: str
    write_mode: Literal["INSERT", "UPSERT", "OVERWRITE"]
    upsert_keys: tuple[str, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    unique: bool = False
    picks: bool = False
    out: Out | None = None

    @property
    def written(self) -> Columns:
        """All columns that leave: those of the rows, and the one that is filled with the time of the write."""
        stamp = self.options.get("updatedAtColumn")
        return (*self.columns, Column(stamp, "TIMESTAMPTZ")) if stamp else self.columns


@dataclass(frozen=True, slots=True)
class Program:
    """All of a work stage. Every sink of one stage has the same connector, so that the stage publishes in one commit.

    `engine`: who computes its relations; their SQL is in that engine's words. With `database` that is the sinks' own database, in its
    dialect: there are no reads, and a table whose name has no schema was looked for in `schema`.
    `figures` maps node -> name -> Count, names as in the API: rowsIn, rowsOut, rowsRejected, and ledger terms (filtered, skipped, merged,
    groups, fanOut, …).

    `sequences`: persistent ones, by node, that are numbered here or whose numbers this stage's sinks write: {start, increment, writes};
    engines need not look at them. `limits`: how many rows a node may reject (`shared.runs.rejections`). `measures`: as what its time is
    kept (`shared.planning.measured`). `cursors`: of sources that read what is new, by node: {reads, exact, sinks}
    (`shared.planning.cursors.of_stage`); `published_as`: the name its sinks commit under instead of the run's.
    """

    reads: tuple[Read, ...] = ()
    counters: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    outputs: tuple[Output, ...] = ()
    rejects: tuple[Rejects, ...] = ()
    sinks: tuple[Sink, ...] = ()
    figures: dict[str, dict[str, Count]] = field(default_factory=dict)
    engine: str = "duckdb"
    schema: str | None = None
    sequences: dict[str, dict[str, Any]] = field(default_factory=dict)
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)
    cursors: dict[str, dict[str, Any]] = field(default_factory=dict)
    published_as: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "engine": self.engine,
            "schema": self.schema,
            "reads": [read.to_json() for read in self.reads],
            "counters": list(self.counters),
            "statements": [
                {"table": s.table, "sql": s.sql, "materialise": s.materialise, "name": s.name}
                | ({"function": s.function.to_json()} if s.function is not None else {})
                for s in self.statements
            ],
            "outputs": [{"port": o.port, "sql": o.sql, "columns": [c.to_json() for c in o.columns]} for o in self.outputs],
            "rejects": [r.to_json() for r in self.rejects],
            "sinks": [
                {
                    "node": s.node,
                    "connector": s.connector,
                    "sql": s.sql,
                    "columns": [c.to_json() for c in s.columns],
                    "target": s.target,
                    "writeMode": s.write_mode,
                    "upsertKeys": list(s.upsert_keys),
                    "order": [list(pair) for pair in s.order],
                    "options": s.options,
                    "unique": s.unique,
                    "picks": s.picks,
                }
                | ({"out": s.out.to_json()} if s.out is not None else {})
                for s in self.sinks
            ],
            "figures": self.figures,
            "sequences": self.sequences,
            "limits": self.limits,
            "measures": self.measures,
            "cursors": self.cursors,
            "publishedAs": self.published_as,
        }

    @staticmethod
    @_told
    def from_json(value: dict[str, Any]) -> Program:
        return Program(
            reads=tuple(Read.from_json(read) for read in value["reads"]),
            counters=tuple(value["counters"]),
            statements=tuple(
                Statement(
                    s["table"],
                    s["sql"],
                    s["materialise"],
                    s.get("name", ""),
                    Function.from_json(s["function"]) if s.get("function") else None,
                )
                for s in value["statements"]
            ),
            outputs=tuple(Output(o["port"], o["sql"], columns_from_json(o["columns"])) for o in value["outputs"]),
            rejects=tuple(Rejects.from_json(r) for r in value["rejects"]),
            sinks=tuple(
                Sink(
                    s["node"],
                    s["connector"],
                    s["sql"],
                    columns_from_json(s["columns"]),
                    s["target"],
                    s["writeMode"],
                    tuple(s["upsertKeys"]),
                    tuple((o[0], o[1]) for o in s["order"]),
                    s["options"],
                    s.get("unique", False),
                    s.get("picks", False),
                    Out.from_json(s["out"]) if s.get("out") else None,
                )
                for s in value["sinks"]
            ),
            figures=value["figures"],
            engine=value.get("engine", "duckdb"),
            schema=value.get("schema"),
            sequences=value.get("sequences", {}),
            limits=value.get("limits", {}),
            measures=value.get("measures", {}),
            cursors=value.get("cursors", {}),
            published_as=value.get("publishedAs"),
        )


@dataclass(frozen=True, slots=True)
class SurveyProgram:
    """Looks at one object of one connector for the planner. `key` is where the facts are kept.

    `bound`: at the greatest value of a column.
    """

    key: str
    connector: str
    role: Literal["source", "sink", "bound"]
    options: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "key": self.key, "connector": self.connector, "role": self.role, "options": self.options}

    @staticmethod
    @_told
    def from_json(value: dict[str, Any]) -> SurveyProgram:
        return SurveyProgram(value["key"], value["connector"], value["role"], value["options"])


@dataclass(frozen=True, slots=True)
class LookProgram:
    """Looks at a connector for a person. `does`: check, discover or preview; `options` name what is previewed, as in a source."""

    connector: str
    does: str
    options: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "connector": self.connector, "does": self.does, "options": self.options}

    @staticmethod
    @_told
    def from_json(value: dict[str, Any]) -> LookProgram:
        return LookProgram(value["connector"], value["does"], value["options"])


# The kind of request that gathers staged rows into one file.
STAGED = "staged"


@dataclass(frozen=True, slots=True)
class StagedPort:
    """What a port of a run has staged; `rows`: all of them."""

    stage: int
    port: str
    uri: str
    rows: int


@dataclass(frozen=True, slots=True)
class StagedProgram:
    """Gathers what a run has staged into one file for a person. `pipeline`: namespace/name; `ports`: at least one, all in one place;
    `rows`: so many of each at most.
    """

    run: str
    pipeline: str
    version: int
    ports: tuple[StagedPort, ...]
    rows: int

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "run": self.run,
            "pipeline": self.pipeline,
            "version": self.version,
            "ports": [[port.stage, port.port, port.uri, port.rows] for port in self.ports],
            "rows": self.rows,
        }

    @staticmethod
    @_told
    def from_json(value: dict[str, Any]) -> StagedProgram:
        ports = tuple(StagedPort(*port) for port in value["ports"])
        return StagedProgram(value["run"], value["pipeline"], value["version"], ports, value["rows"])


# The kind of request that sends a message, and by what name the platform's own way to send mail goes there.
TELLING = "notify"
OWN_MAIL = "platform mail"


@dataclass(frozen=True, slots=True)
class TellProgram:
    """A message on its way. `type`: slack, webhook or email. `connector`: namespace/name; None: by what `target` says, {url, secret,
    channel, to}, or by the platform's own mail. `secrets`: what stands in the target for a secret -> its reference. `facts`: what the text
    tells.
    """

    notification: str
    type: str
    connector: str | None
    target: dict[str, Any]
    event: str
    subject: str
    text: str
    facts: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "notification": self.notification,
            "type": self.type,
            "connector": self.connector,
            "target": self.target,
            "event": self.event,
            "subject": self.subject,
            "text": self.text,
            "facts": self.facts,
            "secrets": self.secrets,
        }

    @staticmethod
    @_told
    def from_json(value: dict[str, Any]) -> TellProgram:
        """Once it is taken its secrets are in their places."""
        said = ("notification", "type", "connector", "target", "event", "subject", "text", "facts")
        return TellProgram(*(value[key] for key in said))


# The kind of stage, and of request, that measures a dataset.
CHECK = "check"
# A check that only measures, and that nobody asked for.
PROFILE = "profile"
# The rows that a check looks at, as its rules call them.
THIS = "this"


@dataclass(frozen=True, slots=True)
class CheckProgram:
    """Measures one dataset: the rules of a rule set, and its profile (quality.md). `rules` as in the recipe, already validated.

    `reads`: `this`, and what rules compare it with, named after the rule: "NAME.references", "NAME.equals", and "NAME.destination" for a
    UNIQUE whose rows are to be added to a table. What is read through a connector and has no columns is surveyed first. `rule_set`: None
    where only the profile is wanted. `profile`: {histogramBins, topValues, sampleAbove}, None: none; `drift`: {zScore, minHistory, window}.
    `gate`: a stage that publishes waits for it, and a rule that blocks and fails ends the stage. `export`: nothing is measured, and all
    rows that break the rule of that name are staged as the dataset "offenders".
    """

    dataset: str
    reads: tuple[Read, ...]
    rules: tuple[dict[str, Any], ...] = ()
    rule_set: str | None = None
    scope: Literal["batch", "dataset"] = "batch"
    profile: dict[str, Any] | None = None
    drift: dict[str, Any] | None = None
    gate: bool = False
    export: str | None = None

    @property
    def this(self) -> Read:
        return next(read for read in self.reads if read.table == THIS)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "dataset": self.dataset,
            "reads": [read.to_json() for read in self.reads],
            "rules": list(self.rules),
            "ruleSet": self.rule_set,
            "scope": self.scope,
            "profile": self.profile,
            "drift": self.drift,
            "gate": self.gate,
        } | ({"export": self.export} if self.export is not None else {})

    @staticmethod
    @_told
    def from_json(value: dict[str, Any]) -> CheckProgram:
        if "input" in value:
            # Of a release whose checks looked at staged rows only.
            stage, port = value["input"]
            reads: tuple[Read, ...] = (Read(THIS, port, (), datasets=((stage, port),)),)
        else:
            reads = tuple(Read.from_json(read) for read in value["reads"])
        return CheckProgram(
            value["dataset"],
            reads,
            tuple(value["rules"]),
            value["ruleSet"],
            value["scope"],
            value.get("profile"),
            value.get("drift"),
            value.get("gate", False),
            value.get("export"),
        )
