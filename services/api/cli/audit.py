"""`penstock audit`: who changed what, or tried to."""

from __future__ import annotations

from typing import Any

import click

from services.api.cli.answering import OUTPUT, answering, client, printed


@click.command()
@click.option("--namespace", "-n", help="What concerned this one.")
@click.option("--by", "token", metavar="TOKEN", help="By a token, its name or id.")
@click.option("--action", help="One call, as it is listed: runs.cancel.")
@click.option("--object", "about", metavar="NAME", help="What was changed, as it is listed.")
@click.option("--request", metavar="ID", help="One call, by its X-Request-ID.")
@click.option("--outcome", type=click.Choice(["done", "refused", "failed"]), help="How it was answered.")
@click.option("--since", help="From then on, as 2026-03-29T02:00:00Z.")
@click.option("--until", help="Before then.")
@click.option("--limit", default=50, show_default=True)
@OUTPUT
@click.pass_context
@answering
def audit(
    context: click.Context,
    namespace: str | None,
    token: str | None,
    action: str | None,
    about: str | None,
    request: str | None,
    outcome: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    output: str,
) -> None:
    """Who changed what, or tried to, newest first. Needs a token of an admin."""
    asked: dict[str, Any] = {"namespace": namespace, "token": token, "action": action, "object": about, "request": request}
    asked |= {"outcome": outcome, "since": since, "until": until}
    found = client(context).call("GET", "/audit", limit=limit, **asked)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(_line(one))
    if found["nextCursor"]:
        click.echo("there are more; say which (--help), or raise --limit", err=True)


def _line(one: dict[str, Any]) -> str:
    who = f"{one['name']} ({one['role']})" if one["name"] else f"somebody at {one['address']}"
    where = f"{one['namespace']}/" if one["namespace"] else ""
    what = f" {where}{one['object'] or ''}" if where or one["object"] else ""
    return f"{one['at'][:19]}Z {who} {one['action']}{what}: {one['status']}, request {one['requestId']}"
