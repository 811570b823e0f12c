"""`penstock run`, `runs`, `ledger`, `logs`, `cancel`, `retry` and `label`: what is done with runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from services.api.cli.answering import OUTPUT, PARAM, answering, client, console, named, printed, spelt
from services.api.cli.choosing import changed, chosen, told
from services.api.cli.diagnosis import hint

if TYPE_CHECKING:
    from services.api.cli.client import Client


@click.command()
@click.argument("pipeline")
@click.option("--wait", is_flag=True, help="Follow it to its end; exit code 1 when it fails.")
@click.option("--version", type=int, help="An older version.")
@click.option("--reason", help="Why, for the record.")
@click.option("--plan", "plan_id", help="Exactly what that plan says; refused where it does not hold any more.")
@PARAM
@click.option("--logical-date", help="The time that the run is for, as 2026-03-29T02:00:00Z; else now.")
@click.option("--from-node", metavar="NODE", help="Not a new run: the newest one is done again from that node on.")
@click.option("--full-refresh", is_flag=True, help="Sources that read what is new begin anew.")
@OUTPUT
@click.pass_context
@answering
def run(
    context: click.Context,
    pipeline: str,
    wait: bool,
    version: int | None,
    reason: str | None,
    plan_id: str | None,
    typed: tuple[str, ...],
    logical_date: str | None,
    from_node: str | None,
    full_refresh: bool,
    output: str,
) -> int:
    """Start a run of [namespace/]PIPELINE."""
    from services.api.cli import parameters

    server = client(context)
    namespace, name = named(pipeline)
    given = parameters.values(server, namespace, name, typed, version) or None
    said = {"version": version, "reason": reason, "planId": plan_id, "parameters": given, "logicalDate": logical_date}
    said |= {"fullRefresh": full_refresh or None, "fromNode": from_node}
    body = {key: value for key, value in said.items() if value is not None}
    started = server.call("POST", f"/pipelines/{namespace}/{name}/runs", body=body)
    if not wait:
        printed(started, output) if output != "table" else click.echo(started["id"])
        return 0
    return followed(server, started, output)


def followed(server: Client, run: dict[str, Any], output: str) -> int:
    """From what is known of the run to its end. Its exit code."""
    from services.api.cli.show import follow, run_tables

    shown = console(stderr=output != "table")
    # What it did before it was asked for again is told already.
    follow(shown, server.events(run["id"], after=run["lastSeq"] if run["startedAt"] else 0), len(run["nodes"]))
    ended = server.call("GET", f"/runs/{run['id']}")
    printed(ended, output) if output != "table" else run_tables(shown, ended)
    for line in hint(server, ended):
        click.echo(line, err=output != "table")
    return 0 if ended["status"] == "SUCCEEDED" else 1


@click.command()
@click.argument("run_id")
@OUTPUT
@click.pass_context
@answering
def ledger(context: click.Context, run_id: str, output: str) -> None:
    """What became of every row of a run."""
    found = client(context).call("GET", f"/runs/{run_id}/ledger")
    if output != "table":
        printed(found, output)
        return
    from services.api.cli.show import ledger_lines

    for line in ledger_lines(found):
        click.echo(line)


@click.command()
@click.argument("run_id", required=False)
@click.option("--follow", "-f", "keep", is_flag=True, help="Go on until the run ends.")
@OUTPUT
@click.pass_context
@answering
def logs(context: click.Context, run_id: str | None, keep: bool, output: str) -> None:
    """Log lines of a run; of the latest one where none is named. With --follow, -o json is an object on each line."""
    server = client(context)
    if run_id is None:
        latest = server.call("GET", "/runs", limit=1)["items"]
        if not latest:
            click.echo("there is no run yet", err=True)
            return
        run_id = latest[0]["id"]
    lines = (line for _, line in server.events(run_id, "logs")) if keep else iter(server.follow(run_id, "logs"))
    if output != "table" and not keep:
        printed({"items": list(lines)}, output)
        return
    for line in lines:
        if output != "table":
            printed([line], output) if output == "yaml" else click.echo(spelt(line))
            continue
        click.echo(f"{line['at']} {line['level']:<7} {line['worker'] or '-'} {line['message']}")


@click.command()
@chosen
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@OUTPUT
@click.pass_context
@answering
def runs(context: click.Context, query: dict[str, Any], limit: int, output: str) -> None:
    """The newest runs, by any filter."""
    found = client(context).call("GET", "/runs", limit=limit, **query)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        labels = "".join(f"  {name}:{value}" for name, value in one["labels"].items())
        pipeline = f"{one['pipeline']['namespace']}/{one['pipeline']['name']}"
        click.echo(f"{one['id']}  {one['status']:<10} {pipeline}  {one['trigger'].get('type', '')}  {one['createdAt']}{labels}")


RUNS = click.argument("run_ids", nargs=-1, metavar="[RUN…]")


@click.command()
@RUNS
@chosen
@OUTPUT
@click.pass_context
@answering
def cancel(context: click.Context, run_ids: tuple[str, ...], query: dict[str, Any], output: str) -> int:
    """Stop a run; or several, by their ids or by filters. Exit code 1 when one of several had ended."""
    server = client(context)
    if len(run_ids) == 1 and not query:
        found = server.call("POST", f"/runs/{run_ids[0]}/cancel")
        click.echo(found["status"]) if output == "table" else printed(found, output)
        return 0
    return told(changed(server, "cancel", run_ids, query), output)


@click.command()
@RUNS
@click.option("--from", "from_node", default="failed", show_default=True, metavar="NODE|failed", help="Where to begin.")
@click.option("--keep", is_flag=True, help="What is done after that node stays as it is.")
@click.option("--allow-duplicates", is_flag=True, help="Insert rows again that were inserted.")
@click.option("--reason", help="Why, for the record.")
@click.option("--wait", is_flag=True, help="Follow it to its end; exit code 1 when it fails. Of one run only.")
@chosen
@OUTPUT
@click.pass_context
@answering
def retry(
    context: click.Context,
    run_ids: tuple[str, ...],
    from_node: str,
    keep: bool,
    allow_duplicates: bool,
    reason: str | None,
    wait: bool,
    query: dict[str, Any],
    output: str,
) -> int:
    """Do a run again that has ended: what failed and what came after it, or everything from a node on; or several, by ids or by filters."""
    body = {"from": from_node, "keep": keep, "allowDuplicates": allow_duplicates, **({"reason": reason} if reason else {})}
    server = client(context)
    if len(run_ids) != 1 or query:
        if wait:
            raise click.UsageError("--wait follows one run; name one")
        return told(changed(server, "retry", run_ids, query, **body), output)
    found = server.call("POST", f"/runs/{run_ids[0]}/retry", body=body)
    if not wait:
        printed(found, output) if output != "table" else click.echo(found["status"])
        return 0
    return followed(server, found, output)


@click.command()
@RUNS
@click.option("--set", "put", multiple=True, metavar="KEY=VALUE", help="Put this label there; may be repeated.")
@click.option("--remove", multiple=True, metavar="KEY", help="Take this label away; may be repeated.")
@chosen
@OUTPUT
@click.pass_context
@answering
def label(
    context: click.Context, run_ids: tuple[str, ...], put: tuple[str, ...], remove: tuple[str, ...], query: dict[str, Any], output: str
) -> int:
    """Put labels on runs and take them away, by their ids or by filters."""
    pairs = [one.partition("=") for one in put]
    if wrong := next((key for key, equals, _ in pairs if not equals), None):
        raise click.UsageError(f"--set {wrong} is no label; say --set {wrong}=VALUE")
    body: dict[str, Any] = {"set": {key: value for key, _, value in pairs}, "remove": list(remove)}
    return told(changed(client(context), "label", run_ids, query, **body), output)
