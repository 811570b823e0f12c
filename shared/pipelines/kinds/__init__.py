"""The kinds of document there are: one marshmallow schema of the spec each, the only definition of it."""

from marshmallow import Schema

from shared.pipelines.kinds.connector import ConnectorSpec
from shared.pipelines.kinds.pipeline import PipelineSpec
from shared.pipelines.kinds.quality import RuleSetSpec

KINDS: dict[str, type[Schema]] = {"Pipeline": PipelineSpec, "Connector": ConnectorSpec, "DataQualityRuleSet": RuleSetSpec}
# Words of the language whose kinds come later.
LATER = ("PipelineDependency", "Calendar", "Flow", "PipelineTest")
