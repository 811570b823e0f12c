"""Capitals in data frames, letter by letter."""

from __future__ import annotations

import pyarrow as pa

from shared.engines.dataframe.capitals import capitals


def test_sharp_s_stays_and_its_capital_too() -> None:
    texts = pa.chunked_array([pa.array(["straße", None, "", "ẞß é"]), pa.array(["x"])])
    assert capitals(texts).to_pylist() == ["STRAßE", None, "", "ẞß É", "X"]
    assert capitals(texts.slice(3)).to_pylist() == ["ẞß É", "X"]


def test_one_value_is_one_value() -> None:
    assert capitals(pa.scalar("ß")).as_py() == "ß"
    assert capitals(pa.scalar(None, pa.string())).as_py() is None
