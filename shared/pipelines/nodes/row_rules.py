"""Rules that look at one row at a time, as relations: the rows that keep them all, and the others with the first rule that each breaks.

Shared by the `validate` node and by what is set aside before a sink (`onFail: reject_rows`). UNIQUE counts as such a rule: of rows with one
key all break it, since nothing says which of them is the right one. REFERENTIAL does where its parents are rows of the same pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from shared.datasets import Column
from shared.pipelines.nodes.relations import column, errors_of, find, is_null, named, not_null, pass_on, select, table, typed
from shared.pipelines.nodes.types import Input, Relation
from shared.sql.errors import SqlProblem
from shared.sql.patterns import NAMES, fits
from shared.sql.row_errors import first_of, guard
from shared.sql.typing import UNKNOWN, annotate, type_of

Rule = Mapping[str, Any]


def no_row_rule(rule: Rule) -> str | None:
    """Why a rule cannot be held against one row, as the end of a sentence; None where it can."""
    if rule["type"] not in _RULES:
        return "it looks at more than one row"
    if rule["type"] == "NOT_NULL" and rule.get("maxNullPercent"):
        return "it allows a share of nulls, which one row does not have; leave maxNullPercent out"
    if rule["type"] == "COMPLETENESS" and rule["minPercent"] < 100:
        return "it allows a share of missing values, which one row does not have; say minPercent: 100"
    return None


def divided(rules: Sequence[Rule], source: Input, parents: Mapping[int, Input] | None = None) -> tuple[Relation, Relation]:
    """The rows that keep all the rules, as they came; and those that do not, with `error_message`, which begins with the rule's name.

    `parents`: by the place of each REFERENTIAL rule among the rules, where its parents are; the columns are those that it is compared by,
    in order.
    Raises SqlProblem for a rule that makes no sense on these columns.
    """
    parents = parents or {}
    copies = {at: _copies(rule, source) for at, rule in enumerate(rules) if rule["type"] == "UNIQUE"}
    joined = {at: parents[at] for at, rule in enumerate(rules) if rule["type"] == "REFERENTIAL"}
    # What a rule looks at beside the row's own columns: how many rows have its key, and whether it has a parent.
    beside = [*(Column(_name(at), "BIGINT", False) for at in copies), *(Column(_name(at), "BOOLEAN") for at in joined)]
    seen = Input(source.node, source.table, (*source.columns, *beside))
    broken = first_of([_broken({**rule, "at": at}, seen) for at, rule in enumerate(rules)])
    assert broken is not None
    broken = annotate(broken, {seen.table: seen.columns})
    kept = Relation(select(pass_on(source), source.table, is_null(broken)), source.columns, "fewer")
    failing = errors_of(source, broken)
    if beside:
        kept, failing = (_completed(relation, source, rules, copies, joined) for relation in (kept, failing))
    return kept, failing


def _copies(rule: Rule, source: Input) -> exp.Expr:
    """How many rows there are with this one's key, of those that the rule looks at; 0 for a key with a NULL, which equals nothing."""
    keys = [find(source.columns, key, source.node) for key in columns_of(rule)]
    looked = [] if rule.get("nullsEqual") else [not_null(column(key.name, source.table)) for key in keys]
    if rule.get("where"):
        looked.append(guard(typed(rule["where"], (source,)), f"rule {rule['name']}")[0])
    counted: exp.Expr = exp.Star()
    if looked:
        counted = exp.Case(ifs=[exp.If(this=exp.and_(*looked), true=exp.Literal.number(1))])
    return exp.Window(this=exp.Count(this=counted, big_int=True), partition_by=[column(key.name, source.table) for key in keys])


def _name(at: int) -> str:
    return f"__beside{at}"


def _completed(
    relation: Relation, source: Input, rules: Sequence[Rule], copies: Mapping[int, exp.Expr], joined: Mapping[int, Input]
) -> Relation:
    """The relation over its input with what its rules look at beside, which no WHERE could look at otherwise."""
    there = [named(column(_name(at), _name(at)), _name(at)) for at in joined]
    inner = select([*pass_on(source), *(named(window.copy(), _name(at)) for at, window in copies.items()), *there], source.table)
    for at, parent in joined.items():
        keys = [column(find(source.columns, name, source.node).name, source.table) for name in columns_of(rules[at])]
        equal = [exp.EQ(this=key, expression=column(other.name, _name(at))) for key, other in zip(keys, parent.columns, strict=True)]
        inner.join(_parents(parent, _name(at)), on=exp.and_(*equal), join_type="left", copy=False)
    outer = relation.select
    outer.from_(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(source.table, quoted=True))), copy=False)
    return replace(relation, rows="own")


def _parents(parent: Input, name: str) -> exp.Subquery:
    """Each key once, so that no row is there twice for its sake."""
    once = exp.Select(expressions=pass_on(parent)).from_(table(parent.table), copy=False).distinct(copy=False)
    inner = exp.Subquery(this=once, alias=exp.TableAlias(this=exp.to_identifier("keys", quoted=True)))
    rows = [*(column(c.name, "keys") for c in parent.columns), named(exp.true(), name)]
    found = exp.Select(expressions=rows).from_(inner, copy=False)
    return exp.Subquery(this=found, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def columns_of(rule: Rule) -> list[str]:
    """The columns that a rule of one or several columns names."""
    return list(rule["columns"] if rule.get("columns") else [rule["column"]])


def _broken(rule: Rule, source: Input) -> exp.Expr:
    """Text where the row breaks the rule, or where that cannot be told; else NULL."""
    breaks, told = _RULES[rule["type"]](rule, source)
    if rule.get("where"):
        # A CASE, so that a value outside the rule's scope is not even read.
        breaks = exp.Case(ifs=[exp.If(this=typed(rule["where"], (source,)), true=breaks)], default=exp.false())
    safe, error = guard(annotate(breaks, {source.table: source.columns}), f"rule {rule['name']}")
    text = exp.Case(ifs=[exp.If(this=safe, true=exp.Literal.string(f"{rule['name']}: {told}"))])
    found = first_of([error, text])
    assert found is not None
    return found


def _not_null(rule: Rule, source: Input) -> tuple[exp.Expr, str]:
    of = find(source.columns, rule["column"], source.node)
    return is_null(column(of.name, source.table)), f"{of.name} is NULL"


def _unique(rule: Rule, source: Input) -> tuple[exp.Expr, str]:
    keys = columns_of(rule)
    repeated = exp.GT(this=column(_name(rule["at"]), source.table), expression=exp.Literal.number(1))
    known = (
        exp.true()
        if rule.get("nullsEqual")
        else exp.and_(*(not_null(column(find(source.columns, k, source.node).name, source.table)) for k in keys))
    )
    return exp.and_(repeated, known), f"{', '.join(keys)} is there more than once"


def _range(rule: Rule, source: Input) -> tuple[exp.Expr, str]:
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
        below, above = (exp.LT, exp.GT) if rule.get("inclusive", True) else (exp.LTE, exp.GTE)
        outside.append((below if key == "min" else above)(this=value.copy(), expression=literal))
    if of.type in {"REAL", "DOUBLE PRECISION"}:
        # NaN lies nowhere.
        outside.append(exp.IsNan(this=value.copy()))
    told = " and ".join(f"{'at least' if key == 'min' else 'at most'} {bound}" for key, bound in bounds.items())
    return exp.and_(not_null(column(of.name, source.table)), exp.or_(*outside)), f"{of.name} is not {told}"


def _regex(rule: Rule, source: Input) -> tuple[exp.Expr, str]:
    of = find(source.columns, rule["column"], source.node)
    text = exp.cast(column(of.name, source.table), "TEXT")
    pattern = rule["pattern"]
    wrong = exp.not_(exp.paren(fits(pattern, text), copy=False))
    told = f"is no {pattern}" if pattern in NAMES else f"does not match {pattern}"
    return exp.and_(not_null(column(of.name, source.table)), wrong), f"{of.name} {told}"


def _consistency(rule: Rule, source: Input) -> tuple[exp.Expr, str]:
    condition = typed(rule["expression"], (source,))
    if type_of(condition) not in {"BOOLEAN", UNKNOWN}:
        raise SqlProblem(f"the expression of rule {rule['name']} gives {type_of(condition)}, not true or false")
    default = exp.true() if rule.get("nullIs", "true") == "true" else exp.false()
    return exp.not_(exp.Coalesce(this=exp.paren(condition, copy=False), expressions=[default])), f"{rule['expression']} is not true"


def _completeness(rule: Rule, source: Input) -> tuple[exp.Expr, str]:
    missing: list[exp.Expr] = []
    for of in (find(source.columns, name, source.node) for name in columns_of(rule)):
        value = column(of.name, source.table)
        missing.append(is_null(value))
        if rule.get("blankIsMissing") and of.type in {"TEXT", UNKNOWN}:
            missing.append(exp.EQ(this=exp.Trim(this=value.copy()), expression=exp.Literal.string("")))
    return exp.or_(*missing), f"{', '.join(columns_of(rule))} is not filled in"


def _referential(rule: Rule, source: Input) -> tuple[exp.Expr, str]:
    keys = [find(source.columns, name, source.node).name for name in columns_of(rule)]
    known = [not_null(column(key, source.table)) for key in keys]
    return exp.and_(*known, is_null(column(_name(rule["at"]), source.table))), f"{', '.join(keys)} has no parent"


_RULES: dict[str, Callable[[Rule, Input], tuple[exp.Expr, str]]] = {
    "NOT_NULL": _not_null,
    "UNIQUE": _unique,
    "RANGE": _range,
    "REGEX": _regex,
    "CONSISTENCY": _consistency,
    "COMPLETENESS": _completeness,
    "REFERENTIAL": _referential,
}
