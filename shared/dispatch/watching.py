"""What workers find for triggers that look by themselves: recorded, with the runs that it starts, in one transaction.

A scheduler asks (`ask`), under the trigger's row; the worker that answers takes that row again (`record`). An answer to anything but the
newest request is dropped, so that nothing is recorded by the settings or the sight of before. A request that is lost is asked
again when its time is over.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from shared.datasets.quantities import microseconds
from shared.dispatch.fire_times import start_of_interval
from shared.dispatch.starting import Asked, Version, start
from shared.errors import ConfigurationError, PenstockError
from shared.kill_points import kill_point
from shared.pipelines.validation import schedule_of, stored_document
from shared.store import arrivals, requests, resources, triggers
from shared.store.arrivals import Arrival
from shared.store.database import Tx
from shared.store.identifiers import new_id
from shared.store.triggers import Trigger

log = logging.getLogger(__name__)
KIND = "watch"
TYPES = ("file", "kafka")
# Of one answer, so that its transaction stays short; the rest follows at once.
MOST_RUNS = 100
MOST_FILES_OF_A_RUN = 10_000
# Between looks at what cannot be looked at.
AFTER_A_FAILURE = timedelta(seconds=30)
# A quiet time that no file outlasts; a longer one is no span of time for PostgreSQL or Python any more.
_LONGEST_QUIET_S = 366 * 86_400.0
# Of a part of a key of `firings`.
_LONGEST_KEY = 1000
# In a run's `trigger`; all of them are in its parameter.
_SHOWN_FILES = 20


def ask(tx: Tx, trigger: Trigger, *, every: timedelta, within: timedelta) -> str:
    """Asks a worker to look; the request. `every`: from one look to the next. `within`: then it counts as lost."""
    config = trigger.config
    connector = config.get("connector")
    reference = (connector if "/" in connector else f"{trigger.namespace}/{connector}") if connector else None
    args = {
        "connector": reference,
        "does": trigger.type,
        "config": config,
        "pipeline": trigger.pipeline,
        "trigger": trigger.name,
        "version": trigger.version,
        "every": every.total_seconds(),
        # Of the run that is made of what is found, if it is one, so that what is kept for it lies where its data does.
        "run": new_id(),
    }
    if trigger.type == "kafka":
        # What is to be kept must be told before the request counts as lost.
        longest = within.total_seconds() / 2
        args |= {
            "place": f"{reference}/{config['topic']}",
            "offsets": _offsets(trigger, f"{reference}/{config['topic']}"),
            "group": config.get("group") or f"penstock-{trigger.namespace}-{trigger.pipeline}-{trigger.name}",
            "waitSeconds": _at_most(longest, config["maxWait"]),
        }
    request = requests.put(tx, KIND, trigger.namespace, args, asked_by="scheduler", valid_for=within)
    arrivals.asked(tx, trigger.id, request, within + timedelta(seconds=1))
    return request


def _at_most(most_s: float, duration: float | str) -> float:
    """Seconds. A duration may be any number that a recipe can spell, beyond what can be counted in microseconds too."""
    try:
        return min(most_s, microseconds(duration) / 1_000_000)
    except (OverflowError, ValueError):
        return most_s


def record(
    tx: Tx, request: str, args: Mapping[str, Any], state: str, reply: Mapping[str, Any], environment: Mapping[str, str], namespace: str
) -> None:
    """What was found, or why nothing could be. `state`: DONE or FAILED, with an error as PenstockError.to_json. May be repeated."""
    requests.drop(tx, request)
    trigger = triggers.hold(tx, namespace, args["pipeline"], args["trigger"])
    if trigger is None or not arrivals.is_asked(tx, trigger.id, request):
        return
    if not trigger.active or trigger.version != args["version"]:
        # It has changed since: what was found is perhaps not what it asks for now.
        arrivals.look_in(tx, trigger.id, timedelta(0), None)
        return
    if state != "DONE":
        arrivals.look_in(tx, trigger.id, AFTER_A_FAILURE, reply)
        return
    try:
        # What of it cannot have its run stays to be dealt with, once the recipe says what its runs need.
        wait, problem = _RECORDS[trigger.type](tx, trigger, args, reply, environment)
    except PenstockError as error:
        log.warning("trigger %s of %s/%s could not start a run: %s", trigger.name, trigger.namespace, trigger.pipeline, error.message)
        wait, problem = AFTER_A_FAILURE, error.to_json()
    arrivals.look_in(tx, trigger.id, wait, problem)
    kill_point("watch.recording")


def _files(
    tx: Tx, trigger: Trigger, args: Mapping[str, Any], reply: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[timedelta, dict[str, Any] | None]:
    """How long until the next look, and what stood in the way."""
    config, every = trigger.config, timedelta(seconds=args["every"])
    quiet = timedelta(0) if config.get("doneMarker") else timedelta(seconds=min(_LONGEST_QUIET_S, config["settleSeconds"]))
    arrivals.note(tx, trigger.id, reply["files"])
    most = MOST_RUNS if config["batch"] == "each" else MOST_FILES_OF_A_RUN
    found = arrivals.complete(tx, trigger.id, quiet, most, args.get("claimedAt"))
    problem = _odd(reply)
    if found:
        _start(tx, trigger, found, environment)
    if len(found) == most:
        return timedelta(0), problem
    settling = arrivals.next_complete_in(tx, trigger.id, quiet)
    return (every if settling is None else min(every, max(settling, timedelta(0)))), problem


def _messages(
    tx: Tx, trigger: Trigger, args: Mapping[str, Any], reply: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[timedelta, dict[str, Any] | None]:
    """The run, and how far the topic is read, which only then may be committed where it comes from: the next look does it."""
    problem = _expired(args, reply)
    if not reply["count"]:
        return timedelta(seconds=args["every"]), problem
    offsets = {partition: [first, reply["next"][partition] - 1] for partition, first in sorted(reply["first"].items())}
    told = ",".join(f"{partition}:{first}-{last}" for partition, (first, last) in offsets.items())
    # A topic that is made anew has the same offsets again, for other messages. That these have one run is said by the request, which is
    # recorded once, and by the offsets that are kept with it.
    key = f"{args['place']}/{told if len(told) < _LONGEST_KEY else sha256(told.encode()).hexdigest()}@{args['run']}"
    version, parameter = _version(tx, trigger), trigger.config["parameter"]
    told_of = {parameter: reply["path"]} if parameter in _parameters(version.text) else {}
    saw = {"topic": trigger.config["topic"], "messages": reply["count"], "offsets": offsets}
    _run(tx, trigger, version, saw, told_of, environment, args["run"])
    triggers.fired(tx, trigger, key, run=args["run"], outcome="run", detail={"offsets": offsets})
    read = {**_offsets(trigger, args["place"]), **reply["next"]}
    arrivals.remember(tx, trigger.id, {**trigger.state, "offsets": {**trigger.state.get("offsets", {}), args["place"]: read}})
    # Where some came there may be more.
    return timedelta(0), problem


def _offsets(trigger: Trigger, place: str) -> dict[str, int]:
    """By partition, the next message of a topic that no run has had."""
    return dict(trigger.state.get("offsets", {}).get(place, {}))


def _expired(args: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any] | None:
    if not reply["expired"]:
        return None
    message = f"{reply['expired']} messages of {args['place']} were deleted there before they were read; let the topic keep them longer"
    return ConfigurationError(message).to_json()


def _version(tx: Tx, trigger: Trigger) -> Version:
    row = resources.at_version(tx, "Pipeline", trigger.namespace, trigger.pipeline, trigger.version)
    assert row is not None
    return Version.of(row)


def _odd(reply: Mapping[str, Any]) -> dict[str, Any] | None:
    if not reply["oddCount"]:
        return None
    return ConfigurationError(
        f"{reply['oddCount']} files have names that are no UTF-8 or have more than 1,024 bytes, such as {reply['odd'][0]!r}; rename them"
    ).to_json()


def _start(tx: Tx, trigger: Trigger, found: Sequence[Arrival], environment: Mapping[str, str]) -> None:
    """Runs for those that have had none. Raises PenstockError, and then nothing of the failing one is recorded."""
    before = triggers.known(tx, trigger, [one.key for one in found])
    new = [one for one in found if one.key not in before]
    arrivals.handled(tx, trigger.id, [(one, None) for one in found if one.key in before])
    version, parameter = _version(tx, trigger), trigger.config["parameter"]
    takes = parameter in _parameters(version.text)
    if trigger.config["batch"] == "all":
        if new:
            shown = {"count": len(new), "files": [_shown(one) for one in new[:_SHOWN_FILES]]}
            run = _run(tx, trigger, version, shown, {parameter: [one.path for one in new]} if takes else {}, environment)
            arrivals.fire_all(tx, trigger.id, new, run)
            arrivals.handled(tx, trigger.id, [(one, run) for one in new])
        return
    for one in new:
        run = _run(tx, trigger, version, _shown(one), {parameter: one.path} if takes else {}, environment)
        arrivals.fire_all(tx, trigger.id, [one], run)
        arrivals.handled(tx, trigger.id, [(one, run)])


def _parameters(text: str) -> set[str]:
    """Those that a recipe has: a trigger fills one only where it is there."""
    return {str(one["name"]) for one in stored_document(text).tree["spec"].get("parameters") or ()}


def _shown(one: Arrival) -> dict[str, Any]:
    size, _, etag = one.version.split(":", 2)
    return {
        "path": one.path,
        "size": int(size),
        "mtime": one.modified_at.astimezone(UTC).isoformat().replace("+00:00", "Z") if one.modified_at else None,
        "etag": etag or None,
    }


def _run(
    tx: Tx,
    trigger: Trigger,
    version: Version,
    saw: Mapping[str, Any],
    parameters: Mapping[str, Any],
    environment: Mapping[str, str],
    run: str | None = None,
) -> str:
    now = datetime.now(UTC)
    before = start_of_interval(tx, trigger.namespace, schedule_of(version.text), now)
    told = {"type": trigger.type, "name": trigger.name, **saw}
    return start(tx, version, Asked(told, now, before, f"trigger {trigger.name}", parameters), environment, run=run)


_RECORDS = {"file": _files, "kafka": _messages}
