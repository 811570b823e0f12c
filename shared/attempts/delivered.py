"""What a webhook was sent, laid out for the child that reads it: the rows of the run's deliveries, as files in the slot's own folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.attempts.laid_out import laid_out
from shared.engines.work import ResolvedConnector
from shared.errors import ConfigurationError
from shared.pipelines.delivered import DELIVERED, DELIVERED_TYPE, file_of
from shared.store import deliveries
from shared.store.database import Database

_FOLDER = "deliveries"


class NothingDelivered(ConfigurationError):
    """The run reads what a webhook was sent, and nobody sent anything for it, or it is not kept any longer."""

    code = "nothing_delivered"


@contextmanager
def rows(database: Database, run: str, program: Mapping[str, Any], scratch: Path) -> Iterator[dict[str, ResolvedConnector]]:
    """The connector that stands for them, while the attempt runs. Of a webhook that did not start this run there are no rows."""
    reads = {str(read["options"]["path"]): read["node"] for read in program.get("reads", ()) if read["connector"] == DELIVERED}
    if not reads:
        yield {}
        return
    with laid_out(scratch, _FOLDER) as folder:
        for path in reads:
            (folder / path).touch()
        laid = 0
        with database.transaction() as tx:
            for trigger, lines in deliveries.contents(tx, run):
                laid += 1
                if file_of(trigger) in reads:
                    with (folder / file_of(trigger)).open("a", encoding="utf-8", newline="") as file:
                        file.write(lines)
        if not laid:
            raise NothingDelivered(
                "this pipeline reads what its webhook is sent, and this run has no delivery; send one, or try with `penstock hooks test`",
                node=next(iter(reads.values())),
            )
        yield {DELIVERED: ResolvedConnector(DELIVERED, DELIVERED_TYPE, {"root": str(folder)})}
