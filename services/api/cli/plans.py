"""Plans: made from files without a server, and printed for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
from rich.console import Console, Group
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from services.api.cli import parameters
from services.api.cli.answering import OUTPUT, answering, client, printed
from services.api.cli.answering import console as terminal
from services.api.cli.show import shown as figure
from shared.pipelines.language import connector, filled, pipeline, rule_set, settle, zone_of
from shared.pipelines.language.templates import Moment
from shared.pipelines.model import Document
from shared.planning.assume import assumed
from shared.planning.make import plan
from shared.planning.modes import PANDAS_ROWS, PANDAS_ROWS_SETTING
from shared.planning.needs import full_reference, needs
from shared.planning.shown import shown
from shared.process import settings


def offline(documents: Sequence[Document], wanted: str | None, typed: Sequence[str], logical_date: str | None) -> dict[str, Any]:
    """The plan of a pipeline of these documents, which must hold its connectors too. Nobody looks at any source: `facts` is missing.

    `typed`: NAME=VALUE; `logical_date`: RFC 3339, now where it is None. Raises click.UsageError and PenstockError.
    """
    document = _one([document for document in documents if document.kind == "Pipeline"], wanted)
    recipe = pipeline(_filled(document, typed, logical_date))
    types = {f"{c.namespace}/{c.name}": c.type for c in (connector(d) for d in documents if d.kind == "Connector")}
    for node in recipe.nodes:
        name = node.config.get("connector")
        if name is not None and full_reference(recipe, name) not in types:
            raise click.UsageError(f"connector {full_reference(recipe, name)} of node {node.id} is in none of the files; give its file too")
    rules = [rule_set(document) for document in documents if document.kind == "DataQualityRuleSet"]
    known = assumed(recipe, {}, types)
    missing = [{"connector": need.connector, "nodes": list(need.nodes), "why": "planned from files alone"} for need in needs(recipe, types)]
    return {
        "pipeline": {"namespace": recipe.namespace, "name": recipe.name},
        "facts": "missing" if missing else "known",
        "missing": missing,
        **shown(recipe, plan(recipe, known, types, rules, pandas_rows=settings.integer(PANDAS_ROWS_SETTING, PANDAS_ROWS)), known, types),
    }


def _one(documents: Sequence[Document], wanted: str | None) -> Document:
    named = [one for one in documents if wanted in {None, one.name, f"{one.namespace}/{one.name}"}]
    if len(named) != 1:
        there = ", ".join(f"{one.namespace}/{one.name}" for one in documents) or "none"
        raise click.UsageError(f"name one pipeline of the files with --pipeline; there is {there}")
    return named[0]


def _filled(document: Document, typed: Sequence[str], logical_date: str | None) -> Document:
    given = parameters.read(document, typed)
    try:
        at = datetime.fromisoformat(logical_date) if logical_date else datetime.now(UTC)
    except ValueError as error:
        raise click.UsageError(f"--logical-date {logical_date} must be a time as in RFC 3339, 2026-03-29T02:00:00Z") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    # Also where it has no parameters: what was given for one is told of.
    return filled(document, settle(document, given, Moment(str(UUID(int=0)), at, at, zone_of(document)), {}))


def print_plan(console: Console, made: Mapping[str, Any]) -> None:
    name = f"{made['pipeline']['namespace']}/{made['pipeline']['name']}"
    version = f" version {made['version']}" if "version" in made else ""
    console.print(f"\nPlan of [bold]{name}[/bold]{version}; facts: {made['facts']}")
    for one in made["missing"]:
        console.print(
            Text(f"  not known: {one['connector']} ({', '.join(one['nodes'])}): {one['why']}; columns are those the recipe names")
        )
    for level, nodes in enumerate(made["generations"], start=1):
        console.print(Text(f"  generation {level}: {', '.join(nodes)}"))
    for stage in made["stages"]:
        console.print(_stage(stage))
    for source in made["sources"]:
        if source["inferredFrom"] is not None:
            types = ", ".join(f"{name} {kind}" for name, kind, *_ in source["columns"])
            told = f"{source['node']}: types inferred from {figure(source['inferredFrom'])} records; schema pins them: {types}"
            console.print(Text(told))
    for sink in made["sinks"]:
        console.print(Text(f"{sink['node']}: {_sink(sink)}"))
    if made["pushDownShare"] is not None:
        console.print(f"inside databases: {made['pushDownShare']:.0%} of the transforms")
    for node in made["nodes"]:
        if node.get("local"):
            console.print(Text(f"  {node['id']} is computed by {node['engine']}: {node['local']}"))
    for warning in made["warnings"]:
        console.print(Text(f"warning: {warning}"), style="yellow")
    if made.get("id"):
        _next(console, name, made)


def _next(console: Console, name: str, made: Mapping[str, Any]) -> None:
    """What can be done with a plan that a server made."""
    if approval := made["approval"]:
        console.print(Text(f"\nApproved by {approval['by']} at {approval['at']}{': ' + approval['reason'] if approval['reason'] else ''}"))
    elif made["requiresApproval"]:
        console.print(f"\nIt must be approved first: penstock approve {made['id']}")
    console.print(f"\nRun exactly this: penstock run {name} --plan {made['id']}")


@click.command()
@click.argument("plan_id", metavar="PLAN")
@click.option("--reason", help="Why, for the record.")
@OUTPUT
@click.pass_context
@answering
def approve(context: click.Context, plan_id: str, reason: str | None, output: str) -> None:
    """Let a run be asked for by PLAN; whoever does so first stays on record."""
    found = client(context).call("POST", f"/plans/{plan_id}/approve", body={"reason": reason} if reason else {})
    printed(found, output) if output != "table" else print_plan(terminal(), found)


def _stage(stage: Mapping[str, Any]) -> Group:
    rows = f", about {figure(stage['estimatedRows'])} rows" if stage["estimatedRows"] is not None else ""
    after = f", after {', '.join(map(str, stage['inputs']))}" if stage["inputs"] else ""
    table = Table(show_header=False, box=None, padding=(0, 1))
    for said in stage["statements"]:
        what = Text(said["object"] or "") if said["sql"] is None else Syntax(said["sql"], "sql", word_wrap=True, background_color="default")
        table.add_row(said["does"], said["node"] or "", said["on"] or "", what)
    head = Text(
        f"\nStage {stage['id']} ({stage['kind']} on {stage['engine'] or '–'}{rows}{after}): {', '.join(stage['nodes'])}", style="bold"
    )
    return Group(head, *(Text(f"  {why}", style="dim") for why in stage["why"]), table)


def _sink(sink: Mapping[str, Any]) -> str:
    parts = [f"{sink['writeMode']} into {sink['connector']} {sink['target']}"]
    if sink["destructive"]:
        parts.append("the rows that are there now will be gone")
    parts += sink["schemaChanges"]
    if sink["readBy"]:
        parts.append(f"read by {', '.join(sink['readBy'])}")
    if sink["alsoWrittenBy"]:
        parts.append(f"also written by {', '.join(sink['alsoWrittenBy'])}")
    return "; ".join(parts)
