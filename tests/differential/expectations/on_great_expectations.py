"""Expectations on data frames; in an environment of its own. Started by path with that environment's Python: JSON in, JSON out.

In: {datasets: {name: path of a Parquet file}, asked: [{dataset, type, settings}]}. Out: [{success, checked, failing}], in that order.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import great_expectations as gx
import pandas as pd


def main() -> None:
    told = json.load(sys.stdin)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("frames")
    found: list[dict[str, Any] | None] = [None] * len(told["asked"])
    for name, path in told["datasets"].items():
        mine = [(at, one) for at, one in enumerate(told["asked"]) if one["dataset"] == name]
        columns = sorted({column for _, one in mine for column in _columns(one["settings"])})
        frame = pd.read_parquet(path, columns=columns)
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        for at, one in mine:
            expectation = getattr(gx.expectations, one["type"])(**one["settings"])
            found[at] = _answer(batch.validate(expectation, result_format="BASIC"))
    json.dump(found, sys.stdout)


def _columns(settings: dict[str, Any]) -> list[str]:
    return settings.get("column_list") or [settings[key] for key in ("column", "column_A", "column_B") if key in settings]


def _answer(result: Any) -> dict[str, Any]:
    if result.exception_info and any("exception_message" in str(one) for one in [result.exception_info]) and not result.result:
        raise RuntimeError(str(result.exception_info))
    said = result.result
    checked = said["element_count"] - (said.get("missing_count") or 0) if "element_count" in said else None
    return {"success": bool(result.success), "checked": checked, "failing": said.get("unexpected_count")}


main()
