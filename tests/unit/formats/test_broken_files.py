"""Files whose bytes break off, are damaged, locked or far larger than they look: a sentence that names the file, and no row of them."""

from __future__ import annotations

import bz2
import gzip
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from shared.formats.errors import UnreadableFile
from tests.support.formats import read

# So many that what looks at the beginning of a file does not come to its end.
RECORDS = 1_500_000


def zstd(plain: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(plain)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("ending", ["csv.gz", "csv.zst"])
def test_a_packed_file_that_breaks_off_late_is_not_taken_for_a_shorter_one(tmp_path: Path, ending: str) -> None:
    # Of one column of figures: half of the last line is a record, too.
    plain = "\n".join(["a", *map(str, range(RECORDS))]).encode()
    packed = zstd(plain) if ending.endswith("zst") else gzip.compress(plain, 1)
    (tmp_path / f"t.{ending}").write_bytes(packed[: len(packed) * 9 // 10])
    with pytest.raises(UnreadableFile, match=rf"t\.{ending}: its \w+ data breaks off"):
        read(tmp_path, f"t.{ending}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv.gz", b"a,b\n1,2\n"),
        ("t.csv.gz", gzip.compress(b"a\n1\n", mtime=0)[:-6]),
        ("t.csv.bz2", bz2.compress(b"a\n1\n")[:-6]),
        ("t.csv.zst", b"a,b\n1,2\n"),
        ("t.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)),
        ("t.xlsx", b"a,b\n1,2\n"),
    ],
    ids=["no gzip", "half a gzip", "half a bz2", "no zstd", "password", "no workbook"],
)
def test_what_is_not_what_its_ending_says_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFile, match=rf"/{name}: .*(write the file anew|save it as)"):
        read(tmp_path, name)


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_workbook_whose_parts_unpack_to_more_than_memory_is_given_is_refused_by_what_it_says_of_them(tmp_path: Path, part: str) -> None:
    openpyxl.Workbook().save(tmp_path / "plain.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "plain.xlsx") as plain,
        zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        for name in plain.namelist():
            if name != part:
                made.writestr(name, plain.read(name))
        with made.open(part, "w") as bomb:
            for _ in range(300 if "shared" in part.lower() else 20):
                bomb.write(bytes(1_000_000))
    with pytest.raises(UnreadableFile, match=rf"t\.xlsx: .*{part} unpacks to \d+ MB"):
        read(tmp_path, "t.xlsx")
