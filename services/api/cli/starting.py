"""`penstock enable`, `disable`, `start`, `stop` and `triggers`: whether and why pipelines start by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from services.api.cli.answering import OUTPUT, answering, client, named, printed

if TYPE_CHECKING:
    from services.api.cli.client import Client

REASON = click.option("--reason", help="Why, for the record.")


def _switch(to: Client, pipeline: str, word: str, reason: str | None) -> dict[str, Any]:
    namespace, name = named(pipeline)
    body = {"reason": reason} if reason else {}
    found: dict[str, Any] = to.call("POST", f"/pipelines/{namespace}/{name}/{word}", body=body)
    click.echo(f"{namespace}/{name} {'may start by itself' if found['enabled'] else 'does not start by itself any more'}", err=True)
    return found


@click.command()
@click.argument("pipeline")
@REASON
@OUTPUT
@click.pass_context
@answering
def enable(context: click.Context, pipeline: str, reason: str | None, output: str) -> None:
    """Let [namespace/]PIPELINE start by itself, from now on."""
    found = _switch(client(context), pipeline, "enable", reason)
    if output != "table":
        printed(found, output)


@click.command()
@click.argument("pipeline")
@REASON
@OUTPUT
@click.pass_context
@answering
def disable(context: click.Context, pipeline: str, reason: str | None, output: str) -> None:
    """Keep [namespace/]PIPELINE from starting by itself; runs that there are go on."""
    found = _switch(client(context), pipeline, "disable", reason)
    if output != "table":
        printed(found, output)


@click.command()
@click.argument("pipeline")
@REASON
@OUTPUT
@click.pass_context
@answering
def start(context: click.Context, pipeline: str, reason: str | None, output: str) -> None:
    """Let [namespace/]PIPELINE start by itself, and run it now."""
    to, (namespace, name) = client(context), named(pipeline)
    _switch(to, pipeline, "enable", reason)
    body = {"reason": reason} if reason else {}
    run = to.call("POST", f"/pipelines/{namespace}/{name}/runs", body=body)
    printed(run, output) if output != "table" else click.echo(run["id"])


@click.command()
@click.argument("pipeline")
@REASON
@OUTPUT
@click.pass_context
@answering
def stop(context: click.Context, pipeline: str, reason: str | None, output: str) -> None:
    """Keep [namespace/]PIPELINE from starting by itself, and cancel its backfills and its runs that have not ended."""
    to = client(context)
    _switch(to, pipeline, "disable", reason)
    namespace, name = named(pipeline)
    stopped: dict[str, list[dict[str, str]]] = {"backfills": [], "runs": []}
    # Else the next date of each would start as soon as one of its runs is cancelled.
    for backfill in to.call("GET", "/backfills", namespace=namespace, pipeline=name, limit=500)["items"]:
        if backfill["state"] in ("running", "paused"):
            cancelled = to.call("POST", f"/backfills/{backfill['id']}/cancel", body={})
            stopped["backfills"].append({"id": backfill["id"], "state": cancelled["state"]})
            if output == "table":
                click.echo(f"backfill {backfill['id']} {cancelled['state']}")
    # Those that wait first: they would take the places of those that run.
    for status in ("QUEUED", "RUNNING"):
        for run in list(_runs(to, pipeline, status)):
            status_now = to.call("POST", f"/runs/{run}/cancel")["status"]
            stopped["runs"].append({"id": run, "status": status_now})
            if output == "table":
                click.echo(f"{run} {status_now}")
    if output != "table":
        printed(stopped, output)


def _runs(to: Client, pipeline: str, status: str) -> Iterator[str]:
    namespace, name = named(pipeline)
    cursor = None
    while True:
        page = to.call("GET", "/runs", namespace=namespace, pipeline=name, status=status, limit=500, cursor=cursor)
        yield from (run["id"] for run in page["items"])
        cursor = page["nextCursor"]
        if cursor is None:
            return


@click.command()
@click.argument("pipeline")
@click.argument("trigger", required=False)
@click.option("--limit", default=20, show_default=True, help="So many firings of TRIGGER.")
@OUTPUT
@click.pass_context
@answering
def triggers(context: click.Context, pipeline: str, trigger: str | None, limit: int, output: str) -> None:
    """What starts [namespace/]PIPELINE by itself; with TRIGGER, what that has seen and what became of it, the newest first."""
    namespace, name = named(pipeline)
    path = f"/pipelines/{namespace}/{name}/triggers"
    if trigger is not None:
        found = client(context).call("GET", f"{path}/{trigger}/firings", limit=limit)
        if output != "table":
            printed(found, output)
            return
        for one in found["items"]:
            click.echo(_firing(one))
        return
    found = client(context).call("GET", path)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        state = "" if one["active"] else "  (off)"
        when = f"  next {one['nextFireAt']}" if one["nextFireAt"] else ""
        behind = f"  {one['behind']} missed fire times wait" if one["behind"] else ""
        click.echo(f"{one['name']}  {one['type']}{state}{when}{behind}")
        if one["lastFiring"]:
            click.echo(f"    last {_firing(one['lastFiring'])}")
        if one["problem"]:
            click.echo(f"    problem: {one['problem'].get('message', one['problem'])}")


def _firing(one: dict[str, Any]) -> str:
    why = one["detail"].get("message") or one["detail"].get("reason") or ""
    return f"{one['key']}  {one['outcome']}  {one['run'] or why}"


COMMANDS = (enable, disable, start, stop, triggers)
