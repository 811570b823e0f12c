"""The circuit breakers around one process's attempts: asked before an attempt, told what its child heard, and how it ended.

Children hold no way into Redis; so a breaker counts attempts, not single calls of a driver: a destination that takes connections and fails
every load is as broken as one that takes none. What an attempt learned of a connector is one verdict: it failed as a system, or it
answered (whatever it said), or nothing. While Redis is away every attempt goes on, and the first of them says so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import redis

from shared.breakers import Admission, Change, Circuit, Rules, standings
from shared.errors import UnavailableError

log = logging.getLogger(__name__)

T = TypeVar("T")

# One that is only busy is asked again for so long, before its stage gives the slot back.
_BUSY_S, _ASK_EVERY_S = 2.0, 0.05
# A stage that waits for somebody else's trial looks again then; it is woken when that goes well.
_TRIAL = timedelta(seconds=5)
_SHORT = timedelta(seconds=1)
# While Redis is away it is asked that often.
_AWAY_S = 1.0


class HeldBack(UnavailableError):
    """The connector is not to be called now; nothing was tried. `wait`: until it is worth asking again."""

    code = "breaker_open"

    def __init__(self, message: str, connector: str, wait: timedelta) -> None:
        super().__init__(message)
        self.connector, self.wait = connector, wait


@dataclass(slots=True)
class Guard:
    """Of one attempt. `tell` is given each change of a breaker that is this attempt's doing, and a sentence where there are none to ask."""

    tell: Callable[[Change | str], None]
    circuits: dict[str, Circuit] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    unreachable: dict[str, str] = field(default_factory=dict)
    trials: list[threading.Timer] = field(default_factory=list)


class Breakers:
    """`prefer`: rules of connectors whose documents say none."""

    def __init__(self, client: redis.Redis, prefer: Rules) -> None:
        self._client, self.prefer = client, prefer
        self._away_until: float | None = None
        self._lock = threading.Lock()

    def guard(self, holder: str, connectors: Mapping[str, Rules], stop: threading.Event, tell: Callable[[Change | str], None]) -> Guard:
        """`holder`: the attempt's own name. Raises HeldBack, with what was granted given back, when one of them is not to be called."""
        guard = Guard(tell)
        for connector in sorted(connectors):
            circuit = Circuit(self._client, connector, connectors[connector], holder)
            admission = self._admitted(guard, circuit, stop)
            if admission is None:
                continue
            if admission.change is not None:
                tell(admission.change)
            if not admission.granted:
                self.leave(guard)
                raise self._held_back(circuit, admission)
            guard.circuits[connector] = circuit
        return guard

    def hear(self, guard: Guard, connector: str, failure: str | None) -> None:
        """From the attempt's child: the far side has answered, or it failed and the attempt goes on."""
        circuit = guard.circuits.get(connector)
        if circuit is None:
            return
        if failure is not None:
            guard.unreachable[connector] = failure
            return
        guard.answered.add(connector)
        self._ask(guard, circuit.answered)
        if circuit.probes:
            trial = threading.Timer(circuit.rules.settle.total_seconds(), self._is_well, (guard, circuit))
            trial.daemon = True
            guard.trials.append(trial)
            trial.start()

    def _is_well(self, guard: Guard, circuit: Circuit) -> None:
        """A trial that was answered and goes on: the others need not wait for its end."""
        change = self._ask(guard, circuit.succeeded)
        if change is not None:
            guard.tell(change)

    def end(self, guard: Guard, error: Mapping[str, Any] | None) -> None:
        """The attempt is over; `error` as PenstockError.to_json, None where it went well or ended by nobody's fault."""
        for trial in guard.trials:
            trial.cancel()
        for connector, circuit in guard.circuits.items():
            blamed = error is not None and error.get("connector") == connector
            why = str(error["message"]) if error is not None and blamed and error.get("breaks") else guard.unreachable.get(connector)
            if why is not None:
                change = self._ask(guard, partial(circuit.failed, why))
            elif blamed or connector in guard.answered:
                change = self._ask(guard, circuit.succeeded)
            else:
                change = self._ask(guard, circuit.left)
            if change is not None:
                guard.tell(change)
        guard.circuits = {}

    def leave(self, guard: Guard) -> None:
        """What was granted tells nothing: it was not used, or the attempt was stopped."""
        for trial in guard.trials:
            trial.cancel()
        for circuit in guard.circuits.values():
            self._ask(guard, circuit.left)
        guard.circuits = {}

    def _admitted(self, guard: Guard, circuit: Circuit, stop: threading.Event) -> Admission | None:
        deadline = time.monotonic() + _BUSY_S
        while True:
            admission = self._ask(guard, circuit.admit)
            if admission is None or admission.verdict != "busy" or time.monotonic() > deadline or stop.wait(_ASK_EVERY_S):
                return admission

    def _held_back(self, circuit: Circuit, admission: Admission) -> HeldBack:
        name, wait = circuit.connector, admission.wait
        if admission.verdict == "busy":
            return HeldBack(f"connector {name} has not answered those who have just called it; whether it does is waited for", name, _SHORT)
        if admission.verdict == "probing":
            return HeldBack(
                f"connector {name} has failed, and one attempt is trying whether it is back; the others wait", name, min(wait, _TRIAL)
            )
        found = self._ask(None, lambda: standings(self._client, [name]))
        last = f" (last: {found[0].error})" if found and found[0].error else ""
        until = (datetime.now(UTC) + wait).strftime("%H:%M:%S")
        times = "failed" if circuit.rules.failures == 1 else f"failed {circuit.rules.failures} times in a row"
        return HeldBack(
            f"connector {name} {times}{last}; it is left alone until {until} UTC, then one attempt"
            f" goes through. Reset it with `penstock circuit-breakers reset {name}` if it is back",
            name,
            wait,
        )

    def _ask(self, guard: Guard | None, question: Callable[[], T]) -> T | None:
        """None while Redis is away: then all goes on as if there were no breakers."""
        with self._lock:
            if self._away_until is not None and time.monotonic() < self._away_until:
                return None
        try:
            answer = question()
        except redis.RedisError as error:
            with self._lock:
                first, self._away_until = self._away_until is None, time.monotonic() + _AWAY_S
            if first:
                said = f"Redis is away ({error}): connectors are called without circuit breakers until it is back"
                log.warning("%s", said)
                if guard is not None:
                    guard.tell(said)
            return None
        with self._lock:
            back, self._away_until = self._away_until is not None, None
        if back:
            log.warning("Redis is back, and so are the circuit breakers")
        return answer
