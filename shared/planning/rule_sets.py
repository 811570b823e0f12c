"""The rule sets of a namespace, for the planner. One that this release refuses stands in the way of those pipelines only that it may hold
back: of these it is not known what it would have let pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.pipelines.language import InvalidDocument
from shared.pipelines.model import Document, Pipeline, RuleSet
from shared.pipelines.nodes import NODE_TYPES
from shared.pipelines.validation import full_name, stored_document, stored_rule_set
from shared.planning.errors import PlanProblem
from shared.planning.needs import full_reference
from shared.planning.targets import plain


def readable(pipeline: Pipeline, texts: Iterable[str]) -> tuple[RuleSet, ...]:
    """Of texts that were valid when they were saved. Raises PlanProblem for one that cannot be read and may attach to the pipeline."""
    found = []
    for text in texts:
        try:
            found.append(stored_rule_set(text))
        except InvalidDocument as error:
            document = stored_document(text)
            if may_attach(pipeline, document):
                raise PlanProblem(
                    f"rule set {document.name} is about this pipeline, and this release refuses it: {error.message}; correct it, and apply"
                    " it again"
                ) from error
    return tuple(found)


def may_attach(pipeline: Pipeline, document: Document) -> bool:
    """By what it says as it is written: the pipeline names it, or it names the pipeline, or what one of its sinks writes."""
    if f"{document.namespace}/{document.name}" in {full_reference(pipeline, name) for name in pipeline.quality}:
        return True
    spec = document.tree.get("spec")
    dataset = spec.get("dataset") if isinstance(spec, Mapping) else None
    if not isinstance(dataset, Mapping) or dataset.get("pipeline") == pipeline.name:
        return True
    connector = full_name(str(dataset.get("connector")), document.namespace)
    sinks = [node.config for node in pipeline.nodes if NODE_TYPES[node.type].role == "sink"]
    return any(full_reference(pipeline, str(sink.get("connector"))) == connector and plain(sink) == plain(dataset) for sink in sinks)
