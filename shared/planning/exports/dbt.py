"""A pipeline as a dbt project: a model for each relation and for each destination, with tests made of quality rules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from sqlglot import exp

from shared.connectors import CONNECTORS
from shared.engines.program import Sink
from shared.planning.exports import duckdb
from shared.planning.exports.database import SINCE, needs_newer, said
from shared.planning.exports.project import CannotExport, Place, Project, is_about
from shared.sql.dialects import dialect as dialect_of
from shared.sql.errors import SqlProblem
from shared.sql.reads import select as reading
from shared.sql.table_names import split

# Databases that dbt has an adapter for, and whose own SQL all models can be in.
_WITHIN = {"postgres": "dbt-postgres", "redshift": "dbt-redshift", "snowflake": "dbt-snowflake", "databricks": "dbt-databricks"}

# What DuckDB writes unsaid; dbt-duckdb has no way to say an empty text.
_DEFAULTS = {"delimiter": ",", "quote": '"', "escape": '"', "nullstr": ""}


def dbt(project: Project) -> Mapping[str, str]:
    kinds = {place.type for place in project.places.values()}
    within = next(iter(kinds & _WITHIN.keys()), None) if len(project.places) == 1 else None
    wrong = [
        f"node {port.node} is a function in Python, which a model in SQL cannot call; export as python"
        for port in project.ports()
        if port.relation.function is not None
    ]
    files: dict[str, str] = {}
    models: list[dict[str, Any]] = []
    spoken = CONNECTORS[within].dialect or "duckdb" if within else "duckdb"
    for source in project.graph.sources.values():
        try:
            rows = (
                reading(spoken, source.keep, source.options)
                if within
                else _filled(project, duckdb.reading(project, source, None).sql("duckdb", pretty=True))
            )
            files[f"models/{project.names[source.table]}.sql"] = _model(rows, materialized="view" if within else "table")
        except CannotExport as refused:
            wrong += refused.reasons
    for port in project.ports():
        if port.relation.function is None:
            try:
                text = _with_refs(project, port.node, project.typed(port), spoken)
                files[f"models/{project.names[port.table]}.sql"] = _model(text, materialized="table")
            except CannotExport as refused:
                wrong += refused.reasons
            except SqlProblem as problem:
                wrong.append(problem.message)
    left: list[str] = []
    for node, sink in project.graph.sinks.items():
        name = f"write_{_word(node)}"
        try:
            settings = _settings(project, node, sink, within)
        except CannotExport as refused:
            wrong += refused.reasons
            continue
        handed = duckdb.rows_of(project, sink, node)
        if sink.write_mode == "UPSERT":
            handed = _newest(sink, handed)
        files[f"models/{name}.sql"] = _model(_with_refs(project, node, handed, spoken), **settings)
        found, not_said = _tests(project, sink, name, spoken)
        models.append({"name": name, **({"columns": found} if found else {})})
        files |= not_said[0]
        left += not_said[1]
    if wrong:
        raise CannotExport(wrong)
    name = project.identifier
    files["dbt_project.yml"] = _yaml(
        {"name": name, "version": "1.0.0", "profile": name, "model-paths": ["models"], "test-paths": ["tests"]}
    )
    files["models/models.yml"] = _yaml({"version": 2, "models": models})
    files["profiles.yml"] = _yaml({name: {"target": "export", "outputs": {"export": _profile(project, within)}}})
    adapter = _WITHIN[within] if within else "dbt-duckdb"
    files["requirements.txt"] = f"{adapter}\n"
    notes = [*left, "Files: a line that is no row is skipped; dbt tells of none."]
    notes += ["Destinations that are overwritten are made anew as tables, indexes and rights are not kept."] if within else []
    steps = ["pip install -r requirements.txt", "dbt build --profiles-dir .        # models, then tests"]
    if any(needs_newer(port.relation.select, spoken) for port in project.ports()):
        notes.append(f"It is for {dialect_of(spoken).title} {SINCE[spoken]} or later.")
    files["README.md"] = project.readme("a dbt project", steps, notes)
    return files


class _Jinja(str):
    """What is an expression already."""


def _model(sql: str, **settings: Any) -> str:
    said = ", ".join(f"{key}={value if isinstance(value, _Jinja) else json.dumps(value)}" for key, value in settings.items())
    return "{{ config(" + said + ") }}\n\n" + sql + "\n"


def _with_refs(project: Project, node: str, select: exp.Select, spoken: str) -> str:
    """Rendered, with dbt's references in place of the relations' names."""
    made = select.copy()
    for table in list(made.find_all(exp.Table)):
        if table.name in project.names.values() and not table.args.get("db"):
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
            table.set("this", exp.to_identifier(f"ref__{table.name}__", quoted=True))
    text = _escaped(said(node, made, spoken))
    for name in set(project.names.values()):
        for quoted in (exp.to_identifier(f"ref__{name}__", quoted=True).sql(dialect_of(spoken).writes),):
            text = text.replace(quoted, "{{ ref('" + name + "') }}")
    return text


def _escaped(sql: str) -> str:
    """Braces of Jinja in somebody's text are text."""
    return re.sub(r"\{\{|\}\}|\{%|%\}|\{#|#\}", lambda sign: "{{ '" + sign[0] + "' }}", sql)


def _filled(project: Project, sql: str) -> str:
    """Variables as dbt reads them."""
    return duckdb.with_places(sql, project.places, {place.variable: _variable(place) for place in project.places.values()})


def _variable(place: Place) -> str:
    default = f", {json.dumps(place.root)}" if place.root is not None else ""
    return "{{ env_var('" + place.variable + "'" + default + ") }}"


def _settings(project: Project, node: str, sink: Sink, within: str | None) -> dict[str, Any]:
    place = project.places[sink.connector]
    if place.type == "files":
        said = duckdb.copy_options(node, sink)
        if sink.write_mode == "INSERT" or sink.options.get("partitionBy"):
            raise CannotExport([f"node {node} adds parts to a folder, which dbt does not; use OVERWRITE, or export as python"])
        form = said.pop("format")
        location = _Jinja(f"{_variable(place)[3:-3]} ~ {json.dumps('/' + sink.target)}")
        return {
            "materialized": "external",
            "location": location,
            "format": form,
            "options": {k: _flag(v) for k, v in said.items() if _DEFAULTS.get(k) != v},
        }
    if within is None and place.type != "duckdb" and sink.write_mode == "UPSERT":
        raise CannotExport(
            [f"node {node} writes with UPSERT into {place.connector}, which dbt-duckdb only attaches; export as python or sql"]
        )
    if within is None and place.type not in duckdb.ATTACHED:
        raise CannotExport([f"node {node} writes to {place.connector}, a connector of type {place.type}, which dbt-duckdb does not reach"])
    schema, table = split(sink.target)
    named: dict[str, Any] = {"alias": table, **({"schema": schema} if schema else {})}
    if within is None:
        named["database"] = place.alias
    if sink.write_mode == "OVERWRITE":
        return {"materialized": "table", **named}
    keys = {"unique_key": list(sink.upsert_keys)} if sink.write_mode == "UPSERT" else {}
    return {
        "materialized": "incremental",
        **({"incremental_strategy": "delete+insert"} if keys else {"incremental_strategy": "append"}),
        **keys,
        **named,
    }


def _flag(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _newest(sink: Sink, rows: exp.Select) -> exp.Select:
    """Each key once, as an UPSERT has it."""
    names = [column.name for column in sink.columns]
    by = [exp.Ordered(this=exp.column(name, quoted=True), desc=direction != "desc", nulls_first=False) for name, direction in sink.order]
    by = by or [exp.Ordered(this=exp.column(n, quoted=True), desc=True, nulls_first=False) for n in names if n not in sink.upsert_keys]
    by = by or [exp.Ordered(this=exp.column(key, quoted=True), desc=True, nulls_first=False) for key in sink.upsert_keys]
    rank = exp.Window(
        this=exp.RowNumber(), partition_by=[exp.column(key, quoted=True) for key in sink.upsert_keys], order=exp.Order(expressions=by)
    )
    plain = rows.copy()
    plain.set("order", None)
    numbered = plain.select(exp.alias_(rank, "penstock_rank", quoted=True), copy=False)
    picked = exp.Select(expressions=[exp.column(name, quoted=True) for name in names]).from_(numbered.subquery("numbered"), copy=False)
    return picked.where(exp.EQ(this=exp.column("penstock_rank", quoted=True), expression=exp.Literal.number(1)), copy=False)


def _profile(project: Project, within: str | None) -> dict[str, Any]:
    if within is not None:
        prefix = next(iter(project.places.values())).variable.removesuffix("_DSN")
        names = {"host": "HOST", "user": "USER", "password": "PASSWORD", "dbname": "DATABASE", "schema": "SCHEMA"}
        said: dict[str, Any] = {key: "{{ env_var('" + f"{prefix}_{name}" + "') }}" for key, name in names.items()}
        port = "{{ env_var('" + prefix + "_PORT', '5432') | int }}"
        return {"type": within, **said, **({"port": port} if within in ("postgres", "redshift") else {}), "threads": 4}
    attached = [
        {"path": _variable(place), "type": duckdb.ATTACHED[place.type], "alias": place.alias}
        for place in project.places.values()
        if place.type in duckdb.ATTACHED
    ]
    extensions = sorted({duckdb.ATTACHED[place.type] for place in project.places.values() if place.type in duckdb.ATTACHED} - {"duckdb"})
    return {
        "type": "duckdb",
        "path": f"{project.identifier}.duckdb",
        "threads": 4,
        **({"attach": attached} if attached else {}),
        **({"extensions": extensions} if extensions else {}),
    }


def _tests(project: Project, sink: Sink, model: str, spoken: str) -> tuple[list[dict[str, Any]], tuple[dict[str, str], list[str]]]:
    """Tests of columns; tests that are queries, by file; and the rules that are neither, in sentences."""
    columns: dict[str, list[Any]] = {}
    files: dict[str, str] = {}
    left: list[str] = []
    for rules in project.rule_sets:
        if not is_about(rules, sink):
            continue
        for rule in rules.rules:
            kind = rule["type"]
            given = list(rule.get("columns") or ([rule["column"]] if rule.get("column") else []))
            if rule.get("where") or kind not in ("NOT_NULL", "UNIQUE", "RANGE"):
                left.append(f"Rule {rule['name']} of {rules.name} ({kind}) is no test here.")
            elif kind == "NOT_NULL":
                columns.setdefault(given[0], []).append("not_null")
            elif kind == "UNIQUE" and len(given) == 1:
                columns.setdefault(given[0], []).append("unique")
            else:
                files[f"tests/{_word(rules.name)}_{_word(rule['name'])}.sql"] = _query(rule, given, model, spoken)
    return [{"name": name, "data_tests": tests} for name, tests in columns.items()], (files, left)


def _query(rule: Mapping[str, Any], given: list[str], model: str, spoken: str) -> str:
    """Selects the rows that break a rule."""
    table = exp.Table(this=exp.to_identifier(f"ref__{model}__", quoted=True))
    if rule["type"] == "UNIQUE":
        named = [exp.column(name, quoted=True) for name in given]
        select = exp.Select(expressions=list(named)).from_(table, copy=False).group_by(*named, copy=False)
        select.having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1)), copy=False)
    else:
        column = exp.column(given[0], quoted=True)
        outside = [
            made(this=column.copy(), expression=exp.convert(rule[key]))
            for key, made in (("min", exp.LT), ("max", exp.GT))
            if rule.get(key) is not None
        ]
        select = exp.Select(expressions=[exp.Star()]).from_(table, copy=False).where(exp.or_(*outside), copy=False)
    text = _escaped(select.sql(dialect_of(spoken).writes, pretty=True))
    return (
        text.replace(exp.to_identifier(f"ref__{model}__", quoted=True).sql(dialect_of(spoken).writes), "{{ ref('" + model + "') }}") + "\n"
    )


def _word(name: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in name)


def _yaml(value: Any) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text
