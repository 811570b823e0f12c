"""Where attempts run: what a worker or quality process is, as one value, made from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.breakers import DEFAULTS, Rules

# kind of stage -> "module:function"; the child imports it and calls function(job, control) -> Outcome.
Functions = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """`boot` is new at each start. `memory_bytes`: the resident size one child may have; `memory_setting`: the variable that says so.
    `scratch_bytes`: what one child's scratch folder may take up on the disk; None: as much as the disk has.

    `drain`: how long a stopping process lets its attempts go on before it gives them back. `mail`: the platform's own way to send mail, as
    the config of a connector of type email.
    """

    service: str
    name: str
    boot: str
    slots: int
    memory_bytes: int
    memory_setting: str
    staging: str
    scratch: Path
    lease: timedelta
    probe: timedelta
    drain: timedelta
    functions: Functions
    # Of connectors whose documents say none.
    breaker: Rules = DEFAULTS
    labels: tuple[str, ...] = ()
    scratch_bytes: int | None = None
    # What templates may read with env(NAME), in runs that are made here because a trigger saw something.
    template_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    mail: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def probe_queue(self) -> str:
        return f"probe.{self.name}"
