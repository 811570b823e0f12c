"""Each rewrite of each dialect is needed: without it a golden query is said otherwise. What no query needs is dead, or lacks its query.

The list is the dialects' own (`Dialect.passes`). Where a database can be had here, `make differential FAULTS=1` shows the rows that change.
"""

from __future__ import annotations

import logging

import pytest

from shared.sql.dialects import DIALECTS
from tests.unit.sql.dialect_cases import OLDEST, QUERIES, SHOWN, VERSIONS, changed_without, held, said


@pytest.mark.parametrize("name", SHOWN)
def test_what_an_older_version_is_told_otherwise_is_said_as_the_golden_text_has_it(name: str) -> None:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    if not DIALECTS[name].since:
        pytest.skip("not here: all its versions are told the same")
    made = {title: text for title in QUERIES if (text := said(title, name, OLDEST)) != said(title, name, VERSIONS.get(name))}
    assert made == held(f"oldest/{name}.sql", made)


@pytest.mark.parametrize(("name", "lost"), [(name, one.name) for name in SHOWN for one in DIALECTS[name].passes])
def test_without_one_of_its_rewrites_a_dialect_says_a_golden_query_otherwise(name: str, lost: str) -> None:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    assert changed_without(name, lost), f"no query of tests/golden/dialects needs {lost} of {name}"
