"""Opening the session through which a stage publishes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.connectors import driver as connector_driver
from shared.connectors.errors import Misconfigured
from shared.connectors.protocols import AttemptKey, SinkSession, SinkWrite
from shared.datasets.staging import size_bytes, staging_folder
from shared.engines.control import Control
from shared.engines.program import Program, Sink
from shared.engines.remembering import stored
from shared.engines.work import Job, Outcome
from shared.errors import PenstockError
from shared.kill_points import kill_point


def write_of(sink: Sink) -> SinkWrite:
    # Rows that the destination does not take are set aside, unless the first of them is to fail the node.
    options = sink.options if sink.options.get("onError") == "fail" else {**sink.options, "setAside": True}
    if sink.out is not None:
        options = {**options, "tellUnwritten": True}
    return SinkWrite(sink.node, sink.target, sink.written, sink.write_mode, sink.upsert_keys, sink.order, options)


def open_session(job: Job, program: Program, control: Control) -> SinkSession | None:
    """None for a stage without a sink. An error is charged to its first sink."""
    if not program.sinks:
        return None
    connector = job.connectors[program.sinks[0].connector]
    nodes = tuple(sink.node for sink in program.sinks)
    key = AttemptKey(job.namespace, job.run, job.stage, job.epoch, job.rerun, nodes, program.published_as, job.traceparent)
    try:
        with control.calling(connector.reference):
            session = connector_driver(connector.type, connector.config).open_sink(key, tuple(write_of(sink) for sink in program.sinks))
    except PenstockError as error:
        error.node = error.node or program.sinks[0].node
        raise
    kill_point("sink.opened" if session.adopted is None else "sink.adopted")
    return session


def adopted(program: Program, stands: dict[str, Any]) -> Outcome:
    """The outcome that an earlier attempt has committed. Raises Misconfigured where what it staged for nodes behind a sink is gone."""
    outcome = Outcome.from_json(stands)
    handed_on = {sink.out.port: sink.node for sink in program.sinks if sink.out is not None}
    for dataset in outcome.datasets:
        if dataset.port in handed_on and size_bytes(dataset.uri) is None:
            raise Misconfigured(
                f"the rows that {handed_on[dataset.port]} wrote are in their destination, and are not staged any more for the nodes"
                " behind it; lead the edge from before the sink, or start a new run",
                node=handed_on[dataset.port],
            )
    return outcome


def commit(job: Job, session: SinkSession, outcome: Outcome) -> Outcome:
    """The outcome that stands in the destination: this one, or that of the attempt that was first."""
    if job.carried:
        # Whoever finds the marker later has read the source again, and remembers rows that are not among those written here.
        folder = staging_folder(job.staging, job.run, job.stage, job.epoch)
        carried = {node: stored(node, remembered, folder) for node, remembered in job.carried.items()}
        outcome = replace(outcome, remembered={**carried, **outcome.remembered})
    kill_point("sink.committing")
    stands = Outcome.from_json(session.commit(outcome.to_json()))
    kill_point("sink.committed")
    return stands
