"""router: rows down several paths, each chosen by its own condition; what is true for none goes to `default`.

With `mode: first` a row takes the first route that is true, and conditions after that one are not looked at; with `all` it takes each
that is. A row for which a condition fails goes to the error port alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate, validates_schema
from marshmallow.exceptions import ValidationError
from sqlglot import exp

from shared.pipelines.fields import parts, shown, text
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Expression, sql_only
from shared.pipelines.nodes.relations import errors_of, is_null, pass_on, select, typed
from shared.pipelines.nodes.types import Compiled, Input, NodeType, Relation, same_names
from shared.pipelines.shapes import Shape
from shared.sql.errors import SqlProblem
from shared.sql.row_errors import first_of, guard
from shared.sql.typing import UNKNOWN, annotate, type_of

DEFAULT = "default"
# Ports that a router has besides its routes.
_TAKEN = ("out", "error", DEFAULT)


class Route(Shape):
    name = fields.String(
        required=True,
        validate=[
            validate.Regexp(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\Z", error="must be 1 to 63 letters, digits, '-' and '_'"),
            validate.NoneOf(_TAKEN, error=f"must not be one of {', '.join(_TAKEN)}, which are ports of their own"),
        ],
        metadata=shown("Route", "The name of its port", "large", templates="never"),
    )
    condition = Expression(required=True, metadata=shown("Condition", "Rows for which it is true take this route", "amount > 1000"))


class RouterConfig(Shape):
    routes = parts(Route, "Routes", "In the order in which they are tried", least=1, required=True)
    defaultRoute = text("Default route", "Takes the rows that no condition is true for; the port default where left out", templates="never")
    mode = fields.String(
        load_default="first",
        validate=validate.OneOf(("first", "all")),
        metadata=shown("Mode", "A row takes the first route that is true, or each that is", templates="never"),
    )
    language = sql_only()

    @validates_schema
    def _routes(self, data: dict[str, Any], **_: Any) -> None:
        names = [route["name"] for route in data["routes"]]
        for at, name in enumerate(names):
            if name in names[:at]:
                raise ValidationError({"routes": {at: {"name": [f"the route '{name}' is there twice; give each a name of its own"]}}})
        default = data.get("defaultRoute", DEFAULT)
        if default not in {*names, DEFAULT}:
            raise ValidationError(f"defaultRoute '{default}' is no route; there is {', '.join((*names, DEFAULT))}", "defaultRoute")


def ports(config: Mapping[str, Any]) -> tuple[str, ...]:
    routes = config.get("routes")
    named = [route.get("name") for route in routes if isinstance(route, Mapping)] if isinstance(routes, list) else []
    return (*dict.fromkeys(name for name in named if isinstance(name, str)), DEFAULT, "error")


def compile_router(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    (source,) = inputs
    routes = node.config["routes"]
    conditions = [_condition(route, inputs) for route in routes]
    taken = _first(conditions, source, node) if node.config["mode"] == "first" else _all(conditions, routes)
    wheres, rest, error = taken
    fallback = node.config.get("defaultRoute", DEFAULT)
    found: dict[str, exp.Expr] = {route["name"]: where for route, where in zip(routes, wheres, strict=True)}
    found[fallback] = exp.or_(found[fallback], rest) if fallback in found else rest
    no_error = [is_null(error)] if error is not None else []
    relations = {
        name: Relation(select(pass_on(source), source.table, exp.and_(where, *no_error)), source.columns, *_rows(node))
        for name, where in found.items()
    }
    if error is not None:
        relations["error"] = errors_of(source, error)
    return Compiled(relations)


def _rows(node: Node) -> Any:
    # A row that takes two routes is two rows: what comes out is no share of what came in.
    return ("fewer",) if node.config["mode"] == "first" else ("own", "copies")


def _condition(route: Mapping[str, Any], inputs: tuple[Input, ...]) -> exp.Expr:
    condition = typed(route["condition"], inputs)
    if type_of(condition) not in {"BOOLEAN", UNKNOWN}:
        raise SqlProblem(f"the condition of route {route['name']} gives {type_of(condition)}, not true or false")
    return condition


def _first(conditions: list[exp.Expr], source: Input, node: Node) -> tuple[list[exp.Expr], exp.Expr, exp.Expr | None]:
    """Conditions as one CASE that gives the number of the route, so that what comes after it is not looked at."""
    numbered = [exp.If(this=condition, true=exp.Literal.number(at)) for at, condition in enumerate(conditions, start=1)]
    case = annotate(exp.Case(ifs=numbered, default=exp.Literal.number(0)), {source.table: source.columns})
    safe, error = guard(case, f"routes of {node.id}")

    def is_route(at: int) -> exp.Expr:
        return exp.EQ(this=exp.paren(safe.copy(), copy=False), expression=exp.Literal.number(at))

    return [is_route(at) for at in range(1, len(conditions) + 1)], is_route(0), error


def _all(conditions: list[exp.Expr], routes: list[Mapping[str, Any]]) -> tuple[list[exp.Expr], exp.Expr, exp.Expr | None]:
    guarded = [guard(condition, f"route {route['name']}") for condition, route in zip(conditions, routes, strict=True)]
    wheres: list[exp.Expr] = [exp.paren(safe, copy=False) for safe, _ in guarded]
    none = exp.and_(*(exp.Not(this=exp.Coalesce(this=where.copy(), expressions=[exp.false()])) for where in wheres))
    return wheres, none, first_of([error for _, error in guarded])


ROUTER = NodeType(
    "router",
    "transform",
    "Router",
    RouterConfig,
    (1, 1),
    ports,
    compile_router,
    description="Sends rows down several paths, each chosen by its own condition",
    outgoing=same_names,
    ports_by_config=True,
)
