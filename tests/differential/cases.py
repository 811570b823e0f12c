"""Recipes drawn from a seed: sources, one to four transform nodes, and a sink for every port that rows may leave by.

Which expressions go in is not left to chance: each node takes those cells of the coverage table that have been met least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import yaml

from tests.differential.expressions import AGGREGATES, ALL, EXPRESSIONS, ORDERED, Template, drawn
from tests.differential.palette import Palette
from tests.differential.tables import ALL_VALUES, KEPT_EVERYWHERE, KINDS, TABLES, column_name


class Cell(NamedTuple):
    """One cell of the coverage table: what is published."""

    node: str
    expression: str
    column: str
    nulls: bool


@dataclass(frozen=True)
class Col:
    """`made`: computed by a node before; such a column stands beside others, and is not what a cell counts."""

    name: str
    kind: str
    nulls: bool
    made: bool = False


@dataclass
class Case:
    """`nodes` and `edges` as in a recipe, without sinks. `ordered`: nodes whose output has an order that must come out."""

    number: int
    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, str]] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    ordered: set[str] = field(default_factory=set)

    def leaves(self) -> list[str]:
        """Main ports that nothing reads, by name as in an edge's `from`."""
        return [p for node in self.nodes for p in ports(node) if p not in {e["from"] for e in self.edges}]

    def recipe(self, sinks: list[str], sources: str = "path", settings: Mapping[str, Any] | None = None) -> str:
        """YAML. `sinks`: ports (as in an edge's `from`) whose rows are kept, each in a file of its own. `sources`: path or table."""
        nodes, edges = [], list(self.edges)
        for node in self.nodes:
            if node["type"] == "connector_source":
                table = node["config"]["table"]
                address = {"path": f"{table}.parquet"} if sources == "path" else {"table": table}
                node = {**node, "config": {"connector": "tables", **address}}
            nodes.append(node)
        for port in sinks:
            sink = sink_of(port)
            config = {"connector": "files", "path": f"{sink}.parquet", "writeMode": "OVERWRITE"}
            nodes.append({"id": sink, "type": "connector_sink", "config": config})
            edges.append({"from": port, "to": sink})
        document = {
            "apiVersion": "penstock/v1",
            "kind": "Pipeline",
            "metadata": {"name": f"case-{self.number}"},
            "spec": {**(settings or {}), "nodes": nodes, "edges": edges},
        }
        return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=130)


def sink_of(port: str) -> str:
    return "to-" + port.replace(".", "-")


def ports(node: dict[str, Any]) -> list[str]:
    """Main ports; error ports are there only where something can fail."""
    name, config = node["id"], node["config"]
    match node["type"]:
        case "filter":
            return [name, f"{name}.rejected"]
        case "router":
            return [*(f"{name}.{route['name']}" for route in config["routes"]), f"{name}.default"]
        case "deduplicate":
            return [name, f"{name}.duplicates"]
        case "validate":
            return [f"{name}.valid", f"{name}.invalid"]
        case _:
            return [name]


class _Builder:
    def __init__(self, number: int, rng: Random, met: Counter[Cell], palette: Palette | None) -> None:
        self.case, self.rng, self.met, self.palette = Case(number), rng, met, palette
        self.at, self.columns = "", [Col("id", "id", False)]

    def source(self, name: str) -> tuple[str, list[Col]]:
        # The empty table is met now and then, not in every sixth recipe.
        last = TABLES - 1
        letter = ALL_VALUES if self.palette is None else KEPT_EVERYWHERE
        table = f"{letter}{last if self.rng.random() < 0.03 else self.rng.randrange(last)}"
        self.case.nodes.append({"id": name, "type": "connector_source", "config": {"table": table}})
        columns = [Col(column_name(kind, nulls), kind, nulls) for kind in KINDS for nulls in (False, True)]
        return name, [Col("id", "id", False), *columns]

    def add(self, type_: str, config: dict[str, Any], port: str = "", also: tuple[str, ...] = ()) -> str:
        name = f"{type_.replace('_', '-')}-{len(self.case.nodes)}"
        self.case.nodes.append({"id": name, "type": type_, "config": config})
        for source in (self.at, *also):
            self.case.edges.append({"from": source, "to": name})
        self.at = name + port
        return name

    def count(self, cell: Cell) -> None:
        self.case.cells.append(cell)
        self.met[cell] += 1

    def usable(self) -> list[Col]:
        return [c for c in self.columns if c.kind in KINDS and not c.made]

    def expressions(self, node: str, many: int, *, boolean: bool = False, safe: bool = False) -> list[tuple[str, Template]]:
        """The least met expressions that the columns at hand allow. `safe`: none that can fail for a row."""
        cells = [
            (Cell(node, kind, column.kind, column.nulls), column)
            for kind, by_column in EXPRESSIONS.items()
            if not (safe and kind in _FAILING)
            for column in self.usable()
            if column.kind in by_column
        ]
        made: list[tuple[str, Template]] = []
        for cell, column in sorted(cells, key=lambda found: (self.met[found[0]], self.rng.random())):
            if len(made) == many:
                break
            if (found := self._written(cell, column, boolean=boolean)) is not None:
                self.count(cell)
                made.append(found)
        return made

    def _written(self, cell: Cell, column: Col, *, boolean: bool) -> tuple[str, Template] | None:
        """None where the palette has nothing for the cell."""
        templates = EXPRESSIONS[cell.expression][cell.column]
        if self.palette is not None:
            templates = tuple(template for template in templates if self.palette.holds(template.text, cell.column))
        if not templates:
            return None
        others = [c.name for c in self.columns if c.kind == column.kind] or [column.name]
        template = self.rng.choice(templates)
        text = drawn(self.rng, template.text, cell.column, column.name, others)
        result = cell.column if template.result == "same" else template.result
        if boolean and result != "flag":
            text, result = self._as_condition(text, result), "flag"
        return text, Template(text, result)

    def trusts(self, text: str, *, aggregates: bool = False) -> bool:
        kinds = {column.name: column.kind for column in self.columns if column.kind in KINDS or column.kind == "id"}
        return self.palette is None or self.palette.trusts(text, kinds, aggregates=aggregates)

    def _as_condition(self, text: str, result: str) -> str:
        compared = {"int": "> 1", "big": "> 1", "money": "< 1.5", "long": "< 1.5", "real": ">= 0.5", "text": "> 'a'", "NUMERIC": "<= 2"}
        return f"({text}) {self.rng.choice([compared.get(result, 'IS NULL'), 'IS NOT NULL'])}"

    def keys(self, node: str, use: str, many: int, kinds: tuple[str, ...]) -> list[Col]:
        """Columns used as they are: to group, join, sort or compare by."""
        found = [c for c in self.usable() if c.kind in kinds and (self.palette is None or self.palette.compares(c.kind))]
        chosen = sorted(found, key=lambda c: (self.met[Cell(node, use, c.kind, c.nulls)], self.rng.random()))[:many]
        for column in chosen:
            self.count(Cell(node, use, column.kind, column.nulls))
        return chosen


def _expression(b: _Builder) -> None:
    made = b.expressions("expression", b.rng.randrange(20, 34))
    start = len(b.columns)
    columns = [{"name": f"e{start + n}", "expression": text} for n, (text, _) in enumerate(made)]
    b.add("expression", {"columns": columns})
    b.columns = [*b.columns, *(Col(c["name"], t.result, True, True) for c, (_, t) in zip(columns, made, strict=True))]


def _joined(b: _Builder, node: str, many: int, *, safe: bool = False) -> str:
    found = [f"({text})" for text, _ in b.expressions(node, many, boolean=True, safe=safe)]
    # Alternatives of conditions: with these many in each about half of the rows go either way.
    size = 2 if len(found) <= 10 else 3
    parts = [" AND ".join(found[at : at + size]) for at in range(0, len(found), size)]
    return " OR ".join(f"({part})" for part in parts)


def _filter(b: _Builder) -> None:
    b.add("filter", {"condition": _joined(b, "filter", b.rng.randrange(6, 20))})


def _router(b: _Builder) -> None:
    routes = [{"name": f"r{n}", "condition": _joined(b, "router", b.rng.randrange(3, 15))} for n in range(b.rng.randrange(1, 4))]
    b.add(
        "router", {"routes": routes, "mode": b.rng.choice(["first", "all"])}, f".{b.rng.choice([*(r['name'] for r in routes), 'default'])}"
    )


def _validate(b: _Builder) -> None:
    rules = [
        {"name": f"v{n}", "type": "CONSISTENCY", "expression": text}
        for n, (text, _) in enumerate(b.expressions("validate", b.rng.randrange(8, 20), boolean=True, safe=True))
    ]
    for column in b.keys("validate", "NOT_NULL", 1, ALL):
        rules.append({"name": "there", "type": "NOT_NULL", "column": column.name})
    b.add("validate", {"rules": rules}, b.rng.choice([".valid", ".invalid"]))
    if b.at.endswith(".invalid"):
        b.columns = [*b.columns, Col("error_message", "message", True, True)]


def _deduplicate(b: _Builder) -> None:
    keys = b.keys("deduplicate", "key", b.rng.randrange(1, 3), tuple(k for k in ALL if k != "real"))
    b.add("deduplicate", {"keys": [c.name for c in keys], "orderBy": [{"column": "id"}], "keep": b.rng.choice(["first", "last"])})


def _sequence(b: _Builder) -> None:
    by = b.keys("sequence_generator", "order", 1, ORDERED)
    name = f"n{len(b.columns)}"
    order = [{"column": c.name, "direction": b.rng.choice(["asc", "desc"])} for c in by] + [{"column": "id"}]
    b.add("sequence_generator", {"column": name, "start": 10, "increment": b.rng.choice([1, 5]), "orderBy": order, "persistent": False})
    b.columns = [*b.columns, Col(name, "big", False, True)]


def _union(b: _Builder) -> None:
    """With itself, filtered otherwise, so that both sides have the same columns."""
    before = b.at
    one = b.add("filter", {"condition": _joined(b, "filter", 1, safe=True)})
    b.at = before
    two = b.add("filter", {"condition": _joined(b, "filter", 1, safe=True)})
    b.at = one
    b.add("union", {"distinct": b.rng.random() < 0.5, "by": b.rng.choice(["name", "position"])}, also=(two,))
    for column in b.rng.sample(b.usable(), 6):
        b.count(Cell("union", "row", column.kind, column.nulls))


def _joiner(b: _Builder) -> None:
    how = b.rng.choice(["INNER", "LEFT", "RIGHT", "FULL"])
    left, right = b.at, "other"
    if any(node["id"] == right for node in b.case.nodes):
        return
    _, columns = b.source(right)
    config: dict[str, Any] = {"joinType": how, "left": left, "right": right, "prefix": "o_"}
    keys = b.keys("joiner", "key", b.rng.randrange(1, 3), ALL)
    if how == "FULL" or b.rng.random() < 0.2:
        # Engines join FULL by equalities only.
        config["keys"] = [{"left": c.name, "right": column_name(c.kind, b.rng.random() < 0.3)} for c in keys[:1]]
    else:
        conditions = [f"({text})" for text, _ in _qualified(b, left, right)]
        step = f" + {b.rng.randrange(3)}" if b.trusts("id + 1") else ""
        config["condition"] = f"{_table(left)}.id = {right}.id{step} AND ({' OR '.join(conditions)})"
    b.add("joiner", config, also=(right,))
    taken = {c.name for c in b.columns}
    merged = {k["left"] for k in config.get("keys", ()) if k["left"] == k["right"]}
    b.columns = [
        *(Col(c.name, c.kind, c.nulls or how in {"RIGHT", "FULL"}, c.made) for c in b.columns),
        *(Col(f"o_{c.name}" if c.name in taken else c.name, c.kind, True, True) for c in columns if c.name not in merged),
    ]


def _qualified(b: _Builder, left: str, right: str) -> list[tuple[str, Template]]:
    """Conditions over two inputs: every column is named with its table."""
    found = b.expressions("joiner", b.rng.randrange(8, 22), boolean=True, safe=True)
    names = sorted((c.name for c in b.columns), key=len, reverse=True)
    return [(_with_tables(text, names, _table(left)), template) for text, template in found]


def _table(port: str) -> str:
    return f'"{port}"'


def _with_tables(text: str, names: list[str], table: str) -> str:
    from sqlglot import exp, parse_one

    tree = parse_one(text, dialect="postgres")
    for column in tree.find_all(exp.Column):
        if column.name in names:
            column.set("table", exp.to_identifier(table.strip('"'), quoted=True))
    return tree.sql("postgres")


def _aggregator(b: _Builder) -> None:
    groups = b.keys("aggregator", "group", b.rng.choice([0, 1, 2, 2, 3]), tuple(k for k in ALL if k != "real"))
    wanted: list[dict[str, Any]] = []
    columns = sorted(b.usable(), key=lambda c: (b.met[Cell("aggregator", "aggregate", c.kind, c.nulls)], b.rng.random()))[:6]
    for number, column in enumerate(columns):
        said = [template.text.replace("{x}", column.name) for template in AGGREGATES[column.kind]]
        allowed = [text for text in said if b.trusts(text, aggregates=True)]
        if allowed:
            b.count(Cell("aggregator", "aggregate", column.kind, column.nulls))
            wanted.append({"name": f"a{number}", "expression": b.rng.choice(allowed)})
    for number, (text, _) in enumerate(b.expressions("aggregator", b.rng.randrange(12, 26), boolean=True, safe=True)):
        wanted.append({"name": f"w{number}", "function": "count", "where": text})
    config: dict[str, Any] = {"groupBy": [c.name for c in groups], "aggregations": wanted}
    if b.rng.random() < 0.5:
        config["having"] = b.rng.choice(["COUNT(*) > 1", "COUNT(*) < 3", "MIN(id) > 3", "MAX(id) - MIN(id) < 20"])
    b.add("aggregator", config)
    b.columns = [Col(c["name"], "aggregate", True, True) for c in wanted]


def _sql(b: _Builder) -> None:
    if b.rng.random() < 0.4:
        _stacked(b)
    name = b.at.replace('"', "")
    picked = b.expressions("sql", b.rng.randrange(18, 34), safe=True)
    items = [f"{text} AS s{n}" for n, (text, _) in enumerate(picked)]
    over = b.keys("sql", "window", 2, tuple(k for k in ORDERED if k != "real"))
    if len(over) == 2:
        items.append(f"ROW_NUMBER() OVER (PARTITION BY {over[0].name} ORDER BY {over[1].name} DESC, id) AS w0")
        items.append(f"COUNT(*) OVER (PARTITION BY {over[0].name}) AS w1")
    conditions = b.expressions("sql", 1, boolean=True, safe=True)
    distinct = b.rng.choice(["", "", "DISTINCT "])
    b.add("sql", {"query": f'SELECT {distinct}id, {", ".join(items)} FROM "{name}" WHERE {conditions[0][0]}'})
    b.columns = [Col("id", "id", False)]


def _stacked(b: _Builder) -> None:
    """The same rows out of a stack of two parts, of which the second computes what the first hands on; who follows uses some of it."""
    name, columns = b.at.replace('"', ""), [column.name for column in b.columns]
    handed = ", ".join(columns)
    computed = ", ".join(f"CASE WHEN id > 5 THEN {column} END" for column in columns)
    parts = f'SELECT 1 AS part, {handed} FROM "{name}" UNION ALL SELECT 2, {computed} FROM "{name}"'
    end = b.rng.choice(["", "", f" ORDER BY part, id LIMIT {b.rng.randrange(5, 30)}"])
    b.add("sql", {"query": f"SELECT {handed} FROM ({parts}{end}) AS stacked WHERE part = 1"})


def _sorter(b: _Builder) -> None:
    by = b.keys("sorter", "order", b.rng.randrange(1, 3), ORDERED)
    config: dict[str, Any] = {"by": [{"column": c.name, "direction": b.rng.choice(["asc", "desc"])} for c in by] + [{"column": "id"}]}
    for key in config["by"][:-1]:
        if (nulls := b.rng.choice([None, "first", "last"])) is not None:
            key["nulls"] = nulls
    if b.rng.random() < 0.5:
        config["limit"] = b.rng.randrange(1, 15)
    b.case.ordered.add(b.add("sorter", config))


_STEPS: dict[str, Callable[[_Builder], None]] = {
    "expression": _expression,
    "filter": _filter,
    "router": _router,
    "validate": _validate,
    "deduplicate": _deduplicate,
    "sequence_generator": _sequence,
    "union": _union,
    "joiner": _joiner,
}
# These end a recipe: of their columns no more is known than their names, or their order is what is looked at.
_LAST: dict[str, Callable[[_Builder], None]] = {"aggregator": _aggregator, "sql": _sql, "sorter": _sorter}
# Where rows are multiplied, `id` no longer tells them apart, and what looks at their order is not determined.
_MULTIPLIES = {"joiner", "union"}
_NEEDS_ORDER = {"deduplicate", "sequence_generator"}
# A sequence is a sum of BIGINTs.
_ADDS = {"sequence_generator"}


_FAILING = {"division", "modulo", "from text", "between numbers"}
# Nodes whose expressions may fail for a row; the others take those that cannot.
_ROUTES_ERRORS = ("expression", "filter", "router")
_OTHERS = ("validate", "joiner", "aggregator", "sql")
_USES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("validate", "NOT_NULL", ALL),
    ("deduplicate", "key", _EXACT_KEYS := tuple(k for k in ALL if k != "real")),
    ("sequence_generator", "order", ORDERED),
    ("union", "row", ALL),
    ("joiner", "key", ALL),
    ("aggregator", "group", _EXACT_KEYS),
    ("aggregator", "aggregate", ALL),
    ("sql", "window", tuple(k for k in ORDERED if k != "real")),
    ("sorter", "order", ORDERED),
)


def all_cells() -> list[Cell]:
    """The whole coverage table: what can be drawn at all."""
    return [
        Cell(node, kind, column, nulls)
        for nodes, left_out in ((_ROUTES_ERRORS, set()), (_OTHERS, _FAILING))
        for node in nodes
        for kind, by_column in EXPRESSIONS.items()
        if kind not in left_out
        for column in by_column
        for nulls in (False, True)
    ] + [Cell(node, use, column, nulls) for node, use, columns in _USES for column in columns for nulls in (False, True)]


_CELLS = Counter(cell.node for cell in all_cells())


def _covered(node: str, met: Counter[Cell]) -> float:
    """How often a cell of the node was met, on average."""
    return sum(count for cell, count in met.items() if cell.node == node) / _CELLS[node]


def draw(number: int, seed: int, met: Counter[Cell], palette: Palette | None = None) -> Case:
    """The recipe of that number; `met` is what the recipes before it have covered, and is added to.

    `palette`: only what a database is trusted with, over values that it can keep.
    """
    b = _Builder(number, Random(f"{seed}:{number}"), met, palette)
    b.at, b.columns = b.source("rows")
    multiplied = False
    possible = [name for name in _STEPS if name not in _ADDS or b.trusts("id + id")]
    by_need = sorted((*possible, *_LAST), key=lambda name: (_covered(name, met), b.rng.random()))
    wanted = by_need[0]
    steps = b.rng.sample(possible, b.rng.randrange(0, 3))
    steps = [*steps, wanted] if wanted in _LAST else [wanted, *steps]
    if wanted not in _LAST and b.rng.random() < 0.5:
        steps.append(b.rng.choice(list(_LAST)))
    for step in steps:
        if multiplied and (step in _NEEDS_ORDER or step in {"sql", "sorter"}):
            continue
        if step in _MULTIPLIES:
            multiplied = True
        (_STEPS.get(step) or _LAST[step])(b)
    return b.case
