"""Reads and writes `{box}/{table}.arrow`. The marker of the last commit is in the file itself, so that both appear at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from shared.connectors.errors import NotFound
from shared.connectors.protocols import AttemptKey, Rows, SinkWrite, Survey
from shared.datasets import Column, Columns

_TYPES = {"int64": "BIGINT", "int32": "INTEGER", "string": "TEXT", "double": "DOUBLE PRECISION", "bool": "BOOLEAN"}


class ConnectorDriver:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._box = Path(config["box"])

    def survey(self, role: str, options: Mapping[str, Any]) -> Survey:
        path = self._path(options["table"])
        if not path.exists():
            raise NotFound(f"table {options['table']} is not in the box {self._box}; correct the name")
        table = _load(path)
        columns = tuple(Column(field.name, _TYPES[str(field.type)], field.nullable) for field in table.schema)
        return Survey(True, columns, table.num_rows, marker=str(path.stat().st_mtime_ns))

    def read(self, session: str, options: Mapping[str, Any], columns: Columns, keep: Sequence[str]) -> Stream:
        return Stream(_load(self._path(options["table"])).select([column.name for column in columns if column.name in keep]))

    def open_sink(self, key: AttemptKey, writes: tuple[SinkWrite, ...]) -> Session:
        (write,) = writes
        return Session(key, self._path(write.target))

    def _path(self, table: str) -> Path:
        return self._box / f"{table}.arrow"


class Stream:
    failure: BaseException | None = None
    texts: Collection[str] = ()

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def cancel(self) -> None:
        """It is all in memory."""

    def close(self) -> None:
        """Nothing is open."""


class Session:
    def __init__(self, key: AttemptKey, path: Path) -> None:
        self._marker, self._path = f"{key.namespace}/{key.run}/{key.stage}/{key.rerun}", path
        self._table: pa.Table | None = None
        kept = (_load(path).schema.metadata or {}) if path.exists() else {}
        same = kept.get(b"marker", b"").decode() == self._marker
        self.adopted: dict[str, Any] | None = json.loads(kept[b"outcome"]) if same else None

    def write(self, write: SinkWrite, rows: Rows) -> dict[str, int | None]:
        there = _load(self._path) if self._path.exists() else None
        self._table = rows.arrow().read_all()
        if write.write_mode == "INSERT" and there is not None:
            self._table = pa.concat_tables([there.replace_schema_metadata(None), self._table])
        gone = there.num_rows if there is not None and write.write_mode == "OVERWRITE" else 0
        return {"rowsInserted": rows.count, "rowsUpdated": 0, "rowsUnchanged": 0, "rowsDeleted": gone, "merged": None}

    def commit(self, outcome: dict[str, Any]) -> dict[str, Any]:
        assert self._table is not None
        table = self._table.replace_schema_metadata({"marker": self._marker, "outcome": json.dumps(outcome)})
        fresh = self._path.with_suffix(".new")
        with ipc.new_file(fresh, table.schema) as writer:
            writer.write_table(table)
        fresh.replace(self._path)
        return outcome

    def cancel(self) -> None:
        """It writes in one go."""

    def abort(self) -> None:
        self._path.with_suffix(".new").unlink(missing_ok=True)


def _load(path: Path) -> pa.Table:
    with ipc.open_file(path) as reader:
        return reader.read_all()
