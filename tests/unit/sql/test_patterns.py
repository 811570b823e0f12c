"""Named patterns: a value that is at hand is judged as SQL judges it, by one table of shapes and sums."""

from __future__ import annotations

import random

import duckdb
import pytest
from sqlglot import exp

from shared.sql import patterns
from shared.sql.render import sql

GOOD = {
    "PESEL": ("44051401359", "02070803628"),
    "NIP": ("5260250274", "1060000062"),
    "REGON": ("123456785", "12345678512347"),
    "IBAN": ("PL61109010140000071219812874", "DE89370400440532013000", "NO9386011117947"),
    "E164_PHONE": ("+48123456789", "+12"),
    "EMAIL": ("a.b+c@example.org", "x@a.co"),
    "UUID": ("7d444840-9dc0-11d1-b245-5ffdce74fad2", "7D444840-9DC0-11D1-B245-5FFDCE74FAD2"),
}
BAD = {
    "PESEL": ("44051401358", "44991401359"),
    "NIP": ("5260250275",),
    "REGON": ("123456786", "12345678512348", "12345678612347"),
    "IBAN": ("PL61109010140000071219812875", "PL61 1090 1014 0000 0712 1981 2874"),
    "E164_PHONE": ("48123456789",),
    "EMAIL": ("a.b@example", ".a@example.org"),
    "UUID": ("7d444840-9dc0-11d1-b245-5ffdce74fad",),
}


@pytest.mark.parametrize("name", patterns.NAMES)
def test_a_value_is_judged_here_as_in_sql(name: str) -> None:
    draw = random.Random(1)
    # One sign changed: mostly the shape stays, and the check digit is wrong.
    changed = [value[:at] + draw.choice("0123456789") + value[at + 1 :] for value in GOOD[name] * 40 for at in [draw.randrange(len(value))]]
    values = [*(value for every in (*GOOD.values(), *BAD.values()) for value in every), *changed, "", "\u0663", f"{GOOD[name][0]}\n"]
    condition = sql(exp.select(patterns.matches(name, exp.column("v"))).from_("given"), "duckdb")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE given AS SELECT unnest(?) AS v", [values])
        found = [row[0] for row in connection.execute(condition).fetchall()]
    assert [patterns.holds(name, value) for value in values] == found
    assert all(patterns.holds(name, value) for value in GOOD[name])
    assert not any(patterns.holds(name, value) for value in BAD[name])
