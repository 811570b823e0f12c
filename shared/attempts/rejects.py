"""From the Parquet files in which an attempt staged its rejected rows to the dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from shared.attempts import replaying
from shared.datasets.staging import fetched
from shared.dispatch.claims import Claim
from shared.engines.work import RejectsFile
from shared.store import dead_letters
from shared.store.database import Tx
from shared.store.dead_letters import Rejected


def keep(tx: Tx, claim: Claim, rejects: Sequence[RejectsFile]) -> list[str]:
    """Writes them, instead of what an earlier attempt wrote; returns a sentence for each file that is not there any more.

    A file may be gone only where an earlier attempt's outcome was adopted long after its staging was swept.
    """
    with ExitStack() as open_files:
        paths = [(file, open_files.enter_context(fetched(file.uri))) for file in rejects]
        there = (_rejected(claim.program, file, str(path)) for file, path in paths if path is not None)
        dead_letters.insert(tx, claim.run, claim.stage, claim.epoch, there)
        for node in replaying.entries(claim.program):
            dead_letters.charge_replayed(tx, claim.run, claim.stage, claim.epoch, node)
    return [
        f"{file.rows} rejected rows of node {file.node} are counted but cannot be shown: {file.uri} was swept away"
        for file, path in paths
        if path is None
    ]


def _rejected(program: Mapping[str, Any], file: RejectsFile, path: str) -> Rejected:
    """What kind of rejects they are, by what the program says of their node."""
    node = file.node
    said: Mapping[str, Any] = next((reject for reject in program.get("rejects", ()) if reject["node"] == node), {})
    rules = tuple(said.get("rules", ()))
    if not file.by_rule and any(sink["node"] == node for sink in program.get("sinks", ())):
        # What the destination says of a row begins with no name of a rule.
        return Rejected(node, "sink", _csv_blocks(path))
    kind = "line" if said.get("read") is not None else "quality" if rules else "row"
    return Rejected(node, kind, _csv_blocks(path), rules)


def _csv_blocks(path: str) -> Iterator[bytes]:
    # Heavy, and most attempts reject nothing: loaded by the first that does.
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pcsv
    import pyarrow.parquet as pq

    options = pcsv.WriteOptions(include_header=False, quoting_style="all_valid")
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=20_000):
            # PostgreSQL's text has no NUL; in the record, JSON has it escaped.
            message = pc.replace_substring(batch["error_message"].cast(pa.string()), "\x00", "\N{REPLACEMENT CHARACTER}")
            position = batch["position"].cast(pa.int64())
            rule = batch["rule"].cast(pa.string()) if "rule" in batch.schema.names else pa.nulls(batch.num_rows, pa.string())
            named = ["record", "message", "position", "rule"]
            block = pa.record_batch([batch["original_record"].cast(pa.string()), message, position, rule], named)
            buffer = pa.BufferOutputStream()
            pcsv.write_csv(block, buffer, options)
            yield buffer.getvalue().to_pybytes()
