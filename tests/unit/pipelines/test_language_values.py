"""Valid documents to values, defaults in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.pipelines.language import connector, pipeline, read_documents, rule_set
from shared.pipelines.model import Edge

GOOD = (Path(__file__).parents[2] / "golden" / "validation" / "good.yaml").read_text()


def test_a_pipeline_has_its_settings_by_the_names_of_the_language_with_defaults() -> None:
    made = pipeline(read_documents(GOOD)[0])
    assert (made.namespace, made.name, made.quality) == ("default", "sales", ("checks",))
    assert made.settings == {
        "enabled": True,
        "timezone": "Europe/Warsaw",
        "labels": {},
        "timeout": 3600,
        "retries": 1,
        "retryDelay": 300,
        "retryBackoffMultiplier": 2.0,
        "retryMaxDelay": 1800,
        "retryOn": ["429", "timeout"],
        "concurrencyPolicy": "Forbid",
        "maxParallelNodes": 8,
        "processingMode": "auto",
        "staging": "all",
        "ledger": "auto",
        "catchUp": "last",
        "jitterSeconds": 0,
        "triggers": [],
        "notifications": [],
        "qualityDefault": "on",
    }


def test_the_limit_of_parallel_nodes_is_the_callers_unless_the_recipe_says_it() -> None:
    document = read_documents(GOOD)[0]
    assert pipeline(document, max_parallel_nodes=3).settings["maxParallelNodes"] == 3
    said = read_documents(GOOD.replace("  retries: 1\n", "  maxParallelNodes: 16\n"))[0]
    assert pipeline(said, max_parallel_nodes=3).settings["maxParallelNodes"] == 16


def test_nodes_have_the_config_of_their_type_and_only_the_retries_they_set() -> None:
    text = GOOD.replace("config: {condition: amount > 0}}", "retries: 5, label: Keep, config: {condition: amount > 0}}")
    made = pipeline(read_documents(text)[0])
    keep = made.node("keep")
    assert (keep.type, keep.label, keep.on_error, keep.policy) == ("filter", "Keep", "route", {"retries": 5})
    assert made.node("write").config["batchSize"] == 1000
    assert made.node("join").policy == {}


def test_the_shorthand_of_an_edge_is_its_long_form() -> None:
    made = pipeline(read_documents(GOOD)[0])
    assert made.edges[1] == Edge("keep", "bad", "rejected")
    assert made.edges[3] == Edge("regions", "join", "out", ("id", "name"))
    long = GOOD.replace("{from: keep.rejected, to: bad}", "{from: keep, output: rejected, to: bad}")
    assert pipeline(read_documents(long)[0]).edges == made.edges


def test_a_connector_keeps_its_config_as_written() -> None:
    made = connector(read_documents(GOOD)[2])
    assert (made.namespace, made.name, made.type, made.credential) == ("default", "warehouse", "postgres", None)
    assert made.config == {"host": "db", "database": "dw", "user": "etl", "password": "{{credential:warehouse#password}}"}


def test_rules_have_their_defaults() -> None:
    made = rule_set(read_documents(GOOD)[3])
    assert made.dataset == {"pipeline": "sales", "node": "write"}
    assert made.rules[0] == {
        "name": "there",
        "type": "NOT_NULL",
        "column": "amount",
        "maxNullPercent": 0.5,
        "severity": "high",
        "onFail": "warn",
        "blockPipeline": False,
    }
    assert (made.rules[1]["severity"], made.rules[1]["nullsEqual"]) == ("critical", False)
    assert (made.rules[2]["min"], made.rules[2]["inclusive"]) == ("2020-01-01", False)


@pytest.mark.parametrize(
    "text", ["a: [", "kind: Pipeline\n", GOOD.replace("type: filter", "type: fliter"), GOOD.replace("retries: 1", "retries: -1")]
)
def test_a_document_that_is_not_valid_has_no_value(text: str) -> None:
    with pytest.raises(ConfigurationError, match="validate it"):
        pipeline(read_documents(text)[0])
