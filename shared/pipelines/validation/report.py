"""What is found wrong with one document, each at its place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shared.pipelines.language.pointers import parent
from shared.pipelines.model import Document, Place, Problem
from shared.pipelines.validation.words import nearest

# Comparing all words with all others is quadratic: a large text of nothing but wrong words would cost minutes.
_MOST_COMPARED = 100_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose settings are looked at, as a sentence names it ("node 'drop-tests' (filter)"), and the node's id where it is one."""

    phrase: str
    node: str | None = None


class Report:
    """Collects problems. A path that has one is settled: what else may be wrong there is a consequence, and is not told.

    `running`: a run is asked for, so that what cannot run is an error.
    """

    def __init__(self, document: Document, *, running: bool = False) -> None:
        self.document = document
        self._running = running
        self.problems: list[Problem] = list(document.problems)
        # What could not be read as it was written: nothing can be said of its value.
        self.unread = frozenset(problem.path for problem in document.problems if problem.path)
        self._settled = set(self.unread)
        self._compared = 0
        self.errors = sum(problem.severity == "error" for problem in self.problems)

    def settle(self, path: str) -> None:
        self._settled.add(path)

    def settled(self, path: str) -> bool:
        """Whether something was already said about this path or about what it lies in."""
        while path:
            if path in self._settled:
                return True
            path = parent(path)
        return False

    def place(self, path: str, *, key: bool = False) -> Place:
        """Where a path stands; for what is not there, where what should hold it is named."""
        places = self.document.places
        if not key and path in places.values:
            return places.values[path]
        while path:
            if path in places.keys:
                return places.keys[path]
            if path in places.values:
                return places.values[path]
            path = parent(path)
        return places.values.get("", Place(1, 1, 0, 0))

    def add(
        self,
        code: str,
        message: str,
        path: str,
        *,
        node: str | None = None,
        suggestion: str | None = None,
        severity: str = "error",
        key: bool = False,
        at: tuple[int, int] | None = None,
    ) -> None:
        """`key`: the place is that of the key, not of its value. `at`: a line and column inside the value."""
        line, column = at or self.place(path, key=key)[:2]
        self.problems.append(Problem(code, message, path, line, column, node, severity, suggestion))
        if severity == "error":
            self.errors += 1
            self.settle(path)

    def not_available(
        self, what: str, path: str, owner: Owner, *, told: bool = False, remedy: str = "leave it out", key: bool = False
    ) -> None:
        """What this release cannot honour: told of while a text is written, an error once a run is asked for. `told`: never an error."""
        if told:
            message, severity = f"{what} is kept, but nothing acts on it yet in this release", "warning"
        elif self._running:
            message, severity = f"{what} is not available yet in this release; {remedy}", "error"
        else:
            message, severity = f"{what} is not available yet in this release, and a run is refused: {remedy}", "warning"
        self.add("not_available_yet", message, path, node=owner.node, severity=severity, key=key)

    def refused(self, why: str, path: str, owner: Owner) -> None:
        """As `not_available`, of a config; `why` is a sentence that says what to do."""
        self.add("not_available_yet", f"{owner.phrase}: {why}", path, node=owner.node, severity="error" if self._running else "warning")

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """As `words.nearest`, until so many words were compared that the document is no recipe with slips of the pen but something else."""
        self._compared += len(known)
        return nearest(word, known) if self._compared <= _MOST_COMPARED else None
