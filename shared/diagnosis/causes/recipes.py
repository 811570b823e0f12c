"""The recipe itself, or a setting, asks for what cannot be done."""

from __future__ import annotations

from shared.diagnosis.case import Case
from shared.diagnosis.causes.reaching import far_side
from shared.diagnosis.findings import Confidence, Evidence, Said
from shared.pipelines.validation import validate


def recipe_invalid(case: Case) -> Said | None:
    """The version does not pass today's validation: what it finds is the evidence."""
    problems = []
    if case.recipe is not None:
        problems = [one for one in validate([case.recipe.document], case.recipe.known) if one.severity == "error"]
    told = tuple(Evidence(one.message, f"line {one.line}, column {one.column} of {case.pipeline}") for one in problems[:5])
    return Said(
        "The recipe is not valid as things are today: something that it names has changed or gone since it was saved.",
        ("Correct it at the lines shown, and apply it.", "`penstock validate FILE` shows all that is wrong."),
        evidence=told,
    )


def query_refused(case: Case) -> Said | None:
    return Said(
        f"{far_side(case)[0].upper()}{far_side(case)[1:]} does not understand the SQL that it was sent.",
        (
            "Try the query there by hand; what it says of it is in the evidence.",
            "See which SQL ran: `penstock status RUN`, or the node's page.",
            "If you wrote no SQL there yourself, report it with the plan: it was made by Penstock.",
        ),
        Confidence.LIKELY,
        _query(case),
    )


def expression_wrong(case: Case) -> Said | None:
    return Said(
        "An expression of the recipe cannot be understood.",
        ("Correct it where the evidence says.", "docs/semantics.md says which functions there are, and what they mean."),
        Confidence.LIKELY,
    )


def template_wrong(case: Case) -> Said | None:
    return Said(
        "A template ({{…}}) or a parameter has no usable value.",
        ("See which in the evidence.", "Give the parameter a value when you start the run, or a default in the recipe."),
        Confidence.LIKELY,
    )


def cycle(case: Case) -> Said | None:
    return Said("Some nodes wait for one another in a circle.", ("Take one of the edges between them out.",))


def plan_refused(case: Case) -> Said | None:
    return Said(
        "The recipe cannot be planned as the sources and destinations are today.",
        ("Do what the sentence in the evidence asks for.", "`penstock plan PIPELINE` tells it again without starting a run."),
        Confidence.POSSIBLE,
    )


def push_down_impossible(case: Case) -> Said | None:
    if case.failure is None or not case.failure.says(r"cannot be pushed down"):
        return None
    return Said(
        "The recipe asks that everything runs in the database (pushDown.mode: require), and a node cannot.",
        ("Set pushDown.mode: auto: what cannot run there runs here.", "Or write the node so that the database understands it."),
    )


def format_options(case: Case) -> Said | None:
    return Said(
        "The options of the format do not fit the file, or one another.",
        ("Correct options on the node as the evidence says.", "docs/guides/files.md lists the options of each format."),
        Confidence.LIKELY,
    )


def misconfigured(case: Case) -> Said | None:
    return Said(
        "A connector or a node is set up in a way that cannot work.",
        ("Do what the sentence in the evidence asks for.", "Try the connector: `penstock connectors check NAME`."),
        Confidence.POSSIBLE,
    )


def setting_wrong(case: Case) -> Said | None:
    return Said(
        "A setting of a service is missing or cannot be used.",
        ("Correct it in the environment of the service, and start it anew.", "`penstock doctor` shows what is off."),
        Confidence.LIKELY,
    )


def function_failed(case: Case) -> Said | None:
    line = case.failure.says(r"in line (\d+)") if case.failure is not None else None
    return Said(
        f"The Python function of node {case.node or ''} failed{f' in its line {line[1]}' if line else ''}.",
        (
            "Read what it raised in the evidence, and correct the function.",
            "Try it on the node's sample rows first.",
            "A run log holds what it printed: `penstock logs RUN`.",
        ),
    )


def requirements_failed(case: Case) -> Said | None:
    return Said(
        "The packages that a Python node asks for could not be installed.",
        (
            "See that the names and versions exist, and that the worker reaches a package index.",
            "Or put them beside Penstock on the workers.",
        ),
    )


def definition_lost(case: Case) -> Said | None:
    return Said(
        "The text of this version is not where it is kept.",
        ("Bring the folder of PENSTOCK_DEFINITIONS_FOLDER back, or save the recipe again.",),
    )


def payload_wrong(case: Case) -> Said | None:
    return Said(
        "What a webhook was sent is not what its trigger expects.",
        ("Compare the body with the trigger's schema and paths (docs/guides/webhooks.md).",),
        Confidence.LIKELY,
    )


def _query(case: Case) -> tuple[Evidence, ...]:
    config = case.config(case.node)
    said = next((str(config[key]) for key in ("query", "sql", "where") if config.get(key)), None)
    return (Evidence(said[:600], f"node {case.node or ''}"),) if said else ()
