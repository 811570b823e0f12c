"""`penstock`: a client of the API. Exit codes: 0 good, 1 the run failed, 2 wrong use, 3 not reachable.

Libraries that are slow to load (HTTP, tables) are imported by the commands that use them, so that help answers at once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.api.cli.answering import OUTPUT
from services.api.cli.answering import answering as _answering
from services.api.cli.answering import client as _client
from services.api.cli.answering import console as _console
from services.api.cli.answering import named as _named
from services.api.cli.answering import printed as _print
from services.api.cli.answering import problem as _problem
from services.api.cli.audit import audit
from services.api.cli.backfills import backfill
from services.api.cli.dead_letters import dead_letters
from services.api.cli.hooks import hooks
from services.api.cli.notifications import notifications
from services.api.cli.quality import quality
from services.api.cli.schedules import calendar, next_
from services.api.cli.schema import schema
from services.api.cli.starting import COMMANDS as STARTING
from services.api.cli.texts import joined
from services.api.cli.tokens import tokens

if TYPE_CHECKING:
    from services.api.cli.client import Client

PARAM = click.option("--param", "-p", "typed", multiple=True, metavar="NAME=VALUE", help="A parameter's value; items of a list by commas.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", help="The API; else PENSTOCK_API_URL, else the server of this folder.")
@click.option("--token", help="Its token; else PENSTOCK_API_TOKEN, else that of this folder's server.")
@click.pass_context
def cli(context: click.Context, url: str | None, token: str | None) -> None:
    """Data pipelines for people who cannot afford to lose or distrust a row."""
    context.obj = (url, token)


cli.add_command(schema)
cli.add_command(dead_letters)
for command in STARTING:
    cli.add_command(command)
cli.add_command(next_)
cli.add_command(calendar)
cli.add_command(backfill)
cli.add_command(hooks)
cli.add_command(notifications)
cli.add_command(quality)
cli.add_command(tokens)
cli.add_command(audit)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_answering
def validate(files: tuple[Path, ...]) -> int:
    """Check recipes, together; works without a server. Exit code 2 when one is not valid."""
    from shared.pipelines.language import read_documents
    from shared.pipelines.validation import validate as find_problems

    text, place = joined(files)
    found = [place(problem.to_json()) for problem in find_problems(read_documents(text))]
    for error in found:
        click.echo(_problem(error))
    wrong = sum(error["severity"] == "error" for error in found)
    click.echo(f"{wrong} error{'s' if wrong > 1 else ''}" if wrong else "valid", err=True)
    return 2 if wrong else 0


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check and show, save nothing.")
@click.option("--draft", is_flag=True, help="Save what has errors too; it cannot run.")
@click.option("--message", "-m", default="", help="Why, for the history.")
@click.pass_context
@_answering
def apply(context: click.Context, files: tuple[Path, ...], dry_run: bool, draft: bool, message: str) -> None:
    """Save documents, all or none."""
    from services.api.cli.client import CallRefused

    text, place = joined(files)
    flags: dict[str, Any] = {"dryRun": str(dry_run).lower(), "draft": str(draft).lower(), "message": message}
    try:
        reply = _client(context).call("POST", "/apply", content=text, **flags)
    except CallRefused as refused:
        refused.errors = [place(error) for error in refused.errors]
        raise
    for one in reply["applied"]:
        what = "would be saved" if dry_run else f"version {one['version']}" + ("" if one["changed"] else " (unchanged)")
        click.echo(f"{one['kind']} {one['namespace']}/{one['name']}: {what}{'' if one['valid'] else ', a draft with errors'}")
    for error in reply["errors"]:
        click.echo(f"  {_problem(place(error))}", err=True)


@cli.command()
@click.argument("pipeline")
@click.option("--wait", is_flag=True, help="Follow it to its end; exit code 1 when it fails.")
@click.option("--version", type=int, help="An older version.")
@click.option("--reason", help="Why, for the record.")
@click.option("--plan", "plan_id", help="Exactly what that plan says; refused where it does not hold any more.")
@PARAM
@click.option("--logical-date", help="The time that the run is for, as 2026-03-29T02:00:00Z; else now.")
@click.option("--full-refresh", is_flag=True, help="Sources that read what is new begin anew.")
@OUTPUT
@click.pass_context
@_answering
def run(
    context: click.Context,
    pipeline: str,
    wait: bool,
    version: int | None,
    reason: str | None,
    plan_id: str | None,
    typed: tuple[str, ...],
    logical_date: str | None,
    full_refresh: bool,
    output: str,
) -> int:
    """Start a run of [namespace/]PIPELINE."""
    from services.api.cli import parameters

    client = _client(context)
    namespace, name = _named(pipeline)
    given = parameters.values(client, namespace, name, typed, version) or None
    said = {"version": version, "reason": reason, "planId": plan_id, "parameters": given, "logicalDate": logical_date}
    said["fullRefresh"] = full_refresh or None
    body = {key: value for key, value in said.items() if value is not None}
    started = client.call("POST", f"/pipelines/{namespace}/{name}/runs", body=body)
    if not wait:
        _print(started, output) if output != "table" else click.echo(started["id"])
        return 0
    return _followed(client, started, output)


def _followed(client: Client, run: dict[str, Any], output: str) -> int:
    """From what is known of the run to its end. Its exit code."""
    from services.api.cli.show import follow, run_tables

    console = _console(stderr=output != "table")
    # What it did before it was asked for again is told already.
    follow(console, client.events(run["id"], after=run["lastSeq"] if run["startedAt"] else 0), len(run["nodes"]))
    ended = client.call("GET", f"/runs/{run['id']}")
    _print(ended, output) if output != "table" else run_tables(console, ended)
    return 0 if ended["status"] == "SUCCEEDED" else 1


@cli.command()
@click.argument("run_id", required=False)
@OUTPUT
@click.pass_context
@_answering
def status(context: click.Context, run_id: str | None, output: str) -> None:
    """One run in full, or the latest runs."""
    client = _client(context)
    found = client.call("GET", f"/runs/{run_id}") if run_id else client.call("GET", "/runs", limit=20)
    if output != "table":
        _print(found, output)
        return
    from services.api.cli.show import run_tables

    if run_id:
        run_tables(_console(), found)
        return
    for one in found["items"]:
        click.echo(f"{one['id']}  {one['status']:<10} {one['pipeline']['namespace']}/{one['pipeline']['name']}  {one['createdAt']}")


@cli.command()
@click.argument("run_id")
@OUTPUT
@click.pass_context
@_answering
def ledger(context: click.Context, run_id: str, output: str) -> None:
    """What became of every row of a run."""
    found = _client(context).call("GET", f"/runs/{run_id}/ledger")
    if output != "table":
        _print(found, output)
        return
    from services.api.cli.show import ledger_lines

    for line in ledger_lines(found):
        click.echo(line)


@cli.command()
@click.argument("pipeline")
@click.option("--node", help="Change this node's state.")
@click.option("--next", "following", type=int, help="Where its next run begins to number.")
@click.option("--cursor", help="The value after which its next run reads.")
@click.option("--delete", "forget", is_flag=True, help="Its next run reads from the beginning.")
@click.pass_context
@_answering
def state(context: click.Context, pipeline: str, node: str | None, following: int | None, cursor: str | None, forget: bool) -> None:
    """What [namespace/]PIPELINE keeps from run to run: where its sequences go on, and how far its sources were read."""
    namespace, name = _named(pipeline)
    path = f"/pipelines/{namespace}/{name}/state"
    wanted = (following is not None) + (cursor is not None) + forget
    if wanted != (node is not None):
        raise click.UsageError("give --node together with one of --next, --cursor and --delete")
    client = _client(context)
    if node is None:
        found = client.call("GET", path)
    elif forget:
        found = client.call("DELETE", f"{path}/{node}")
    else:
        found = client.call("PUT", f"{path}/{node}", body={"next": following} if cursor is None else {"cursor": cursor})
    for one in found["sequences"]:
        held = f", held by run {one['heldBy']}" if one["heldBy"] else ""
        click.echo(f"{one['node']}: next number {one['next']}{held}")
    for one in found["cursors"]:
        held = f", held by run {one['heldBy']}" if one["heldBy"] else ""
        where = "reads from the beginning" if one["value"] is None else f"reads on after {one['value']}"
        click.echo(f"{one['node']}: {where}{held}")


@cli.command()
@click.argument("run_id", required=False)
@click.option("--follow", "-f", "keep", is_flag=True, help="Go on until the run ends.")
@click.pass_context
@_answering
def logs(context: click.Context, run_id: str | None, keep: bool) -> None:
    """Log lines of a run; of the latest one where none is named."""
    client = _client(context)
    if run_id is None:
        latest = client.call("GET", "/runs", limit=1)["items"]
        if not latest:
            click.echo("there is no run yet", err=True)
            return
        run_id = latest[0]["id"]
    lines = (line for _, line in client.events(run_id, "logs")) if keep else iter(client.follow(run_id, "logs"))
    for line in lines:
        click.echo(f"{line['at']} {line['level']:<7} {line['worker'] or '-'} {line['message']}")


@cli.command()
@click.argument("run_id")
@click.pass_context
@_answering
def cancel(context: click.Context, run_id: str) -> None:
    """Stop a run."""
    click.echo(_client(context).call("POST", f"/runs/{run_id}/cancel")["status"])


@cli.command()
@click.argument("run_id")
@click.option("--from", "from_node", default="failed", show_default=True, metavar="NODE|failed", help="Where to begin.")
@click.option("--keep", is_flag=True, help="What is done after that node stays as it is.")
@click.option("--allow-duplicates", is_flag=True, help="Insert rows again that were inserted.")
@click.option("--reason", help="Why, for the record.")
@click.option("--wait", is_flag=True, help="Follow it to its end; exit code 1 when it fails.")
@OUTPUT
@click.pass_context
@_answering
def retry(
    context: click.Context, run_id: str, from_node: str, keep: bool, allow_duplicates: bool, reason: str | None, wait: bool, output: str
) -> int:
    """Do a run again that has ended: what failed and what came after it, or everything from a node on."""
    body = {"from": from_node, "keep": keep, "allowDuplicates": allow_duplicates, **({"reason": reason} if reason else {})}
    client = _client(context)
    found = client.call("POST", f"/runs/{run_id}/retry", body=body)
    if not wait:
        _print(found, output) if output != "table" else click.echo(found["status"])
        return 0
    return _followed(client, found, output)


@cli.command()
@click.argument("what", nargs=-1, required=True, metavar="[NAMESPACE/]PIPELINE | FILES…")
@click.option("--pipeline", help="Which one, where the files hold several.")
@click.option("--version", type=int, help="An older version.")
@click.option("--wait", type=float, default=10.0, show_default=True, help="Seconds for workers to look at sources and destinations.")
@PARAM
@click.option("--logical-date", help="The time that the run would be for, as 2026-03-29T02:00:00Z; else now.")
@OUTPUT
@click.pass_context
@_answering
def plan(
    context: click.Context,
    what: tuple[str, ...],
    pipeline: str | None,
    version: int | None,
    wait: float,
    typed: tuple[str, ...],
    logical_date: str | None,
    output: str,
) -> int:
    """What a run would do; runs nothing. Of files, it works without a server."""
    from services.api.cli import parameters, plans

    if Path(what[0]).is_file():
        from shared.pipelines.language import read_documents
        from shared.pipelines.validation import validate as find_problems

        text, place = joined([Path(file) for file in what])
        documents = read_documents(text)
        problems = [place(problem.to_json()) for problem in find_problems(documents) if problem.severity == "error"]
        for error in problems:
            click.echo(_problem(error), err=True)
        if problems:
            return 2
        made = plans.offline(documents, pipeline, typed, logical_date)
    else:
        namespace, name = _named(what[0])
        client = _client(context)
        given = parameters.values(client, namespace, name, typed, version) or None
        said = {"version": version, "parameters": given, "logicalDate": logical_date}
        body = {key: value for key, value in said.items() if value is not None}
        made = client.call("POST", f"/pipelines/{namespace}/{name}/plan", body=body, wait=wait)
    _print(made, output) if output != "table" else plans.print_plan(_console(), made)
    return 0


KIND = click.option("--kind", "-k", default="Pipeline", show_default=True, help="Of a document of another kind.")


@cli.command()
@click.argument("name")
@click.argument("version", type=int, required=False)
@KIND
@OUTPUT
@click.pass_context
@_answering
def versions(context: click.Context, name: str, version: int | None, kind: str, output: str) -> None:
    """The versions of [namespace/]NAME, newest first; with VERSION, the text of that one."""
    from services.api.cli import versions as history

    client, of = _client(context), history.address(kind, name)
    if version is not None:
        found = client.call("GET", f"{of}/versions/{version}")
        click.echo(found["document"], nl=False) if output == "table" else _print(found, output)
        return
    every = history.everything(client, of)
    if output != "table":
        _print({"items": every}, output)
        return
    for one in every:
        click.echo(history.line(one))


@cli.command()
@click.argument("name")
@click.argument("from_", metavar="[FROM]", type=int, required=False)
@click.argument("to", type=int, required=False)
@KIND
@OUTPUT
@click.pass_context
@_answering
def diff(context: click.Context, name: str, from_: int | None, to: int | None, kind: str, output: str) -> None:
    """What differs between two versions of [namespace/]NAME; the newest and the one before it where none is named."""
    from services.api.cli import versions as history

    query: dict[str, Any] = {"from": from_, "to": to}
    found = _client(context).call("GET", f"{history.address(kind, name)}/diff", **query)
    if output != "table":
        _print(found, output)
        return
    history.print_difference(found, coloured=sys.stdout.isatty())


@cli.command()
@click.argument("name")
@click.argument("version", type=int)
@click.option("--message", "-m", default="", help="Why, for the history.")
@KIND
@click.pass_context
@_answering
def restore(context: click.Context, name: str, version: int, message: str, kind: str) -> None:
    """Save the text of an old VERSION of [namespace/]NAME as the newest."""
    from services.api.cli import versions as history

    body = {"version": version, **({"message": message} if message else {})}
    saved = _client(context).call("POST", f"{history.address(kind, name)}/restore", body=body)
    short = f"{saved['namespace']}/{saved['name']}"
    same = "" if saved["changed"] else f" (unchanged: it has the text of version {version} already)"
    click.echo(f"{kind} {short}: version {saved['version']}{same}{'' if saved['valid'] else ', a draft with errors'}")


@cli.group()
def credentials() -> None:
    """Values that connectors need and nobody may see."""


@credentials.command("set")
@click.argument("name")
@click.argument("values", nargs=-1)
@click.pass_context
@_answering
def set_credential(context: click.Context, name: str, values: tuple[str, ...]) -> int:
    """Save credential [namespace/]NAME with FIELD=VALUE …; a field without a value is asked for."""
    fields = {}
    for entry in values or ("password",):
        field, given, value = entry.partition("=")
        fields[field] = value if given else click.prompt(field, hide_input=True)
    namespace, short = _named(name)
    saved = _client(context).call("PUT", f"/credentials/{namespace}/{short}", body=fields)
    click.echo(f"credential {namespace}/{short}: version {saved['version']}, fields {', '.join(saved['fields'])}")
    return 0


@cli.group(invoke_without_command=True)
@OUTPUT
@click.pass_context
def connectors(context: click.Context, output: str) -> None:
    """The connectors there are; and with a word more, what one can reach and what is in it."""
    if not context.invoked_subcommand:
        _list_connectors(context, output)


@_answering
def _list_connectors(context: click.Context, output: str) -> None:
    found = _client(context).call("GET", "/connectors")
    if output != "table":
        _print(found, output)
        return
    for one in found["items"]:
        click.echo(f"{one['namespace']}/{one['name']}  version {one['version']}{'' if one['valid'] else '  (a draft with errors)'}")


@connectors.command()
@click.argument("name")
@OUTPUT
@click.pass_context
@_answering
def check(context: click.Context, name: str, output: str) -> int:
    """Tries a connector: what was tried, and what failed. Exit code 1 when something did."""
    from services.api.cli import looking

    found = looking.looked(_client(context), "check", *_named(name), {})
    looking.print_check(found) if output == "table" else _print(found, output)
    return 0 if found["ok"] else 1


@connectors.command()
@click.argument("name")
@OUTPUT
@click.pass_context
@_answering
def discover(context: click.Context, name: str, output: str) -> None:
    """Tables or files of a connector, with their columns."""
    from services.api.cli import looking

    found = looking.looked(_client(context), "discover", *_named(name), {})
    looking.print_discovery(found) if output == "table" else _print(found, output)


@connectors.command()
@click.argument("name")
@click.option("--table", help="A table, or schema.table.")
@click.option("--query", help="A SELECT in the database's own SQL.")
@click.option("--path", help="A file, or a glob.")
@OUTPUT
@click.pass_context
@_answering
def preview(context: click.Context, name: str, table: str | None, query: str | None, path: str | None, output: str) -> None:
    """The first rows of a table, query or file; columns that look secret are masked."""
    from services.api.cli import looking

    named = {key: value for key, value in (("table", table), ("query", query), ("path", path)) if value is not None}
    found = looking.looked(_client(context), "preview", *_named(name), named)
    looking.print_preview(found) if output == "table" else _print(found, output)


@cli.group("circuit-breakers", invoke_without_command=True)
@OUTPUT
@click.pass_context
def circuit_breakers(context: click.Context, output: str) -> None:
    """How the connectors' circuit breakers stand; and with a word more, closing one by hand."""
    if not context.invoked_subcommand:
        _list_breakers(context, output)


@_answering
def _list_breakers(context: click.Context, output: str) -> None:
    from services.api.cli import looking

    found = _client(context).call("GET", "/circuit-breakers", limit=500)
    looking.print_breakers(found["items"]) if output == "table" else _print(found, output)


@circuit_breakers.command()
@click.argument("name")
@OUTPUT
@click.pass_context
@_answering
def reset(context: click.Context, name: str, output: str) -> None:
    """Closes the breaker of connector [namespace/]NAME; what waits for it goes on at once."""
    from services.api.cli import looking

    namespace, short = _named(name)
    found = _client(context).call("POST", f"/circuit-breakers/{namespace}/{short}/reset", body={})
    looking.print_breakers([found]) if output == "table" else _print(found, output)


@cli.command()
@click.option("--days", default=30, show_default=True, help="Look at the runs of so many days, and at all that have not ended.")
@OUTPUT
@click.pass_context
@_answering
def doctor(context: click.Context, days: int, output: str) -> int:
    """What must hold of the store, the services and the disks, what does not, and what to do. Exit code 1 when something is off."""
    from services.api.cli import doctor as examined

    found = _client(context).call("GET", "/system/doctor", days=days)
    if output != "table":
        _print(found, output)
    else:
        for line in examined.lines(found):
            click.echo(line)
    return 0 if found["healthy"] else 1


def _local(action: str) -> int:
    return subprocess.run([sys.executable, "-m", "infra.local", action], check=False).returncode


@cli.command()
@_answering
def up() -> int:
    """Start Penstock on this machine."""
    return _local("up")


@cli.command()
@_answering
def down() -> int:
    """Stop Penstock on this machine."""
    return _local("down")


def main() -> None:
    cli(prog_name="penstock")


if __name__ == "__main__":
    main()
