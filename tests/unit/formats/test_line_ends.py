"""Files whose lines do not all end alike, as they are when somebody put them together of others."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from shared.formats import csv_dialect
from shared.formats.line_ends import made_alike, may_differ


@pytest.mark.parametrize(
    ("text", "options", "alike"),
    [
        (b'id,n\r\n1,"a\r\nb"\n2,x\r3,"q""\n",z\r\n', {}, b'id,n\n1,"a\r\nb"\n2,x\n3,"q""\n",z\n'),
        (b'1,d"d\r\n2,"never closed\n3', {}, b'1,d"d\n2,"never closed\n3'),
        (b'1,"a\\"\r\nb"\r2,x\n', {"escape": "\\"}, b'1,"a\\"\r\nb"\n2,x\n'),
        (b"1|'a\r\nb'|\n\r\n", {"delimiter": "|", "quote": "'"}, b"1|'a\r\nb'|\n\n"),
        ("ż\r\nó\n".encode(), {}, "ż\nó\n".encode()),
    ],
)
def test_records_end_alike_and_keep_what_is_in_quotes(tmp_path: Path, text: bytes, options: dict[str, str], alike: bytes) -> None:
    assert may_differ(io.BytesIO(text), "utf-8")
    (tmp_path / "mixed").write_bytes(text)
    made = io.BytesIO()
    made_alike(tmp_path / "mixed", made, csv_dialect("csv", options))
    assert made.getvalue() == alike


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_one_kind_is_read_as_it_lies_also_where_a_block_ends_in_it(end: bytes) -> None:
    text = (b"x" * ((1 << 20) - 1) + end) * 3
    assert not may_differ(io.BytesIO(text), "utf-8")
    assert may_differ(io.BytesIO(text + b"x" + (b"\r\n" if end == b"\n" else b"\n")), "utf-8")


def test_a_standard_reader_finds_the_same_records(tmp_path: Path) -> None:
    rows = [[str(n), f'a"{n}' if n % 3 else f"b,\r\n{n}"] for n in range(500)]
    text = io.StringIO(newline="")
    for n, row in enumerate(rows):
        csv.writer(text, lineterminator=("\n", "\r\n", "\r")[n % 3]).writerow(row)
    (tmp_path / "mixed").write_bytes(text.getvalue().encode())
    made = io.BytesIO()
    made_alike(tmp_path / "mixed", made, csv_dialect("csv", {}))
    assert list(csv.reader(io.StringIO(made.getvalue().decode(), newline=""))) == rows
