"""+ - * / % ^ and signs, by Java's rules for the two classes.

A null operand raises, so what comes out is never NULL. Whole numbers have 64 bits, Double division by zero gives an infinity, BigDecimal
division rounds half to even to the larger scale of the two (Spring's OpDivide).
"""

from __future__ import annotations

from sqlglot import exp

from shared.pipelines.spel import constants, types
from shared.pipelines.spel.decimals import divided, wide
from shared.pipelines.spel.numbers import saturated
from shared.pipelines.spel.tree import Binary, Node, Unary
from shared.pipelines.spel.types import FLOATING, NUMBERS, WHOLE, Kind, Type
from shared.pipelines.spel.values import Scope, Value, call, cast, choose, errors, number, refuse

# DuckDB adds and multiplies NUMERICs of so many digits in so many digits.
_NATIVE_DIGITS = 18
_NAMES = {"+": "adding", "-": "subtracting", "*": "multiplying", "/": "dividing", "%": "the remainder", "^": "the power"}
_TREES: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}


def compute(scope: Scope, node: Binary, left: Value, right: Value) -> Value:
    """Between two numbers."""
    _refuse_no_number(scope, node, node.left, left)
    _refuse_no_number(scope, node, node.right, right)
    user = _NAMES[node.operator]
    failed = errors(left.error, right.error, scope.when_null(left, node.left, user), scope.when_null(right, node.right, user))
    if Kind.NULL in (left.kind, right.kind):
        # Every row is wrong; the type is that of the other side.
        other = right.type if left.kind is Kind.NULL else left.type
        return Value(cast(exp.Null(), other.sql), other if other.kind is not Kind.NULL else types.LONG, error=failed)
    a, b = _alike(scope, node, left, right)
    if node.operator == "^":
        return _power(scope, node, a, b, failed)
    if node.operator in _TREES:
        result = _result(node, a.type, b.type)
        made = _made(_TREES[node.operator], *_exact(node, a, b, result))
        return Value(cast(made, "REAL") if result.kind is Kind.FLOAT else made, result, error=failed)
    if a.kind in FLOATING:
        return _floating_division(node, a, b, failed)
    zero = None if b.constant else scope.wrong(exp.EQ(this=b.sql, expression=number(0)), f"division by zero in {scope.source(node)}")
    failed = errors(failed, zero)
    if a.kind is Kind.DECIMAL and node.operator == "/":
        _refuse_scale(node, 2 * max(a.type.scale, b.type.scale))
        return Value(*divided(a, b), error=failed)
    result = _result(node, a.type, b.type)
    top, divisor = _exact(node, a, b, result)
    divisor = divisor if b.constant else call("NULLIF", divisor, number(0))
    if node.operator == "%":
        return Value(exp.Mod(this=top, expression=divisor), result, error=failed)
    return Value(cast(exp.IntDiv(this=top, expression=divisor), "BIGINT"), result, error=failed)


def sign(scope: Scope, node: Unary, value: Value) -> Value:
    """+x and -x."""
    _refuse_no_number(scope, node, node.operand, value)
    if node.operator == "-" and (turned := constants.negated(value)):
        return turned
    failed = errors(value.error, scope.when_null(value, node.operand, f"the sign {node.operator}"))
    if value.kind is Kind.NULL:
        return Value(cast(exp.Null(), "BIGINT"), types.LONG, error=failed)
    if node.operator == "+":
        return Value(value.tree, value.type, error=failed)
    if value.kind in WHOLE:
        return Value(exp.Neg(this=_long(value)), types.INTEGER if value.kind is Kind.INTEGER else types.LONG, error=failed)
    if value.kind in FLOATING:
        # Spring takes it from zero, so that there is no -0.0.
        return Value(cast(exp.Sub(this=number(0), expression=value.sql), value.type.sql), value.type, error=failed)
    return Value(exp.Neg(this=value.sql), value.type, error=failed)


def as_double(value: Value) -> Value:
    """A whole number, a Float or a Double as a Double."""
    if value.kind is Kind.DOUBLE:
        return value
    if isinstance(value.constant, int):
        return constants.double(float(value.constant))
    return Value(cast(value.sql, "DOUBLE PRECISION"), types.DOUBLE, value.nullable, value.error)


def _alike(scope: Scope, node: Binary, left: Value, right: Value) -> tuple[Value, Value]:
    """Both as the class in which Spring computes: BigDecimal before Double before Float before whole numbers."""
    if Kind.DECIMAL in (left.kind, right.kind):
        return _decimal(scope, node.left, left), _decimal(scope, node.right, right)
    if Kind.DOUBLE in (left.kind, right.kind):
        return as_double(left), as_double(right)
    if Kind.FLOAT in (left.kind, right.kind):
        return _float(left), _float(right)
    return left, right


def as_decimal(value: Value) -> Value | None:
    """A whole number, or a Double that the text says, as a BigDecimal. None for another Double: its scale differs from row to row."""
    if value.kind in FLOATING:
        return constants.written_as_decimal(value)
    if isinstance(value.constant, int):
        return Value(value.tree, types.decimal(len(str(abs(value.constant))), 0), constant=value.constant)
    return Value(value.tree, types.as_decimal(value.type), value.nullable, value.error, value.constant)


def _decimal(scope: Scope, node: Node, value: Value) -> Value:
    made = as_decimal(value)
    if made is None:
        raise refuse(
            node,
            f"{scope.source(node)} is {value.type}, which has no exact form beside a NUMERIC; "
            "write .doubleValue() behind the NUMERIC to compute with both as double precision",
        )
    return made


def _float(value: Value) -> Value:
    return value if value.kind is Kind.FLOAT else Value(cast(value.sql, "REAL"), types.FLOAT, value.nullable, value.error)


def _refuse_no_number(scope: Scope, node: Node, part: Node, value: Value) -> None:
    if value.kind not in NUMBERS and value.kind is not Kind.NULL:
        operator = node.operator if isinstance(node, Binary | Unary) else ""
        raise refuse(part, f"{operator} computes with numbers, and {scope.source(part)} is {value.type}")


def _long(value: Value) -> exp.Expr:
    return value.sql if value.type.sql == "BIGINT" and value.constant is None else cast(value.sql, "BIGINT")


def _made(operator: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return operator(this=left, expression=right)


def _exact(node: Binary, a: Value, b: Value, result: Type) -> tuple[exp.Expr, exp.Expr]:
    """Both sides so that no engine computes in less than the result needs: whole numbers in 64 bits, NUMERICs in all digits."""
    if a.kind in WHOLE and (b.constant is not None or b.type.sql != "BIGINT"):
        return _long(a), b.sql
    if a.kind is Kind.DECIMAL and result.digits > _NATIVE_DIGITS:
        # A product has the scales of both; sums and remainders have one scale, and DuckDB goes over to doubles where that cannot be.
        return (wide(a.sql, a.type.scale), b.sql) if node.operator == "*" else (wide(a.sql, result.scale), wide(b.sql, result.scale))
    # A long sum need not stand in as many parentheses.
    row_of_terms = node.operator in "+-" and isinstance(a.tree, exp.Add | exp.Sub)
    return a.tree.copy() if row_of_terms else a.sql, b.sql


def _result(node: Binary, a: Type, b: Type) -> Type:
    if a.kind in FLOATING:
        return types.DOUBLE if a.kind is Kind.DOUBLE else types.FLOAT
    if a.kind in WHOLE:
        return types.LONG if Kind.LONG in (a.kind, b.kind) else types.INTEGER
    scale = a.scale + b.scale if node.operator == "*" else max(a.scale, b.scale)
    _refuse_scale(node, scale)
    if node.operator == "*":
        return types.decimal(a.digits + b.digits, scale)
    return types.decimal(max(a.digits - a.scale, b.digits - b.scale) + 1 + scale, scale)


def _refuse_scale(node: Node, scale: int) -> None:
    if scale > types.MAX_DIGITS - 1:
        raise refuse(node, f"this has {scale} digits after the point, more than the {types.MAX_DIGITS - 1} that can be kept")


def _floating_division(node: Binary, a: Value, b: Value, failed: exp.Expr | None) -> Value:
    """Java divides a Double by zero: the result is an infinity, or not a number."""
    result = a.type
    if node.operator == "%":
        made: exp.Expr = exp.Mod(this=a.sql, expression=b.sql if b.constant else call("NULLIF", b.sql, number(0)))
        nothing = cast(exp.Literal.string("NaN"), result.sql)
    else:
        made = exp.Div(this=a.sql, expression=b.sql, typed=True, safe=False)
        nothing = choose(
            (exp.GT(this=a.sql, expression=number(0)), cast(exp.Literal.string("Infinity"), result.sql)),
            (exp.LT(this=a.sql, expression=number(0)), cast(exp.Literal.string("-Infinity"), result.sql)),
            default=cast(exp.Literal.string("NaN"), result.sql),
        )
    if not b.constant:
        made = choose((exp.EQ(this=b.sql, expression=number(0)), nothing), default=made)
    return Value(cast(made, "REAL") if result.kind is Kind.FLOAT else made, result, error=failed)


def _power(scope: Scope, node: Binary, a: Value, b: Value, failed: exp.Expr | None) -> Value:
    """Math.pow; between whole numbers, its whole part."""
    if a.kind is Kind.DECIMAL:
        raise refuse(node, "^ of a NUMERIC has no form in SQL; write .doubleValue() behind it")
    raised = power(as_double(a), as_double(b))
    if a.kind in WHOLE:
        small = (
            isinstance(a.constant, int) and isinstance(b.constant, int) and 0 <= b.constant < 64 and abs(a.constant) ** b.constant < 2**31
        )
        kind = types.INTEGER if small or (isinstance(b.constant, int) and b.constant <= 1) else types.LONG
        return Value(saturated(raised), kind, error=failed)
    return Value(raised, types.DOUBLE, error=failed)


def power(base: Value, exponent: Value) -> exp.Expr:
    """Math.pow of two Doubles where engines would raise: 0 to a negative power is infinite, a negative to a fraction is not a number."""
    x, y = base.sql, exponent.sql
    plain = exp.Pow(this=x.copy(), expression=y.copy())
    whole_exponent = isinstance(exponent.constant, float) and exponent.constant.is_integer()
    if whole_exponent and exponent.constant >= 0:
        return plain
    branches = []
    if not (isinstance(exponent.constant, float) and exponent.constant >= 0):
        zero = exp.and_(exp.EQ(this=x.copy(), expression=number(0)), exp.LT(this=y.copy(), expression=number(0)), copy=False)
        branches.append((zero, cast(exp.Literal.string("Infinity"), "DOUBLE PRECISION")))
    if not whole_exponent:
        fraction = exp.NEQ(this=y.copy(), expression=call("TRUNC", y.copy()))
        negative = exp.and_(exp.LT(this=x.copy(), expression=number(0)), fraction, copy=False)
        branches.append((negative, cast(exp.Literal.string("NaN"), "DOUBLE PRECISION")))
    return choose(*branches, default=plain)
