"""Which stages are done again when a person asks for a run that has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.runs.restart import Again, CannotRestart, Ended, WouldDouble, again
from shared.runs.states import StageStatus

DONE, FAILED, SKIPPED = StageStatus.COMPLETED, StageStatus.FAILED, StageStatus.SKIPPED
# Two destinations of what is computed once, each with a check of what was written.
READ = Ended(1, DONE, (), ("read", "clean"))
TABLE = Ended(2, DONE, (1,), ("table",), writes=("INSERT",))
FILE = Ended(3, FAILED, (1,), ("file",), writes=("OVERWRITE",))
CHECKED = Ended(4, DONE, (2,), ("table",), kind="check")
UNCHECKED = Ended(5, SKIPPED, (3,), ("file",), kind="check")
RUN = (READ, TABLE, FILE, CHECKED, UNCHECKED)


def test_what_failed_and_what_came_after_it_is_done_and_nothing_else() -> None:
    assert again(RUN, from_node=None) == Again((3, 5))


def test_from_a_node_on_what_was_done_is_done_again_under_another_marker() -> None:
    upserting = (READ, replace(TABLE, writes=("UPSERT",)), FILE, CHECKED, UNCHECKED)
    assert again(upserting, from_node="table") == Again((2, 3, 4, 5), frozenset({2}))


def test_what_may_have_been_committed_without_a_record_is_looked_for_when_it_only_failed() -> None:
    inserting = (READ, replace(TABLE, status=FAILED))
    assert again(inserting, from_node=None) == Again((2,))
    assert again(inserting, from_node="read") == Again((1, 2)), "its marker says whether the rows are in"


def test_an_upsert_that_failed_writes_what_is_computed_anew() -> None:
    upserting = (READ, replace(TABLE, status=FAILED, writes=("UPSERT",)))
    assert again(upserting, from_node="clean") == Again((1, 2), frozenset({2}))
    assert again(upserting, from_node=None) == Again((2,))


def test_rows_that_were_inserted_are_not_inserted_again_unless_that_is_allowed() -> None:
    for node in ("read", "clean", "table"):
        with pytest.raises(WouldDouble, match=r"stage 2 \(table\) has inserted its rows; .* allowDuplicates: true"):
            again(RUN, from_node=node)
    assert again(RUN, from_node="table", allow_duplicates=True) == Again((2, 3, 4, 5), frozenset({2}))


def test_what_is_done_after_the_node_can_be_kept() -> None:
    assert again(RUN, from_node="read", keep=True) == Again((1, 3, 5))


def test_staged_rows_that_are_gone_are_computed_again() -> None:
    first = Ended(1, DONE, (), ("read",), gone=True)
    second = Ended(2, DONE, (1,), ("sum",), gone=True)
    third = Ended(3, FAILED, (2,), ("write",), writes=("INSERT",))
    assert again((first, second, third), from_node=None) == Again((1, 2, 3))
    assert again((first, replace(second, gone=False), third), from_node=None) == Again((3,))


def test_no_rows_that_are_computed_again_are_published_on_the_word_of_a_check_of_others() -> None:
    compute, gate = Ended(1, DONE, (), ("read",), gone=True), Ended(2, DONE, (1,), ("put",), kind="check")
    publish = Ended(3, FAILED, (1, 2), ("put",), writes=("INSERT",))
    assert again((compute, gate, publish), from_node=None) == Again((1, 2, 3))
    assert again((replace(compute, gone=False), gate, publish), from_node="read", keep=True) == Again((1, 2, 3))
    assert again((replace(compute, gone=False), gate, publish), from_node=None) == Again((3,))


def test_a_check_that_is_done_again_gets_all_rows_that_it_compares() -> None:
    compute, other = Ended(1, DONE, (), ("read",)), Ended(2, DONE, (), ("parents",), gone=True)
    gate, publish = Ended(3, DONE, (1, 2), ("put",), kind="check"), Ended(4, FAILED, (1, 3), ("put",), writes=("INSERT",))
    of_parents = Ended(5, DONE, (2,), ("parents",), kind="check")
    assert again((compute, other, gate, publish, of_parents), from_node="read", keep=True) == Again((1, 2, 3, 4, 5))


def test_rows_that_are_gone_are_not_computed_again_where_that_would_insert() -> None:
    both = Ended(1, DONE, (), ("read", "table"), writes=("INSERT",), gone=True)
    with pytest.raises(WouldDouble, match="its staged rows, which others need, are no longer there"):
        again((both, Ended(2, FAILED, (1,), ("table",), kind="check")), from_node=None)


def test_numbers_that_were_given_out_are_not_given_out_again() -> None:
    numbering = (Ended(1, DONE, (), ("number",), numbered=("number",)), Ended(2, FAILED, (1,), ("write",), writes=("UPSERT",)))
    with pytest.raises(WouldDouble, match="the numbers of number in stage 1 have been given out"):
        again(numbering, from_node="number")
    assert again(numbering, from_node=None) == Again((2,))


def test_a_node_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(CannotRestart, match="there is no node tabel in this run's plan; it has clean, file, read, table"):
        again(RUN, from_node="tabel")


def test_a_run_with_nothing_left_to_do_needs_a_node() -> None:
    with pytest.raises(CannotRestart, match="everything in this run is done; name the node"):
        again((READ, TABLE, CHECKED), from_node=None)


def test_what_rejected_rows_that_were_replayed_since_is_done_again_only_where_that_is_allowed() -> None:
    rejecting = (Ended(1, DONE, (), ("read", "table"), writes=("UPSERT",), replayed=True),)
    with pytest.raises(WouldDouble, match="rows that stage 1 \\(read, table\\) rejected were replayed, or are being; doing it again"):
        again(rejecting, from_node="read")
    assert again(rejecting, from_node="read", allow_duplicates=True) == Again((1,), frozenset({1}))


def test_what_rejected_rows_that_somebody_corrected_or_waived_is_done_again_only_where_that_is_allowed() -> None:
    rejecting = (Ended(1, DONE, (), ("read", "table"), writes=("UPSERT",), decided=True),)
    with pytest.raises(WouldDouble, match="rows that stage 1 \\(read, table\\) rejected were corrected or waived; doing it again"):
        again(rejecting, from_node="read")
    assert again(rejecting, from_node="read", allow_duplicates=True) == Again((1,), frozenset({1}))
