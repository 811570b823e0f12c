"""What an attempt needs of the cursors that its stage reads or moves, and what it leaves for the next window."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.datasets.staging import fetched
from shared.dispatch.claims import Claim
from shared.engines.work import Outcome, Remembered
from shared.errors import PenstockError
from shared.store import cursors, runs, stages
from shared.store.cursors import CursorHeld as CursorHeld
from shared.store.database import Tx


@dataclass(frozen=True, slots=True)
class Known:
    """By source. `remembered`: of the last window, where the stage reads; `carried`: what the stage that read it remembered, where this one
    writes.
    """

    remembered: dict[str, bytes] = field(default_factory=dict, repr=False)
    carried: dict[str, Remembered] = field(default_factory=dict, repr=False)


def begin(tx: Tx, claim: Claim) -> Known:
    """Called in the transaction that claims the stage. Raises CursorHeld."""
    wanted = claim.program.get("cursors") or {}
    if not wanted:
        return Known()
    begun = cursors.begin(tx, claim.run, claim.namespace, claim.pipeline, wanted, claim.program.get("publishedAs"))
    return Known(
        {node: bytes(row["remembered"] or b"") for node, row in begun.items() if wanted[node]["reads"]},
        {
            node: Remembered(row["pending_columns"], bytes(row["pending_remembered"]), floor=row["pending_floor"])
            for node, row in begun.items()
            if row["pending_remembered"] is not None
        },
    )


def keep(tx: Tx, claim: Claim, outcome: Outcome) -> None:
    """Writes down what the attempt's windows are to be remembered by; it counts once their sinks are recorded.

    Nothing, where the stage is another attempt's by now: that one has read more, and has written it.
    """
    found = {node: _digests(node, remembered) for node, remembered in outcome.remembered.items()}
    # The run's row stays ours to the end: nobody else can be given the stage in the meantime.
    if runs.lock(tx, claim.run) is None or not stages.is_held(tx, *claim.key):
        return
    for node, digests in found.items():
        remembered = outcome.remembered[node]
        cursors.remember(tx, claim.run, claim.namespace, claim.pipeline, node, remembered.columns, digests, remembered.floor)


def _digests(node: str, remembered: Remembered) -> bytes:
    if remembered.uri is None:
        return remembered.digests
    with fetched(remembered.uri) as path:
        if path is None:
            raise PenstockError(
                f"the rows of {node} are in its sink, and what is known of them was swept away ({remembered.uri}), so that the next run"
                " could not tell them from new ones; set its cursor to the last value in the sink (penstock state)",
                node=node,
            )
        return path.read_bytes()
