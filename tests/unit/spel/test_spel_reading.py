"""SpEL text: what it is read as, where a mistake stands, and that no text does more than fail."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.pipelines.spel import SpelError, columns, lower, parameters, read
from shared.pipelines.spel.tree import Binary, Elvis, Literal, Logical, Node, Property, Ternary, Unary
from shared.sql.render import sql
from tests.unit.spel.spel_rows import COLUMNS, EXPRESSIONS, PARAMETERS


def shape(node: Node) -> Any:
    """A tree in brackets, without places."""
    if isinstance(node, Binary):
        return f"({shape(node.left)} {node.operator} {shape(node.right)})"
    if isinstance(node, Unary):
        return f"({node.operator}{shape(node.operand)})"
    if isinstance(node, Logical):
        return f"({f' {node.operator} '.join(shape(one) for one in node.operands)})"
    if isinstance(node, Ternary):
        return f"({shape(node.condition)} ? {shape(node.true)} : {shape(node.false)})"
    if isinstance(node, Elvis):
        return f"({shape(node.value)} ?: {shape(node.otherwise)})"
    if isinstance(node, Property):
        return node.name if node.target is None else f"{shape(node.target)}.{node.name}"
    assert isinstance(node, Literal)
    return repr(node.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("10 - 2 - 3", "((10 - 2) - 3)"),
        ("-2 ^ 2", "((-2) ^ 2)"),
        ("!a == b", "((!a) == b)"),
        ("a or b and c", "(a or (b and c))"),
        ("a || b && not c", "(a or (b and (!c)))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a ?: b ?: c", "(a ?: (b ?: c))"),
        ("a.b lt 5 and x GE 7 mod 2", "((a.b < 5) and (x >= (7 % 2)))"),
        ("a + b matches 'x'", "((a + b) matches 'x')"),
        ("TRUE and Null == x", "(True and (None == x))"),
        ("order == android", "(order == android)"),
        ("lte + nothing", "(lte + nothing)"),
        ("'it''s' + \"a\"\"b\"", "(\"it's\" + 'a\"b')"),
        ("0x10 + 1e3 + 2.5f", "((16 + 1000.0) + 2.5)"),
    ],
)
def test_operators_bind_as_springs_do(text: str, meant: str) -> None:
    assert shape(read(text)) == meant


def test_every_node_knows_its_text() -> None:
    text = "(a + b).length() > 3 and c?.d == 'x'"
    found = {text[node.start : node.end] for node in read("(a + b) > 3 and c?.d == 'x'".replace("(a + b)", "(a + b).length()")).walk()}
    assert {"(a + b).length() > 3", "(a + b).length()", "c?.d", "'x'", "c?.d == 'x'", text} <= found


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("  ", 0),
        ("a +", 3),
        ("a b", 2),
        ("a.length(", 9),
        ("(a", 2),
        ("a)", 1),
        ("a ? b", 5),
        ("a == 'x", 5),
        ("a ; b", 2),
        ("a + #", 5),
        ("T(Math", 6),
        ("a == 1 == b", 7),
        ("a.tolowercase()", 2),
        ("x + T(Math).sqroot(4)", 12),
        ("T(java.lang.Runtime).getRuntime().exec('id')", 0),
        ("''.class.forName('java.lang.Runtime')", 9),
        ("new java.lang.ProcessBuilder('id').start()", 0),
        ("a == b ? {1,2}.![#this] : 0", 15),
        ("#f(1)", 0),
        ("@bean.run()", 0),
        ("a = 5", 2),
        ("a++", 1),
        ("s matches '[a'", 11),
        ("s matches 'ab(?=c)'", 13),
        ("s matches 'it''s (?<x>y)'", 17),
        ("s.replaceAll('a\\b', '')", 15),
    ],
)
def test_a_mistake_is_told_where_it_stands(text: str, position: int) -> None:
    with pytest.raises(SpelError) as refused:
        read(text)
    assert refused.value.position == position
    assert refused.value.message


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("s.lenght()", "length"),
        ("T(Maths).abs(i)", "java.lang.Math"),
        ("T(Math).celi(x)", "ceil"),
        ("s instanceof T(Strin)", "java.lang.String"),
    ],
)
def test_a_misspelt_name_has_the_nearest_right_one(text: str, word: str) -> None:
    with pytest.raises(SpelError, match=f"did you mean {word}") as refused:
        read(text)
    assert refused.value.suggestion == word


@pytest.mark.parametrize(("text", "word"), [("tagz.size()", "tags"), ("d.yeer", "year"), ("#limt + 1", "limit")])
def test_so_has_a_misspelt_column_property_or_parameter(text: str, word: str) -> None:
    with pytest.raises(SpelError, match=f"did you mean {word}") as refused:
        lower(text, "column", "t", COLUMNS, PARAMETERS)
    assert refused.value.suggestion == word


def test_parameters_and_columns_are_found_with_their_places() -> None:
    text = "a > #low and (#high == null or a < #high) and #root.b == ['c d'].length() + T(Math).abs(a) + e.f"
    assert parameters(text) == {"low": 4, "high": 14}
    assert columns(text) == {"a": 0, "b": 52, "c d": 58, "e": 93}


_HOSTILE = (
    *("(" * 9000, "-" * 9000 + "1", "!" * 9000, "a" + ".b" * 4000, "f(" * 3000, "{" * 5000, "a ? " * 2000, "a ?: " * 1500 + "a"),
    *("[" * 5000, "a.b(" * 2000, "a+" * 4000 + "a", "1 - -" * 1500 + "1", "a or " * 1900 + "b", "x" * 1_000_000, "'" + "x" * 999_999),
    *("9" * 9999, "s matches '" + "(" * 5000 + "'", "s matches '" + "a{255}" * 1500 + "'", "#" * 5000, "T(" * 3000, "a[" * 3000),
    *("0x" + "f" * 9000, "p" + " / p" * 80, "s" + ".substring(n)" * 32, "d" + ".withDayOfMonth(i)" * 32, "s" + " + x" * 80),
)


@pytest.mark.parametrize("text", _HOSTILE, ids=range(len(_HOSTILE)))
def test_deep_and_long_texts_are_refused_within_seconds(text: str) -> None:
    started = time.process_time()
    with suppress(SpelError):
        lower(text, "column", "t", COLUMNS, PARAMETERS)
    assert time.process_time() - started < 2.0


def _below(frames: int, run: Callable[[], None]) -> None:
    run() if frames == 0 else _below(frames - 1, run)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 15 + "b ? " + "n" + " : 1)" + " + 1)" * 14,
        "s" + ".substring(1)" * 30,
        "n" + " + n" * 80,
        " or ".join(f"n == {at}" for at in range(300)),
        "".join(f"n == {at} ? s : " for at in range(30)) + "t",
        "s" + " + n + ', '" * 40,
        "-(" * 15 + "n" + ")" * 15,
        "s ?: " * 30 + "t",
    ],
)
def test_what_is_not_refused_can_be_rendered_deep_inside_a_program(text: str) -> None:
    made = lower(text, "column", "t", COLUMNS)

    def render() -> None:
        for tree in (made.tree, made.error):
            if tree is not None:
                sql(tree, "duckdb")
                tree.sql("postgres")

    _below(sys.getrecursionlimit() // 4, render)


_WORDS = [
    "a",
    "s",
    "n",
    "x",
    "p",
    "d",
    "ts",
    "tags",
    "null",
    "true",
    "1",
    "2.5",
    "'x'",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    "?.",
    ",",
    "#",
    "T(",
]
_WORDS += [
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "==",
    "!=",
    "<",
    ">=",
    "and",
    "or",
    "!",
    "?",
    ":",
    "?:",
    "matches",
    "between",
    "instanceof",
    "length()",
]
_WORDS += [
    "substring(1)",
    "plusDays(n)",
    "contains(",
    "Math)",
    "java.time.LocalDate)",
    "of(",
    "abs(",
    "#limit",
    "'a+'",
    "0x1",
    "1L",
    "&&",
    "[",
]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join)))
@example("\x00")
@example("\ud800")
@example("'\x00'")
@example("1e308 * 10")
@example("-9223372036854775808")
@example("T(java.time.LocalDate).of(99999999999, 1, 1)")
@example("T(java.time.LocalDate).parse('2024-02-29'.trim())")
def test_any_text_is_a_tree_or_a_mistake_with_a_place(text: str) -> None:
    try:
        made = lower(text, "column", "t", COLUMNS, PARAMETERS)
    except SpelError as refused:
        assert refused.position is not None
        assert 0 <= refused.position <= len(text)
        assert refused.message
        return
    assert sql(made.tree, "duckdb")
    assert made.tree.sql("postgres")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EXPRESSIONS), st.data())
def test_a_mutated_expression_is_a_tree_or_a_mistake_with_a_place(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, min(len(text), at + 4)))
    test_any_text_is_a_tree_or_a_mistake_with_a_place.hypothesis.inner_test(  # type: ignore[attr-defined]
        text[:at] + data.draw(st.sampled_from(["", " ", *_WORDS, "'", '"', "ż", "\n"])) + text[until:]
    )
