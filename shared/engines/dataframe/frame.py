"""What a SELECT needs of a set of rows, whether they are one table in memory (pandas) or parts on disk (Dask)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from shared.engines.dataframe.expressions import Draw
from shared.engines.dataframe.order import Key
from shared.engines.dataframe.table import Named

# Rows to rows, each for itself, or all that share a part. Depends on nothing but its arguments: parts may be done anywhere.
Step = Callable[[Named, Draw], Named]
# The columns that rows are brought together or ordered by.
Keys = Callable[[Named], Sequence[Any]]
Pairing = Callable[[Named, Named], Named]


def draws_nothing(counter: str, rows: int) -> None:
    """For looking at types on no rows."""


class Frame(Protocol):
    """Values: nothing changes a frame."""

    @property
    def none(self) -> Named:
        """No rows, of the columns and types that there are."""
        ...

    def map(self, step: Step) -> Frame: ...

    def together(self, keys: Keys) -> Frame:
        """Rows of equal keys in one part."""
        ...

    def whole(self) -> Frame:
        """All in one part."""
        ...

    def paired(self, other: Frame, keys: tuple[Keys, Keys] | None, pairing: Pairing, *, keeps_other: bool) -> Frame:
        """Parts of both side by side, those of equal keys in one; `keeps_other`: rows of the other that meet nobody go on too."""
        ...

    def sorted(self, columns: Keys, keys: Sequence[Key], limit: int | None = None) -> Frame: ...

    def limited(self, limit: int) -> Frame:
        """The first rows, in the frame's order."""
        ...

    def numbered(self, number: Callable[[Named, int], Named]) -> Frame:
        """`number` is given the rows of a part and how many came before it."""
        ...

    def stacked(self, others: Sequence[Frame]) -> Frame: ...

    def kept(self) -> Frame:
        """Computed now, and not again."""
        ...

    @property
    def count(self) -> int:
        """Of a frame that is kept."""
        ...
