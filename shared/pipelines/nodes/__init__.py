"""The node types there are. Adding one: a module, a line here, a golden case; from outside, an entry point of `penstock.nodes`."""

from importlib.metadata import EntryPoint

from shared.pipelines.nodes.aggregator import AGGREGATOR
from shared.pipelines.nodes.ai_extract import AI_EXTRACT
from shared.pipelines.nodes.cdc_source import CDC_SOURCE
from shared.pipelines.nodes.cdr_decoder import CDR_DECODER
from shared.pipelines.nodes.connector_sink import CONNECTOR_SINK
from shared.pipelines.nodes.connector_source import CONNECTOR_SOURCE
from shared.pipelines.nodes.deduplicate import DEDUPLICATE
from shared.pipelines.nodes.expression import EXPRESSION
from shared.pipelines.nodes.filter import FILTER
from shared.pipelines.nodes.joiner import JOINER
from shared.pipelines.nodes.python import PYTHON
from shared.pipelines.nodes.router import ROUTER
from shared.pipelines.nodes.sequence_generator import SEQUENCE_GENERATOR
from shared.pipelines.nodes.sorter import SORTER
from shared.pipelines.nodes.sql import SQL
from shared.pipelines.nodes.streaming_sink import STREAMING_SINK
from shared.pipelines.nodes.types import NodeType
from shared.pipelines.nodes.union import UNION
from shared.pipelines.nodes.validate import VALIDATE
from shared.plugins import outsiders

_OURS: dict[str, NodeType] = {
    kind.name: kind
    for kind in (
        CONNECTOR_SOURCE,
        CONNECTOR_SINK,
        EXPRESSION,
        FILTER,
        AGGREGATOR,
        JOINER,
        ROUTER,
        SORTER,
        UNION,
        SEQUENCE_GENERATOR,
        DEDUPLICATE,
        VALIDATE,
        SQL,
        PYTHON,
        AI_EXTRACT,
        CDR_DECODER,
        CDC_SOURCE,
        STREAMING_SINK,
    )
}


def _load(entry: EntryPoint) -> NodeType:
    kind = entry.load()
    if not isinstance(kind, NodeType) or kind.name != entry.name:
        raise TypeError(f"{entry.value} is not a NodeType called {entry.name}")
    return kind


NODE_TYPES = {**_OURS, **outsiders("nodes", _OURS, _load)}
