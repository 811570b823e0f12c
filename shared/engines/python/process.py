"""What runs in the process: `python -m shared.engines.python.process`, the order as JSON on its standard input.

The order: {source, input, folder, rows, pandas_rows, threads, paths, parent}. The table comes as Parquet and goes out as Parquet under
`folder`. How it ended stands in `folder`/result.json: {} or {error, line, text, trace}. What the function prints goes to standard output.
"""

from __future__ import annotations

import ctypes
import json
import linecache
import os
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
FILE = "<function>"


def main() -> None:
    order = json.load(sys.stdin)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        # It died before the request reached the kernel.
        os._exit(1)
    folder = Path(order["folder"])
    # After our own, so that a requirement cannot bring another pandas under us.
    sys.path.extend(order["paths"])
    ended: dict[str, Any] = {}
    try:
        _write(_function(order["source"])(_table(order)), folder, order["threads"])
    except BaseException as error:  # noqa: BLE001 (a person's code may raise anything, SystemExit too; it is told, whatever it is)
        ended = _told(error)
    sys.stdout.flush()
    (folder / "result.json").write_text(json.dumps(ended))


def _function(source: str) -> Callable[[Any], Any]:
    if "\n" not in source and ":" in source and " " not in source.strip():
        module, _, name = source.strip().partition(":")
        found: Callable[[Any], Any] = getattr(import_module(module), name)
        return found
    # So that a traceback shows the line.
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    names: dict[str, Any] = {"__name__": "function"}
    exec(compile(source, FILE, "exec"), names)
    if "transform" in names:
        made: Callable[[Any], Any] = names["transform"]
        return made
    (made,) = (value for value in names.values() if callable(value) and getattr(value, "__module__", "") == "function")
    return made


def _table(order: dict[str, Any]) -> Any:
    if order["rows"] <= order["pandas_rows"]:
        import pandas as pd

        return pd.read_parquet(order["input"], dtype_backend="pyarrow")
    import dask
    import dask.dataframe as dd

    dask.config.set(scheduler="threads", num_workers=order["threads"])
    return dd.read_parquet(order["input"], dtype_backend="pyarrow", split_row_groups=1)


def _write(table: Any, folder: Path, threads: int) -> None:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    if isinstance(table, pd.DataFrame):
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), folder / "part.0.parquet")
        return
    dataframes = sys.modules.get("dask.dataframe")
    if dataframes is None or not isinstance(table, dataframes.DataFrame):
        raise TypeError(f"the function gave a {type(table).__name__}; it must give a DataFrame")
    table.to_parquet(str(folder), write_index=False, write_metadata_file=False)


def _told(error: BaseException) -> dict[str, Any]:
    """The error, and the innermost line of the function that it passed through."""
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    line = lines[-1] if lines else None
    number = line.lineno if line is not None else getattr(error, "lineno", None)
    return {
        "error": f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        "line": number,
        "text": (line.line or "").strip() if line is not None else None,
        "trace": "".join(traceback.format_exception(error)),
    }


if __name__ == "__main__":
    main()
