"""Arming the named points at which a process of a stack ends itself (`shared.kill_points`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.kill_points import FOLDER, POINTS


@dataclass(frozen=True)
class Points:
    """Of one stack, which has to be started with `settings`."""

    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return {FOLDER: str(self.folder)}

    def arm(self, name: str, whom: str = "self", number: str = "KILL", only: str = "") -> None:
        """`whom`: self or parent. `only`: the process that is meant, by its name."""
        assert name in POINTS, name
        draft = self.folder / f".{name}"
        draft.write_text(f"{number} {whom} {only}")
        draft.rename(self.folder / name)

    def left(self) -> list[str]:
        """Those that nobody has come to yet."""
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))

    def disarm(self) -> None:
        for path in self.folder.iterdir():
            path.unlink(missing_ok=True)
