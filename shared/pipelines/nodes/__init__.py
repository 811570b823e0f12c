"""The node types there are. Adding one: a module, a line here, a golden case."""

from shared.pipelines.nodes.aggregator import AGGREGATOR
from shared.pipelines.nodes.connector_sink import CONNECTOR_SINK
from shared.pipelines.nodes.connector_source import CONNECTOR_SOURCE
from shared.pipelines.nodes.expression import EXPRESSION
from shared.pipelines.nodes.filter import FILTER
from shared.pipelines.nodes.joiner import JOINER
from shared.pipelines.nodes.sorter import SORTER
from shared.pipelines.nodes.types import NodeType
from shared.pipelines.nodes.union import UNION

NODE_TYPES: dict[str, NodeType] = {
    kind.name: kind for kind in (CONNECTOR_SOURCE, FILTER, EXPRESSION, JOINER, AGGREGATOR, SORTER, UNION, CONNECTOR_SINK)
}
# Words of the language whose node types come later.
LATER = (
    "router",
    "sequence_generator",
    "deduplicate",
    "validate",
    "sql",
    "python",
    "ai_extract",
    "cdr_decoder",
    "cdc_source",
    "streaming_sink",
)
