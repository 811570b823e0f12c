"""validate: named patterns with their check digits, and UNIQUE by row; expected values worked out apart from the SQL."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from tests.support.inprocess import Ran, make_pipeline, run

READ = "    - {id: rows, type: connector_source, config: {connector: files, path: rows.csv, schema: {v: TEXT}}}\n"
SINKS = "".join(
    f"    - {{id: {port}, type: connector_sink, config: {{connector: files, path: {port}.csv, writeMode: OVERWRITE}}}}\n"
    for port in ("valid", "invalid")
)
EDGES = "{from: rows, to: it}, {from: it.valid, to: valid}, {from: it.invalid, to: invalid}"


def checked(folder: Path, header: str, rows: list[tuple[str, ...]], rules: str) -> Ran:
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)
    return run(folder, make_pipeline(READ + f"    - {{id: it, type: validate, config: {{rules: [{rules}]}}}}\n" + SINKS, EDGES))


GOOD = {
    "PESEL": ["44051401359", "02070803628", "92071314764", "00301202868", "90090515836"],
    "NIP": ["1234563218", "5260250274", "7740001454"],
    "REGON": ["123456785", "12345678512347", "610188201"],
    "IBAN": ["PL61109010140000071219812874", "GB82WEST12345698765432", "DE89370400440532013000", "MT84MALT011000012345MTLCAST001S"],
    "E164_PHONE": ["+48123456789", "+14155552671"],
    "EMAIL": ["a@b.pl", "jan.kowalski+x@mail.example.com", "o'neil@e-x.org"],
    "UUID": ["019a0b1c-2d3e-7f40-8123-456789abcdef", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"],
}
BAD = {
    "PESEL": ["44051401358", "00000000000", "4405140135", "440514013590", "44131401359", "a4051401359"],
    "NIP": ["1234563219", "123-456-32-18", "123456321", "0000000000x"],
    "REGON": ["123456784", "12345678512340", "12345678412347", "1234567851"],
    "IBAN": ["PL61109010140000071219812875", "pl61109010140000071219812874", "GB82 WEST 1234 5698 7654 32", "DE89"],
    "E164_PHONE": ["48123456789", "+0123456", "+4812345678901234", "+48 123 456 789"],
    "EMAIL": ["a@b", "a b@c.pl", "@c.pl", "a..b@c.pl", "a@-b.pl", "a@b.pl\n"],
    "UUID": ["019a0b1c2d3e7f408123456789abcdef", "019a0b1c-2d3e-7f40-8123-456789abcdeg", ""],
}


@pytest.mark.parametrize("pattern", sorted(GOOD))
def test_a_named_pattern_takes_what_its_standard_takes(tmp_path: Path, pattern: str) -> None:
    rows = [(str(at), value) for at, value in enumerate([*GOOD[pattern], *BAD[pattern]])]
    ran = checked(tmp_path, "n,v", rows, f"{{name: r, type: REGEX, column: v, pattern: {pattern}}}")
    valid = {row[1] for row in ran.rows("valid.csv")}
    # An empty field of a CSV is NULL, which no pattern looks at.
    assert valid - {""} == set(GOOD[pattern])
    assert {row[-1] for row in ran.rows("invalid.csv")} == {f"r: v is no {pattern}"}


def _weighed(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _is_nip(v: str) -> bool:
    return _weighed(v, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(v[9])


def _is_iban(v: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in v[4:] + v[:4])) % 97 == 1


def test_check_digits_are_those_of_an_independent_computation(tmp_path: Path) -> None:
    chance = random.Random(7)
    nips = ["".join(chance.choice("0123456789") for _ in range(10)) for _ in range(2000)]
    ran = checked(tmp_path, "n,v", [("x", v) for v in nips], "{name: r, type: REGEX, column: v, pattern: NIP}")
    assert sorted(row[1] for row in ran.rows("valid.csv")) == sorted(filter(_is_nip, nips))
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    ibans = [f"PL{c:02d}" + "".join(chance.choice(signs) for _ in range(chance.randint(11, 30))) for c in range(100) for _ in range(20)]
    ran = checked(tmp_path, "n,v", [("x", v) for v in ibans], "{name: r, type: REGEX, column: v, pattern: IBAN}")
    assert sorted(row[1] for row in ran.rows("valid.csv")) == sorted(filter(_is_iban, ibans))


ROWS = [("1", "a"), ("2", "b"), ("3", "a"), ("4", ""), ("5", ""), ("6", "c")]


@pytest.mark.parametrize(
    ("more", "invalid"),
    [("", {"1", "3"}), (", nullsEqual: true", {"1", "3", "4", "5"}), (", where: n > 1", set())],
)
def test_all_rows_of_a_repeated_key_break_unique(tmp_path: Path, more: str, invalid: set[str]) -> None:
    ran = checked(tmp_path, "n,v", ROWS, f"{{name: once, type: UNIQUE, column: v{more}}}, {{name: r, type: NOT_NULL, column: n}}")
    assert {row[0] for row in ran.rows("invalid.csv")} == invalid
    assert {row[0] for row in ran.rows("valid.csv")} == {row[0] for row in ROWS} - invalid
    assert {row[-1] for row in ran.rows("invalid.csv")} <= {"once: v is there more than once"}
    figures = ran.figures["it"]
    assert (figures["rowsIn"], figures["rowsOut"], figures["rowsRejected"]) == (6, 6 - len(invalid), len(invalid))
