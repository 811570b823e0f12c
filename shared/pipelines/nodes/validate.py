"""validate: rows that keep all the rules go to `valid`, the others, with the first rule they break, to `invalid`.

Rules as in a DataQualityRuleSet, those of them that look at one row, and UNIQUE: of rows with one key all break it, since nothing says
which of them is the right one. Where no edge leads from `invalid`, its rows are dead letters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields
from marshmallow import validate as validators
from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.fields import ByType, choice, shown
from shared.pipelines.model import Node
from shared.pipelines.nodes.relations import column, errors_of, find, is_null, named, not_null, pass_on, select, typed
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.rules import RULES, Rule
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem
from shared.sql.patterns import NAMES, fits
from shared.sql.row_errors import first_of, guard
from shared.sql.typing import UNKNOWN, annotate, type_of

_ON_FAIL = choice("Rows that fail", ("reject_rows",), "They go to the port invalid", load_default="reject_rows")


def _of_a_row(name: str) -> type[Schema]:
    """A rule type as it stands in this node, where a row that fails is always set aside."""
    made: type[Schema] = type(f"Row{RULES[name].__name__}", (RULES[name],), {"onFail": _ON_FAIL})
    return made


ROW_RULES = {name: _of_a_row(name) for name in ("NOT_NULL", "UNIQUE", "RANGE", "REGEX", "CONSISTENCY")}
_ELSEWHERE = {
    name: "it looks at more than one row; put it into a DataQualityRuleSet of the sink" for name in RULES if name not in ROW_RULES
}


class ValidateConfig(Shape):
    rules = fields.List(
        ByType("rule", ROW_RULES, Rule, elsewhere=_ELSEWHERE),
        required=True,
        validate=validators.Length(min=1),
        metadata=shown(
            "Rules",
            "As in a DataQualityRuleSet; types that look at one row",
            [{"name": "amount-is-there", "type": "NOT_NULL", "column": "amount"}],
        ),
    )


def compile_validate(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    rules = node.config["rules"]
    copies = {at: _copies(rule, source, inputs) for at, rule in enumerate(rules) if rule["type"] == "UNIQUE"}
    # What a rule looks at beside the row's own columns: how many rows have its key.
    seen = Input(source.node, source.table, (*source.columns, *(Column(_name(at), "BIGINT", False) for at in copies)))
    broken = first_of([_broken(rule | {"at": at}, seen, (seen,)) for at, rule in enumerate(rules)])
    assert broken is not None
    broken = annotate(broken, {seen.table: seen.columns})
    valid = Relation(select(pass_on(source), source.table, is_null(broken)), source.columns, "fewer")
    invalid = errors_of(source, broken)
    if copies:
        valid, invalid = (_counted(relation, source, copies) for relation in (valid, invalid))
    return Compiled({"valid": valid, "invalid": invalid})


def _copies(rule: Mapping[str, Any], source: Input, inputs: tuple[Input, ...]) -> exp.Expr:
    """How many rows there are with this one's key, of those that the rule looks at; 0 for a key with a NULL, which equals nothing."""
    keys = [find(source.columns, key, source.node) for key in rule.get("columns") or [rule["column"]]]
    looked = [] if rule["nullsEqual"] else [not_null(column(key.name, source.table)) for key in keys]
    if "where" in rule:
        looked.append(guard(typed(rule["where"], inputs), f"rule {rule['name']}")[0])
    counted: exp.Expr = exp.Star()
    if looked:
        counted = exp.Case(ifs=[exp.If(this=exp.and_(*looked), true=exp.Literal.number(1))])
    return exp.Window(this=exp.Count(this=counted, big_int=True), partition_by=[column(key.name, source.table) for key in keys])


def _name(at: int) -> str:
    return f"__copies{at}"


def _counted(relation: Relation, source: Input, copies: Mapping[int, exp.Expr]) -> Relation:
    """The relation over its input with the counts beside, which no WHERE could look at otherwise."""
    inner = select([*pass_on(source), *(named(window.copy(), _name(at)) for at, window in copies.items())], source.table)
    outer = relation.select
    outer.from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(source.table, quoted=True))), copy=False)
    return replace(relation, rows="own")


def _broken(rule: Mapping[str, Any], source: Input, inputs: tuple[Input, ...]) -> exp.Expr:
    """Text where the row breaks the rule, or where that cannot be told; else NULL."""
    breaks, told = _RULES[rule["type"]](rule, source, inputs)
    if "where" in rule:
        # A CASE, so that a value outside the rule's scope is not even read.
        breaks = exp.Case(ifs=[exp.If(this=typed(rule["where"], inputs), true=breaks)], default=exp.false())
    safe, error = guard(annotate(breaks, {source.table: source.columns}), f"rule {rule['name']}")
    text = exp.Case(ifs=[exp.If(this=safe, true=exp.Literal.string(f"{rule['name']}: {told}"))])
    found = first_of([error, text])
    assert found is not None
    return found


def _not_null(rule: Mapping[str, Any], source: Input, inputs: tuple[Input, ...]) -> tuple[exp.Expr, str]:
    of = find(source.columns, rule["column"], source.node)
    return is_null(column(of.name, source.table)), f"{of.name} is NULL"


def _unique(rule: Mapping[str, Any], source: Input, inputs: tuple[Input, ...]) -> tuple[exp.Expr, str]:
    keys = rule.get("columns") or [rule["column"]]
    repeated = exp.GT(this=column(_name(rule["at"]), source.table), expression=exp.Literal.number(1))
    known = (
        exp.true()
        if rule["nullsEqual"]
        else exp.and_(*(not_null(column(find(source.columns, k, source.node).name, source.table)) for k in keys))
    )
    return exp.and_(repeated, known), f"{', '.join(keys)} is there more than once"


def _range(rule: Mapping[str, Any], source: Input, inputs: tuple[Input, ...]) -> tuple[exp.Expr, str]:
    of = find(source.columns, rule["column"], source.node)
    bounds = {key: rule[key] for key in ("min", "max") if rule.get(key) is not None}
    textual = any(isinstance(bound, str) for bound in bounds.values())
    # Text is read as what the bounds are; text that is nothing of the kind cannot lie between them, and its cast fails the rule.
    wanted = "TIMESTAMP" if textual and of.type in {"TEXT", "DATE"} else "NUMERIC" if not textual and of.type == "TEXT" else None
    value: exp.Expr = column(of.name, source.table)
    value = exp.cast(value, "DOUBLE PRECISION" if wanted == "NUMERIC" else wanted, dialect="postgres") if wanted else value
    outside: list[exp.Expr] = []
    for key, bound in bounds.items():
        literal = (
            exp.cast(exp.Literal.string(bound), wanted or of.type, dialect="postgres") if isinstance(bound, str) else exp.convert(bound)
        )
        below, above = (exp.LT, exp.GT) if rule["inclusive"] else (exp.LTE, exp.GTE)
        outside.append((below if key == "min" else above)(this=value.copy(), expression=literal))
    if of.type in {"REAL", "DOUBLE PRECISION"}:
        # NaN lies nowhere.
        outside.append(exp.IsNan(this=value.copy()))
    told = " and ".join(f"{'at least' if key == 'min' else 'at most'} {bound}" for key, bound in bounds.items())
    return exp.and_(not_null(column(of.name, source.table)), exp.or_(*outside)), f"{of.name} is not {told}"


def _regex(rule: Mapping[str, Any], source: Input, inputs: tuple[Input, ...]) -> tuple[exp.Expr, str]:
    of = find(source.columns, rule["column"], source.node)
    text = exp.cast(column(of.name, source.table), "TEXT")
    pattern = rule["pattern"]
    wrong = exp.not_(exp.paren(fits(pattern, text), copy=False))
    told = f"is no {pattern}" if pattern in NAMES else f"does not match {pattern}"
    return exp.and_(not_null(column(of.name, source.table)), wrong), f"{of.name} {told}"


def _consistency(rule: Mapping[str, Any], source: Input, inputs: tuple[Input, ...]) -> tuple[exp.Expr, str]:
    condition = typed(rule["expression"], inputs)
    if type_of(condition) not in {"BOOLEAN", UNKNOWN}:
        raise SqlProblem(f"the expression of rule {rule['name']} gives {type_of(condition)}, not true or false")
    default = exp.true() if rule["nullIs"] == "true" else exp.false()
    return exp.not_(exp.Coalesce(this=exp.paren(condition, copy=False), expressions=[default])), f"{rule['expression']} is not true"


_RULES: dict[str, Callable[[Mapping[str, Any], Input, tuple[Input, ...]], tuple[exp.Expr, str]]] = {
    "NOT_NULL": _not_null,
    "UNIQUE": _unique,
    "RANGE": _range,
    "REGEX": _regex,
    "CONSISTENCY": _consistency,
}

VALIDATE = NodeType(
    "validate",
    "transform",
    "Validate",
    ValidateConfig,
    (1, 1),
    lambda _: ("valid", "invalid"),
    compile_validate,
    description="Divides rows into those that keep the rules and those that break one",
    outgoing=same_names,
    rejects=("invalid",),
)
