"""`penstock pipelines`, `lineage` and `docs`: pipelines as they are, and where their data comes from and goes."""

from __future__ import annotations

from typing import Any

import click

from services.api.cli.answering import OUTPUT, answering, client, everything, named, printed


@click.command()
@click.option("--namespace", help="Of this namespace.")
@click.option("--name", help="Of this name.")
@OUTPUT
@click.pass_context
@answering
def pipelines(context: click.Context, namespace: str | None, name: str | None, output: str) -> None:
    """The pipelines there are, with their last runs, next fire times and quality scores."""
    found = everything(client(context), "/pipelines", namespace=namespace, name=name)
    if output != "table":
        printed({"items": found}, output)
        return
    for one in found:
        last = f"  last {one['lastRun']['status']}" if one["lastRun"] else ""
        fires = f"  next {one['nextFireAt']}" if one["nextFireAt"] else ""
        score = f"  quality {one['qualityScore']:g}" if one["qualityScore"] is not None else ""
        draft = "" if one["valid"] else "  (a draft with errors)"
        click.echo(f"{one['namespace']}/{one['name']}  version {one['version']}{draft}{last}{fires}{score}")


@click.command()
@click.argument("pipeline")
@click.option("--column", help="Only what this column of a destination is made of: NODE.COLUMN.")
@OUTPUT
@click.pass_context
@answering
def lineage(context: click.Context, pipeline: str, column: str | None, output: str) -> None:
    """Which tables [namespace/]PIPELINE reads and writes, what each column is made of, and which pipelines stand before and after it."""
    namespace, name = named(pipeline)
    found = client(context).call("GET", f"/pipelines/{namespace}/{name}/lineage")
    if column is not None:
        found["columns"] = [one for one in found["columns"] or () if f"{one['node']}.{one['column']}" == column]
    if output != "table":
        printed(found, output)
        return
    for heading, key in (("reads", "inputs"), ("writes", "outputs")):
        for one in found[key]:
            click.echo(f"{heading} {one['dataset']}  ({one['node']})")
    if found["why"]:
        click.echo(found["why"], err=True)
    for one in found["columns"] or ():
        made = ", ".join(f"{part['dataset']}.{part['column']}" for part in one["from"])
        click.echo(f"  {one['node']}.{one['column']} <- {made or 'no column'}{'' if one['known'] else ' (not known whole)'}")
    for heading, key in (("after", "upstream"), ("before", "downstream")):
        for other in found[key]:
            click.echo(f"{heading} {other['pipeline']}  by {_shared(other)}")


def _shared(other: dict[str, Any]) -> str:
    return ", ".join(other["datasets"])


@click.command()
@click.argument("pipeline")
@click.pass_context
@answering
def docs(context: click.Context, pipeline: str) -> None:
    """[namespace/]PIPELINE as a page of Markdown: recipe, schedule, dependencies, contacts."""
    namespace, name = named(pipeline)
    for block in client(context).download(f"/pipelines/{namespace}/{name}/docs"):
        click.echo(block, nl=False)
