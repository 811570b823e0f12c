"""The same failure is recognised from run to run, and another one is not taken for it."""

from __future__ import annotations

import pytest
from cases import earlier

from shared.diagnosis import fingerprint, recognised

DUPLICATE = 'h:5432/d, table t: duplicate key value violates unique constraint "t_pkey" (Key (id)=({}) already exists.); correct the rows'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DUPLICATE.format(7), DUPLICATE.format(1234)),
        ("its rejectLimit allows 10 (one of them: x: no)", "its rejectLimit allows 10 (one of them: y)"),
        ("run 0198c2de-0000-7000-8000-000000000001 has it", "run 0198c2de-aaaa-7000-8000-00000000000f has it"),
        ("left alone until 10:00:00 UTC", "left alone until 23:59:59 UTC"),
        ('invalid input syntax for type date: "no day"', 'invalid input syntax for type date: "never"'),
        ("Could not convert string 'abc' to INT32", "Could not convert string 'x y' to INT32"),
        ("null value (Failing row contains (1, null).)", "null value (Failing row contains (2, null).)"),
    ],
)  # fmt: skip
def test_values_times_and_ids_do_not_make_another_failure(one: str, other: str) -> None:
    assert fingerprint("code", one) == fingerprint("code", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("there is no column amount", "there is no column tax"),
        ('relation "a" does not exist', 'relation "b" does not exist'),
        ("table t1 has no column x", "table t2 has no column x"),
    ],
)
def test_names_do(one: str, other: str) -> None:
    assert fingerprint("code", one) != fingerprint("code", other)
    assert fingerprint("code", one) != fingerprint("other", one)


def test_how_often_it_was_seen_and_when_it_last_went_well() -> None:
    same = {"code": "connector_rejected_data", "message": DUPLICATE.format(1)}
    other = {"code": "connector_denied", "message": "the login was refused"}
    before = earlier(("FAILED", 8, same), ("FAILED", 8, other), ("FAILED", 8, same), ("SUCCEEDED", 7, None), ("SUCCEEDED", 6, None))
    known = recognised("connector_rejected_data", DUPLICATE.format(2), before)
    assert (known.times, known.looked_at, known.runs) == (2, 5, ("run-0", "run-2"))
    assert known.sentence == "seen 2 times before, since 2026-11-19 12:00 UTC; it last ended well on 2026-11-18 12:00 UTC with version 7"


def test_a_first_run_and_a_new_failure_are_told_as_such() -> None:
    assert recognised("x", "y", []).sentence == "this is the pipeline's first run"
    assert recognised("x", "y", earlier(("FAILED", 1, None))).sentence == (
        "not seen in the 1 run before this one; it has not ended well in them"
    )
