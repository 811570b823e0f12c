"""`penstock state`: what a pipeline keeps from run to run."""

from __future__ import annotations

import click

from services.api.cli.answering import OUTPUT, answering, client, named, printed


@click.command()
@click.argument("pipeline")
@click.option("--node", help="Only this node's state; or the one to change.")
@click.option("--next", "following", type=int, help="Where its next run begins to number.")
@click.option("--cursor", help="The value after which its next run reads.")
@click.option("--delete", "forget", is_flag=True, help="Its next run reads from the beginning.")
@OUTPUT
@click.pass_context
@answering
def state(
    context: click.Context, pipeline: str, node: str | None, following: int | None, cursor: str | None, forget: bool, output: str
) -> None:
    """What [namespace/]PIPELINE keeps from run to run: where its sequences go on, and how far its sources were read."""
    namespace, name = named(pipeline)
    path = f"/pipelines/{namespace}/{name}/state"
    wanted = (following is not None) + (cursor is not None) + forget
    if wanted > 1 or (wanted and node is None):
        raise click.UsageError("give --node together with one of --next, --cursor and --delete")
    server = client(context)
    if not wanted:
        found = server.call("GET", path if node is None else f"{path}/{node}")
    elif forget:
        found = server.call("DELETE", f"{path}/{node}")
    else:
        found = server.call("PUT", f"{path}/{node}", body={"next": following} if cursor is None else {"cursor": cursor})
    if output != "table":
        printed(found, output)
        return
    for one in found["sequences"]:
        held = f", held by run {one['heldBy']}" if one["heldBy"] else ""
        click.echo(f"{one['node']}: next number {one['next']}{held}")
    for one in found["cursors"]:
        held = f", held by run {one['heldBy']}" if one["heldBy"] else ""
        where = "reads from the beginning" if one["value"] is None else f"reads on after {one['value']}"
        click.echo(f"{one['node']}: {where}{held}")
