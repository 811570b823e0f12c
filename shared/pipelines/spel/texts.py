"""String's methods. A character beyond U+FFFF counts as one here and as two in Java."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shared.pipelines.spel import types
from shared.pipelines.spel.comparison import equal
from shared.pipelines.spel.errors import SpelError
from shared.pipelines.spel.method import ANYTHING, TEXTS, WHOLES, Invocation, Method, Methods
from shared.pipelines.spel.types import Kind
from shared.pipelines.spel.values import Value, any_of, call, cast, choose, number, refuse, text
from shared.sql import regex

# String.trim() takes away what is not above a space; strip() what Character.isWhitespace says, which has no non-breaking spaces.
_TRIMMED = "".join(chr(code) for code in range(1, 33))
_WHITE = "\t\n\x0b\f\r\x1c\x1d\x1e\x1f \u1680" + "".join(chr(c) for c in range(0x2000, 0x200B) if c != 0x2007) + "\u2028\u2029\u205f\u3000"
_LONGEST_REPEAT = 1_000_000


def length(tree: exp.Expr) -> exp.Expr:
    return cast(exp.Length(this=tree), "BIGINT")


def _length(one: Invocation) -> Value:
    return Value(length(one.target.sql), types.INTEGER)


def _test(build: Callable[[Invocation], exp.Expr]) -> Callable[[Invocation], Value]:
    return lambda one: Value(build(one), types.BOOLEAN)


def _text(build: Callable[[Invocation], exp.Expr]) -> Callable[[Invocation], Value]:
    return lambda one: Value(build(one), types.TEXT)


def _stripped(signs: str, side: str | None = None) -> Callable[[Invocation], Value]:
    return _text(lambda one: exp.Trim(this=one.target.sql, expression=text(signs), position=side))


def _upper(one: Invocation) -> exp.Expr:
    # Java writes the German sharp s as SS; engines keep it, or have a capital one.
    return exp.Upper(this=call("REPLACE", one.target.sql, text("ß"), text("SS")))


def found_at(tree: exp.Expr, part: exp.Expr) -> exp.Expr:
    """From 1; 0 for not there."""
    return exp.StrPosition(this=tree, substr=part)


def _contains(one: Invocation) -> exp.Expr:
    return exp.GT(this=found_at(one.target.sql, one.arguments[0].sql), expression=number(0))


def _ends_with(one: Invocation) -> exp.Expr:
    part = one.arguments[0]
    return exp.EQ(this=exp.Right(this=one.target.sql, expression=exp.Length(this=part.sql)), expression=part.sql)


def _index_of(one: Invocation) -> Value:
    at = exp.Sub(this=found_at(one.target.sql, one.arguments[0].sql), expression=number(1))
    return Value(cast(at, "BIGINT"), types.INTEGER)


def _last_index_of(one: Invocation) -> Value:
    """What stands before the last one, found by a regular expression: engines do not agree on how a text is reversed."""
    part = one.arguments[0].constant
    if not isinstance(part, str):
        raise refuse(one.places[0], "lastIndexOf needs what it looks for written out as a text")
    pattern = f"^((?:.|\n)*){regex.quoted(part)}(?:.|\n)*$"
    before = exp.Anonymous(this="REGEXP_REPLACE", expressions=[one.target.sql, text(pattern), text(r"\1")])
    absent = exp.EQ(this=found_at(one.target.sql, text(part)), expression=number(0))
    at = choose((absent, number(-1)), default=exp.Length(this=before))
    return Value(cast(at, "BIGINT"), types.INTEGER)


def _substring(one: Invocation) -> Value:
    """Raises unless 0 <= begin <= end <= length."""
    whole = one.target
    begin = one.arguments[0]
    end = one.arguments[1] if len(one.arguments) == 2 else None
    outside: list[exp.Expr] = [exp.LT(this=begin.sql, expression=number(0))] if not _at_least_zero(begin) else []
    if end is None:
        outside.append(exp.GT(this=begin.sql, expression=length(whole.sql)))
    else:
        outside.append(exp.GT(this=end.sql, expression=length(whole.sql)))
        if not (_at_least_zero(begin) and isinstance(end.constant, int) and end.constant >= begin.constant):
            outside.append(exp.GT(this=begin.sql, expression=end.sql))
    source = one.scope.source(one.node)
    start = number(begin.constant + 1) if _at_least_zero(begin) else exp.Add(this=_position(begin), expression=number(1))
    if end is None:
        tree = exp.Substring(this=whole.sql, start=start)
    elif _at_least_zero(begin) and isinstance(end.constant, int):
        tree = exp.Substring(this=whole.sql, start=start, length=number(max(0, end.constant - begin.constant)))
    else:
        size = exp.Sub(this=_position(end), expression=_position(begin))
        tree = exp.Substring(this=whole.sql, start=start, length=call("GREATEST", number(0), size))
    return Value(tree, types.TEXT, error=one.scope.wrong(any_of(outside), f"{source} reaches beyond the text"))


def _at_least_zero(value: Value) -> bool:
    return isinstance(value.constant, int) and 0 <= value.constant < 2**31 - 1


def _position(at: Value) -> exp.Expr:
    """As an INTEGER, which is what engines count characters in; what is none of them stands for no place in any text."""
    return cast(call("LEAST", call("GREATEST", at.sql, number(0)), number(2**31 - 2)), "INTEGER")


def _replace(one: Invocation) -> Value:
    old, new = one.arguments
    if old.constant == "":
        raise refuse(one.places[0], "replacing the empty text has no form in SQL")
    empty = exp.EQ(this=old.sql, expression=text(""))
    failed = None if old.constant else one.scope.wrong(empty, f"{one.scope.source(one.node)} replaces the empty text")
    return Value(call("REPLACE", one.target.sql, old.sql, new.sql), types.TEXT, error=failed)


def _repeat(one: Invocation) -> Value:
    return repeated(one, one.target, one.arguments[0])


def repeated(one: Invocation, value: Value, times: Value) -> Value:
    """A negative number raises; so does one that no engine should be asked for."""
    if isinstance(times.constant, int) and 0 <= times.constant <= _LONGEST_REPEAT:
        return Value(exp.Repeat(this=value.sql, times=number(times.constant)), types.TEXT)
    outside = exp.Not(this=exp.Paren(this=exp.Between(this=times.sql, low=number(0), high=number(_LONGEST_REPEAT))))
    sentence = f"{one.scope.source(one.node)} repeats a text a negative number of times, or more than {_LONGEST_REPEAT}"
    count = cast(choose((outside.copy(), number(0)), default=times.sql), "INTEGER")
    return Value(exp.Repeat(this=value.sql, times=count), types.TEXT, error=one.scope.wrong(outside, sentence))


def _equals(one: Invocation) -> exp.Expr:
    other = one.arguments[0]
    if other.kind not in (Kind.TEXT, Kind.NULL):
        raise refuse(one.places[0], f"a text never equals {other.type}")
    present = Value(one.target.tree, one.target.type)
    return equal(one.scope, one.node, present, other)


def _equals_any_case(one: Invocation) -> exp.Expr:
    other = one.arguments[0]
    same = exp.EQ(this=exp.Lower(this=exp.Upper(this=one.target.sql)), expression=exp.Lower(this=exp.Upper(this=other.sql)))
    return exp.Coalesce(this=same, expressions=[exp.false()])


def _compare(one: Invocation) -> Value:
    """-1, 0 or 1: Java gives a difference, whose sign is what it is for."""
    other = one.arguments[0]

    def ordered() -> exp.Expr:
        return exp.Collate(this=one.target.sql, expression=exp.to_identifier("C", quoted=True))

    branches = (
        (exp.LT(this=ordered(), expression=other.sql), number(-1)),
        (exp.EQ(this=one.target.sql, expression=other.sql), number(0)),
        (exp.GT(this=ordered(), expression=other.sql), number(1)),
    )
    return Value(cast(choose(*branches), "BIGINT"), types.INTEGER)


def matches(value: Value, pattern: Value, place_start: int) -> exp.Expr:
    """Whether the whole text is what the pattern, a text that stands in the expression, says."""
    translated = regex.translate(str(pattern.constant), place_start + 1, problem=SpelError)
    return exp.RegexpLike(this=value.sql, expression=text(regex.whole(translated)))


def _matches(one: Invocation) -> exp.Expr:
    if not isinstance(one.arguments[0].constant, str):
        raise refuse(one.places[0], "a regular expression must be written out as a text, to be the same on every engine")
    return matches(one.target, one.arguments[0], one.places[0].start)


def _replace_matches(*, every: bool) -> Callable[[Invocation], Value]:
    def build(one: Invocation) -> Value:
        pattern, new = one.arguments
        if not isinstance(pattern.constant, str) or not isinstance(new.constant, str):
            raise refuse(one.node, f"{one.name} needs its pattern and what to put there written out as texts")
        made = regex.translate(pattern.constant, one.places[0].start + 1, problem=SpelError)
        if not made.steady:
            raise refuse(
                one.places[0],
                f"{one.name} takes patterns with one part of variable length: engines differ in what they take where there are more",
            )
        if every and made.least == 0:
            raise refuse(
                one.places[0], "replaceAll needs a pattern that matches at least one character: engines differ in where nothing is"
            )
        by = _replacement(one, new.constant, made.groups)
        flags = [text("g")] if every else []
        tree = exp.Anonymous(this="REGEXP_REPLACE", expressions=[one.target.sql, text(made.sql), text(by), *flags])
        return Value(tree, types.TEXT)

    return build


def _replacement(one: Invocation, written: str, groups: int) -> str:
    """Java's $1 as the \\1 of both engines."""
    made: list[str] = []
    at = 0
    while at < len(written):
        sign, following = written[at], written[at + 1 : at + 2]
        if sign == "$" and following.isascii() and following.isdigit() and int(following) <= groups and int(following) > 0:
            made.append(f"\\{following}")
            at += 2
        elif sign == "$":
            raise refuse(one.places[1], f"${following} in the replacement names no group of the pattern; write \\$ for a dollar")
        elif sign == "\\":
            made.append("\\\\" if following == "\\" else following)
            at += 2
        else:
            made.append(sign)
            at += 1
    return "".join(made)


METHODS: Methods = {
    "length": (Method(_length),),
    "isEmpty": (Method(_test(lambda one: exp.EQ(this=one.target.sql, expression=text("")))),),
    "isBlank": (Method(_test(lambda one: exp.EQ(this=exp.Trim(this=one.target.sql, expression=text(_WHITE)), expression=text("")))),),
    "toUpperCase": (Method(_text(_upper)),),
    "toLowerCase": (Method(_text(lambda one: exp.Lower(this=one.target.sql))),),
    "trim": (Method(_stripped(_TRIMMED)),),
    "strip": (Method(_stripped(_WHITE)),),
    "stripLeading": (Method(_stripped(_WHITE, "LEADING")),),
    "stripTrailing": (Method(_stripped(_WHITE, "TRAILING")),),
    "substring": (Method(_substring, (WHOLES,)), Method(_substring, (WHOLES, WHOLES))),
    "indexOf": (Method(_index_of, (TEXTS,)),),
    "lastIndexOf": (Method(_last_index_of, (TEXTS,)),),
    "contains": (Method(_test(_contains), (TEXTS,)),),
    "startsWith": (Method(_test(lambda one: exp.StartsWith(this=one.target.sql, expression=one.arguments[0].sql)), (TEXTS,)),),
    "endsWith": (Method(_test(_ends_with), (TEXTS,)),),
    "replace": (Method(_replace, (TEXTS, TEXTS)),),
    "replaceAll": (Method(_replace_matches(every=True), (TEXTS, TEXTS)),),
    "replaceFirst": (Method(_replace_matches(every=False), (TEXTS, TEXTS)),),
    "concat": (Method(_text(lambda one: exp.DPipe(this=one.target.sql, expression=one.arguments[0].sql)), (TEXTS,)),),
    "repeat": (Method(_repeat, (WHOLES,)),),
    "matches": (Method(_test(_matches), (TEXTS,)),),
    "equals": (Method(_test(_equals), (ANYTHING,), null_arguments=True, strict=False),),
    "equalsIgnoreCase": (Method(_test(_equals_any_case), (TEXTS,), null_arguments=True, strict=False),),
    "compareTo": (Method(_compare, (TEXTS,)),),
    "toString": (Method(_text(lambda one: one.target.tree.copy())),),
}
