"""Dead letters for those who may only look: columns whose names look secret are masked, as they are in samples and previews.

A line of a file is one text; it is masked whole where a column of its file looks secret. So is an error that may repeat a part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.formats import exact_json
from shared.secrets.shown import MASK, looks_secret
from shared.store import dead_letter_views
from shared.store.database import Tx

_RECORDS = ("original_record", "record")
# Where a line stands in its record; the other is its file.
_TEXTS = ("line", "record")
# Shorter ones are in many words.
_LEAST = 3


class Masked:
    """For one answer: what is known of the files of its letters is looked up once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._files: dict[tuple[str, str], bool] = {}

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of `dead_letter_views`; its records as they came, values or JSON text."""
        texts = any(isinstance(row[key], str) for key in _RECORDS)
        records = {key: exact_json.loads(row[key]) if texts and row[key] is not None else row[key] for key in _RECORDS}
        message = row["error_message"]
        if row["kind"] == "line":
            if not self._has_secrets(row["run"], row["node"]):
                return dict(row)
            records, message = {key: _without(record, _TEXTS) for key, record in records.items()}, MASK
        else:
            for record in records.values():
                hidden = [name for name in record or () if looks_secret(name) and record[name] is not None]
                for name in hidden:
                    if len(said := str(record[name])) >= _LEAST:
                        message = message.replace(said, MASK)
            records = {key: _without(record, [name for name in record or () if looks_secret(name)]) for key, record in records.items()}
        told = {key: exact_json.dumps(record) if texts and record is not None else record for key, record in records.items()}
        return {**row, **told, "error_message": message}

    def _has_secrets(self, run: str, node: str) -> bool:
        """Where nobody knows the columns of a file, it may have some."""
        if (run, node) not in self._files:
            reads = (read for one in dead_letter_views.programs(self._tx, run, node) for read in one.get("reads", ()))
            columns = next((read["options"]["surveyed"] for read in reads if read["node"] == node and "surveyed" in read["options"]), None)
            self._files[run, node] = columns is None or any(looks_secret(str(column[0])) for column in columns)
        return self._files[run, node]


def _without(record: Any, names: Any) -> Any:
    if not isinstance(record, Mapping):
        return record
    return {name: MASK if name in names and value is not None else value for name, value in record.items()}
