"""What bytes may be written in, where they are not what was said."""

from __future__ import annotations

import io

import pytest

from shared.formats import csv_dialect
from shared.formats.encodings import readings
from shared.formats.errors import UnreadableFile
from shared.formats.header import records

LODZ, SHARED, GERMAN, PRICE = "Zażółć gęślą jaźń, Łódź", "1,żółć", "Größe", "5 €"


@pytest.mark.parametrize(
    ("text", "written", "said", "found"),
    [
        (LODZ, "windows-1250", "utf-8", {"Zażółć": ("windows-1250",)}),
        (LODZ, "iso-8859-2", "utf-8", {"Zażółć": ("iso-8859-2",)}),
        (LODZ, "utf-8", "windows-1250", {"Zażółć": ("utf-8",)}),
        (LODZ, "utf-16", "utf-8", {"Zażółć": ("utf-16",)}),
        (SHARED, "windows-1250", "utf-8", {"żółć": ("windows-1250", "iso-8859-2")}),
        (GERMAN, "latin-1", "utf-8", {"Größe": ("latin-1", "windows-1250", "iso-8859-2", "windows-1252")}),
        (PRICE, "windows-1252", "utf-8", {"€": ("windows-1250", "windows-1252")}),
        ("\x00\x81\x8d", "latin-1", "utf-8", {}),
    ],
)
def test_only_what_makes_sense_of_all_bytes_is_named(text: str, written: str, said: str, found: dict[str, tuple[str, ...]]) -> None:
    sample = text.encode(written)
    at = next(number for number, byte in enumerate(sample) if byte > 127)
    assert readings(sample, at, said) == found


def test_a_file_says_what_its_first_bad_word_would_be() -> None:
    text = f"id,city\n1,Lublin\n2,{LODZ}\n".encode("windows-1250")
    with pytest.raises(UnreadableFile, match=r"its bytes make sense as windows-1250 \('Zażółć'\); set options\.encoding$"):
        records(io.BytesIO(text), csv_dialect("csv", {}), 10)
