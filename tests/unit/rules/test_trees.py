"""The trees of rules: what is typed together has the types that each has by itself."""

from __future__ import annotations

from sqlglot import exp

from shared.datasets import Column
from shared.rules.trees import typed, typed_each, values
from shared.rules.types import column, count


def test_what_is_typed_at_once_has_the_types_of_each_by_itself() -> None:
    columns = (Column("a", "NUMERIC(12, 2)"), Column("b", "TIMESTAMPTZ"), Column("c", "a_type_of_their_own"))
    asked = {"rows": count(), "sum": exp.Sum(this=column("a")), "newest": exp.Max(this=column("b")), "there": values(column("c"))}
    together = typed_each({name: tree.copy() for name, tree in asked.items()}, columns)
    assert {name: (tree.sql(), tree.type) for name, tree in together.items()} == {
        name: (made.sql(), made.type) for name, tree in asked.items() for made in [typed(tree, columns)]
    }
    assert [tree.type.sql("postgres") for tree in together.values() if tree.type] == ["BIGINT", "DECIMAL(38, 2)", "TIMESTAMPTZ", "BIGINT"]
