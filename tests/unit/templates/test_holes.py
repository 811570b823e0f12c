"""Values in SQL and SpEL: literals and quoted names, whatever the values are."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from shared.pipelines.language import spel_holes
from shared.pipelines.language.templates import text_of
from shared.sql.errors import SqlProblem
from shared.sql.holes import Hole, covered, filled, with_texts

TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=30)
NASTY = st.one_of(TEXTS, st.text(alphabet="'\"\\;-/* $E\n{}ab", max_size=12))


def holes(text: str, *values: Any, secret: bool = False) -> list[Hole]:
    spans = [found.span() for found in re.finditer(r"\{\{.*?\}\}", text)]
    return [Hole(*span, value, "" if value is None else text_of(value), secret) for span, value in zip(spans, values, strict=True)]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("a > {{x}}", [5], "a > 5"),
        ("a > -{{x}}", [-5], "a > - (-5)"),
        ("a = {{x}}", ["it's"], "a = 'it''s'"),
        ("a = '{{x}} 00:00'", [date(2026, 3, 29)], "a = '2026-03-29 00:00'"),
        ("d >= {{x}}", [date(2026, 3, 29)], "d >= CAST('2026-03-29' AS DATE)"),
        ("t < {{x}}", [datetime(2026, 3, 29, 1, tzinfo=UTC)], "t < CAST('2026-03-29 01:00:00+00:00' AS TIMESTAMPTZ)"),
        ("{{x}} OR a", [True], "TRUE OR a"),
        ("a IS DISTINCT FROM {{x}}", [None], "a IS DISTINCT FROM NULL"),
        ("a IN {{x}}", [["p", "q'"]], "a IN ('p', 'q''')"),
        ("a NOT IN ( {{x}} )", [[1, -2]], "a NOT IN ( 1, (-2) )"),
        ("a = ANY({{x}})", [[1, 2]], "a = ANY(ARRAY[1, 2])"),
        ("sales_{{x}} > 1", ['n"o'], '"sales_n""o" > 1'),
        ('"sales {{x}}" > 1', ['n"o'], '"sales n""o" > 1'),
        ("t.{{x}} = {{x}}", ["a", "a"], "t.\"a\" = 'a'"),
        ("{{x}}.b = 1", ["a"], '"a".b = 1'),
        ("SELECT 1 FROM {{x}} AS t", ["a b"], 'SELECT 1 FROM "a b" AS t'),
        ("SELECT 1 AS {{x}} FROM s_{{x}} JOIN {{x}} ON {{x}}", ["a", "b", "c", True], 'SELECT 1 AS "a" FROM "s_b" JOIN "c" ON TRUE'),
        ("a -- {{x}}\n > {{x}} /* {{x}} */", ["1\nDROP", 2, "*/ DROP"], "a -- {{x}}\n > 2 /* {{x}} */"),
        ("'a'{{x}}", ["b"], "'a'\"b\""),
        ("{{x}}::text", [1], "1 ::text"),
        ("'{{x}}' || '{{x}}{{x}}'", ["'", "a", "b"], "'''' || 'ab'"),
    ],
)
def test_a_value_becomes_what_stands_there(text: str, values: list[Any], expected: str) -> None:
    assert filled(text, holes(text, *values), "postgres") == expected


@pytest.mark.parametrize(
    ("text", "values", "at"),
    [("a = E'{{x}}'", ["b"], 6), ("a = $${{x}}$$", ["b"], 6), ("U&'{{x}}'", ["b"], 3), ("a IN {{x}}", [[]], 5), ("t.{{x}}", [""], 2)],
)
def test_where_no_value_can_stand_it_is_refused_at_its_place(text: str, values: list[Any], at: int) -> None:
    with pytest.raises(SqlProblem) as problem:
        filled(text, holes(text, *values), "postgres")
    assert problem.value.position == at


def test_a_name_that_a_database_would_cut_off_is_refused() -> None:
    text = "SELECT 'x{{x}}' FROM sales_{{x}}"
    assert filled(text, holes(text, "a" * 57, "a" * 57), "postgres", 63).endswith('aaa"')
    for name in ("a" * 58, "ż" * 29):
        with pytest.raises(SqlProblem, match="more than 63 bytes") as problem:
            filled(text, holes(text, name, name), "postgres", 63)
        assert problem.value.position == 27


def test_a_secret_is_no_part_of_a_name() -> None:
    for text in ("s_{{x}}", '"{{x}}"', "t.{{x}}"):
        with pytest.raises(SqlProblem, match="a secret cannot be part of a name"):
            filled(text, holes(text, "token", secret=True), "postgres")


def test_a_cover_is_as_long_as_what_it_covers() -> None:
    text = "a > {{x}} AND a0 = '{{ format_date(x, \"%Y\") }}' AND b1 = {{y}}{{z}}"
    cover = covered(text, [(hole.start, hole.end) for hole in holes(text, 1, 2, 3, 4)])
    assert len(cover) == len(text)
    assert sqlglot.parse_one(cover, read="postgres").sql("postgres").startswith("a > c0___ AND a0 = 'c1")


@settings(deadline=None)
@given(NASTY, NASTY, st.sampled_from(["duckdb", "postgres"]))
def test_whatever_the_values_the_tree_differs_in_literals_and_names_only(value: str, name: str, dialect: str) -> None:
    text = "{{x}} = '<{{x}}''>' AND t.\"c {{y}}\" IN ({{x}}, 'z') OR {{x}} LIKE t.a_{{y}}"
    made = sqlglot.parse_one(filled(text, holes(text, value, value, name, value, value, name), dialect), read=dialect)
    plain = sqlglot.parse_one("'v' = '<v''>' AND t.\"c n\" IN ('v', 'z') OR 'v' LIKE t.\"a_n\"", read=dialect)
    for node in plain.find_all(exp.Literal):
        node.set("this", node.this.replace("v", value) if "v" in node.this else node.this)
    for identifier in plain.find_all(exp.Identifier):
        if identifier.name in ("c n", "a_n"):
            identifier.set("this", identifier.name[:2] + name)
    assert made == plain


@settings(deadline=None)
@given(NASTY, st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
def test_duckdb_reads_exactly_what_was_given(text: str, whole: int, number: float) -> None:
    query = "SELECT {{a}} AS a, '({{a}})' AS b, {{n}} AS n, {{f}}::DOUBLE AS f"
    row = duckdb.sql(filled(query, holes(query, text, text, whole, number), "duckdb")).fetchone()
    assert row == (text, f"({text})", whole, number)


@settings(deadline=None)
@given(NASTY, NASTY)
def test_a_secret_takes_its_place_in_literals_only(secret: str, beside: str) -> None:
    token = "{{vault:a/b#c 0123456789abcdef01234567}}"
    text = f"SELECT {exp.Literal.string(beside + token + beside).sql('duckdb')} AS a, {exp.Literal.string(beside).sql('duckdb')} AS b"
    assert duckdb.sql(with_texts(text, {token: secret}, "duckdb")).fetchone() == (beside + secret + beside, beside)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("name == {{x}}", ["it's"], "name ==  'it''s' "),
        ("name == 'a {{x}}'", ["it's"], "name == 'a it''s'"),
        ('name == "a {{x}}"', ['it"s'], 'name == "a it""s"'),
        ("age - {{x}}", [-3], "age -  (-3) "),
        ("{{x}} ? {{x}} : {{x}}", [True, None, 1.5], " true  ?  null  :  1.5 "),
        ("{{x}}.contains(a)", [["p", 1]], None),
        ("{{x}} .contains(a)", [["p", 1]], " {'p', 1}  .contains(a)"),
        ("day > {{x}}", [date(2026, 3, 29)], "day >  T(java.time.LocalDate).parse('2026-03-29') "),
        ("a_{{x}} > 1", ["b"], None),
        ("day > {{x}}", [datetime(2026, 3, 29, tzinfo=UTC)], None),
    ],
)
def test_spel_takes_its_own_literals_and_no_parts_of_names(text: str, values: list[Any], expected: str | None) -> None:
    if expected is None:
        with pytest.raises(SqlProblem):
            spel_holes.filled(text, holes(text, *values))
    else:
        assert spel_holes.filled(text, holes(text, *values)) == expected


def test_twice_as_many_templates_take_twice_as_long() -> None:
    """Anybody who may look may have a text of 2 MB checked; ten times as many took a hundred times as long."""
    took = []
    for many in (1_000, 10_000):
        text = "{{parameter}} + " * many + "1"
        spots = holes(text, *[7] * many)
        began = time.process_time()
        assert filled(text, spots, "postgres") == "7 + " * many + "1"
        took.append(time.process_time() - began)
    assert took[1] < 30 * took[0]
