"""The plan of a recipe from the facts at hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.api.recipes import save
from shared.pipelines.language import pipeline, read_documents, rule_set
from shared.pipelines.validation import filled_document
from shared.planning.make import plan
from shared.planning.needs import needs, survey
from shared.store import facts, resources
from shared.store.database import Tx

# A plan that is only looked at may be made from older facts than a run's.
ANY_AGE = timedelta(days=3650)


def planned(tx: Tx, text: str, values: str = "") -> dict[str, Any]:
    """`values`: `RunValues.key`, of a recipe that has parameters or templates."""
    recipe = pipeline(filled_document(text, values))
    types = {name: kind for name, (kind, _) in save.known(tx).connectors.items()}
    wanted = needs(recipe, types)
    found = facts.fresh(tx, [need.key for need in wanted], ANY_AGE)
    missing = [need for need in wanted if need.key not in found]
    if missing:
        return {"facts": "missing", "missing": [need.key for need in missing], **survey(recipe, missing).to_json()}
    rules = [rule_set(read_documents(document)[0]) for document in resources.current_documents(tx, "DataQualityRuleSet", recipe.namespace)]
    return {"facts": "known", **plan(recipe, found, types, rules).to_json()}
