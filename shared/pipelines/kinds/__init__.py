"""The kinds of document there are: one marshmallow schema of the spec each, the only definition of it."""

from marshmallow import Schema

from shared.pipelines.kinds.connector import ConnectorSpec
from shared.pipelines.kinds.flow import FlowSpec
from shared.pipelines.kinds.pipeline import PipelineSpec
from shared.pipelines.kinds.quality import RuleSetSpec
from shared.pipelines.kinds.scheduling import CalendarSpec, DependencySpec
from shared.pipelines.kinds.testing import TestSpec

KINDS: dict[str, type[Schema]] = {
    "Pipeline": PipelineSpec,
    "PipelineDependency": DependencySpec,
    "DataQualityRuleSet": RuleSetSpec,
    "Connector": ConnectorSpec,
    "Calendar": CalendarSpec,
    "PipelineTest": TestSpec,
    "Flow": FlowSpec,
}
# Kinds that are kept, and that nothing acts on yet.
IDLE = frozenset({"Flow"})
