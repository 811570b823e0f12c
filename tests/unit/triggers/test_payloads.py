"""Bodies of webhooks: as documents, as rows, and as the changes that Debezium tells of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.triggers.payloads import BadPayload, document, lines, rows

SOURCE = {"ts_ms": 1_700_000_000_123, "table": "orders"}


def change(op: str, **more: Any) -> dict[str, Any]:
    return {"before": None, "after": None, "source": SOURCE, "op": op, "ts_ms": 1, **more}


def test_numbers_keep_their_digits() -> None:
    assert lines(rows(document(b'[{"a": 1.10, "b": 12345678901234567890.5}]', "json"))) == '{"a": 1.10, "b": 12345678901234567890.5}\n'
    assert rows(document(b'{"a": 0.1}', "json")) == [{"a": Decimal("0.1")}]


def test_a_byte_order_mark_and_blank_lines_mean_nothing() -> None:
    assert document(b'\xef\xbb\xbf{"a": 1}', "json") == {"a": 1}
    assert document(b'\n{"a": 1}\r\n\n{"a": 2}', "jsonl") == [{"a": 1}, {"a": 2}]
    assert rows(document(b"[]", "json")) == []


def test_csv_is_rows_by_the_names_of_its_first_line() -> None:
    assert document(b'id,note\n1,"a, ""b""\nc"\n\n2,\n', "csv") == [{"id": "1", "note": 'a, "b"\nc'}, {"id": "2", "note": None}]


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b"{", "json", "the body is not JSON"),
        (b"NaN", "json", "not JSON"),
        (b"[" * 100_000, "json", "nested too deeply"),
        (b"\xff", "json", "not UTF-8 (byte 1"),
        (b'{"a": 1}\n{', "jsonl", "line 2 is not JSON"),
        (b"", "csv", "must name its columns"),
        (b"a,a\n1,2", "csv", "each once"),
        (b"a,b\n1", "csv", "line 2 of the CSV has 1 cells"),
        (b'a\n"b', "csv", "is not CSV"),
    ],
)
def test_what_cannot_be_read_says_where(body: bytes, kind: str, told: str) -> None:
    with pytest.raises(BadPayload) as refused:
        document(body, kind)
    assert told in refused.value.message


@pytest.mark.parametrize("said", [1, "a", None, [[1]], [{"a": 1}, 2]])
def test_what_is_no_row_is_refused(said: Any) -> None:
    with pytest.raises(BadPayload, match="rows are JSON objects"):
        rows(said)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(("op", "image"), [("c", "after"), ("r", "after"), ("u", "after"), ("d", "before")])
def test_a_change_is_the_row_as_it_is_after_it_or_was_before_a_delete(op: str, image: str, wrapped: bool) -> None:
    told: dict[str, Any] = change(op, **{image: {"id": 1}})
    told = {"schema": {"type": "struct"}, "payload": told} if wrapped else told
    assert rows([told]) == [{"id": 1, "_op": op, "_ts": "2023-11-14T22:13:20.123Z"}]


def test_tombstones_and_messages_are_no_rows_and_a_truncate_is_refused() -> None:
    assert rows([{"schema": None, "payload": None}, {"op": "m", "source": {}, "message": {}, "ts_ms": 1}]) == []
    with pytest.raises(BadPayload, match="truncated"):
        rows([change("t")])


def test_a_delete_without_the_row_says_what_to_set() -> None:
    with pytest.raises(BadPayload, match="REPLICA IDENTITY FULL"):
        rows([change("d")])


def test_a_row_that_only_has_a_column_op_stays_as_it_is() -> None:
    assert rows({"op": "c", "after": "noon"}) == [{"op": "c", "after": "noon"}]
