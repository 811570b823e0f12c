"""`penstock hooks`: what webhooks were sent; listed, looked at, released or rejected where a person decides, and tried out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.api.cli.answering import OUTPUT, answering, client, done, named, printed
from shared.formats import exact_json

_KINDS = {".json": "application/json", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson", ".csv": "text/csv"}
HOOK = (click.argument("pipeline"), click.argument("trigger"))


def _of_hook(command: Any) -> Any:
    for argument in reversed(HOOK):
        command = argument(command)
    return command


def _address(pipeline: str, trigger: str) -> str:
    namespace, name = named(pipeline)
    return f"/pipelines/{namespace}/{name}/triggers/{trigger}"


@click.group()
def hooks() -> None:
    """What webhooks were sent, and what became of it."""


@hooks.command("list")
@_of_hook
@click.option("--outcome", type=click.Choice(["accepted", "pending", "parked", "rejected", "refused"]), help="Only these.")
@click.option("--limit", default=20, show_default=True)
@OUTPUT
@click.pass_context
@answering
def listed(context: click.Context, pipeline: str, trigger: str, outcome: str | None, limit: int, output: str) -> None:
    """The deliveries of a webhook, newest first."""
    found = client(context).call("GET", f"{_address(pipeline, trigger)}/deliveries", limit=limit, outcome=outcome)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        again = f", sent {one['repeats']} times again" if one["repeats"] else ""
        why = f": {one['detail']['message']}" if one["outcome"] == "refused" else ""
        run = f" run {one['run']}" if one["run"] else ""
        click.echo(f"{one['id']} {one['at'][:19]} {one['outcome']}{run}{again}{why}")
    if found["forged"]:
        click.echo(f"{found['forged']} were not let in during the last seven days", err=True)
    if found["nextCursor"]:
        click.echo("there are more; raise --limit, or say --outcome", err=True)


@hooks.command()
@_of_hook
@click.argument("delivery")
@OUTPUT
@click.pass_context
@answering
def show(context: click.Context, pipeline: str, trigger: str, delivery: str, output: str) -> None:
    """One delivery in full."""
    printed(client(context).call("GET", f"{_address(pipeline, trigger)}/deliveries/{delivery}", exact=True), output)


@hooks.command()
@_of_hook
@click.argument("delivery")
@click.option("--reason", help="Why, for the record.")
@OUTPUT
@click.pass_context
@answering
def release(context: click.Context, pipeline: str, trigger: str, delivery: str, reason: str | None, output: str) -> None:
    """Start the run of a delivery that waits for a person."""
    body = {"reason": reason} if reason else {}
    released = client(context).call("POST", f"{_address(pipeline, trigger)}/deliveries/{delivery}/release", body=body)
    done(released["run"], released, output)


@hooks.command()
@_of_hook
@click.argument("delivery")
@click.option("--reason", help="Why, for the record.")
@OUTPUT
@click.pass_context
@answering
def reject(context: click.Context, pipeline: str, trigger: str, delivery: str, reason: str | None, output: str) -> None:
    """A delivery that waits for a person starts nothing."""
    body = {"reason": reason} if reason else {}
    rejected = client(context).call("POST", f"{_address(pipeline, trigger)}/deliveries/{delivery}/reject", body=body)
    done(f"{delivery} is rejected", rejected, output)


@hooks.command("test")
@_of_hook
@click.option("--body", help="What would be sent, as JSON.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The same from a file: .json, .jsonl or .csv.")
@click.option("--start", is_flag=True, help="Really: as if it had been sent.")
@OUTPUT
@click.pass_context
@answering
def test(context: click.Context, pipeline: str, trigger: str, body: str | None, file: Path | None, start: bool, output: str) -> int:
    """What a delivery would come to, without its secret. Exit code 2 where it would be refused."""
    if (body is None) == (file is None):
        raise click.UsageError("give --body or --file")
    kind = _KINDS.get(file.suffix.lower(), "application/json") if file is not None else "application/json"
    try:
        text = file.read_text(encoding="utf-8") if file is not None else body or ""
        sent: dict[str, Any] = {"body": exact_json.loads(text) if kind == "application/json" else text, "contentType": kind}
    except ValueError as error:
        raise click.UsageError(f"the body is not what it should be: {error}") from error
    found = client(context).call("POST", f"{_address(pipeline, trigger)}/test", body=sent, exact=True, start=str(start).lower())
    if start:
        done(found["run"], found, output)
        return 0
    if output != "table":
        printed(found, output)
        return 0 if found["valid"] else 2
    if not found["valid"]:
        click.echo(f"it would be refused: {found['error']['message']}", err=True)
        for one in found["error"].get("errors", []):
            click.echo(f"  {one['path'] or '/'}: {one['message']}", err=True)
        return 2
    rows = f", {found['rows']} rows" if found["rows"] is not None else ""
    click.echo(f"it would {found['would']}{rows}")
    for name, value in found["parameters"].items():
        click.echo(f"  {name} = {exact_json.dumps(value)}")
    return 0
