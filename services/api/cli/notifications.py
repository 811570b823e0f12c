"""`penstock notifications`: who was told of what, or is to be; and a test message through every way that a pipeline names."""

from __future__ import annotations

from typing import Any

import click

from services.api.cli.answering import OUTPUT, answering, client, named, printed


@click.command()
@click.argument("pipeline", required=False, metavar="[[NAMESPACE/]PIPELINE]")
@click.option("--run", help="Of one run.")
@click.option("--state", type=click.Choice(["new", "held", "pending", "sent", "failed"]), help="In this state.")
@click.option("--test", "test", is_flag=True, help="Send a test message through each way that PIPELINE names.")
@click.option("--resend", metavar="ID", help="Send that one again.")
@click.option("--limit", default=20, show_default=True)
@OUTPUT
@click.pass_context
@answering
def notifications(
    context: click.Context,
    pipeline: str | None,
    run: str | None,
    state: str | None,
    test: bool,
    resend: str | None,
    limit: int,
    output: str,
) -> None:
    """Who was told of what, newest first."""
    server = client(context)
    if test and pipeline is None:
        raise click.UsageError("say whose ways are to be tested: penstock notifications PIPELINE --test")
    if resend:
        found: Any = {"items": [server.call("POST", f"/notifications/{resend}/resend")]}
    elif test:
        namespace, name = named(str(pipeline))
        found = server.call("POST", f"/pipelines/{namespace}/{name}/notifications/test")
    else:
        chosen: dict[str, Any] = {"run": run, "state": state, "pipeline": "/".join(named(pipeline)) if pipeline else None}
        found = server.call("GET", "/notifications", limit=limit, **{key: value for key, value in chosen.items() if value is not None})
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(_line(one))
    if found.get("nextCursor"):
        click.echo("there are more; say which (--help), or raise --limit", err=True)


def _line(one: dict[str, Any]) -> str:
    target = one["target"]
    to = target["connector"] or target["url"] or ", ".join(target["to"] or ()) or "the platform's mail"
    to += f" {target['channel']}" if target["channel"] else ""
    where = f"{one['pipeline']['namespace']}/{one['pipeline']['name']}"
    state = f"held ({one['held']})" if one["held"] else one["state"]
    why = f": {one['error']['message']}" if one["error"] else ""
    tries = f" after {one['tries']} tries" if one["tries"] > 1 else ""
    return f"{one['createdAt']} {one['id']} {where} {one['event']} by {one['type']} to {to}: {state}{tries}{why}"
