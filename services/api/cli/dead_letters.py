"""`penstock dead-letters`: rows that did not get through; listed, corrected, waived, written to a file, taken away, and run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.api.cli.answering import OUTPUT, answering, client, done, printed
from shared.formats import exact_json

if TYPE_CHECKING:
    from services.api.cli.client import Client

# As many as the server takes in one call.
_AT_ONCE = 500
_CHOICE = (
    click.option("--run", help="Of one run."),
    click.option("--pipeline", help="Of one pipeline, [namespace/]NAME."),
    click.option("--node", help="Of one node."),
    click.option("--rule", help="That broke this rule, or this constraint of the destination."),
    click.option("--kind", type=click.Choice(["row", "line", "quality", "sink"]), help="What rejected them."),
    click.option("--state", type=click.Choice(["open", "fixed", "replayed", "waived"]), help="In this state."),
    click.option("--contains", help="With this in the error message."),
)


def _chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which letters; the command gets them as `choice`."""

    @wraps(command)
    def with_choice(*arguments: Any, **options: Any) -> Any:
        names = ("run", "pipeline", "node", "rule", "kind", "state", "contains")
        choice = {name: value for name in names if (value := options.pop(name)) is not None}
        return command(*arguments, choice=choice, **options)

    made: Callable[..., Any] = with_choice
    for option in reversed(_CHOICE):
        made = option(made)
    return made


IDS = click.argument("ids", nargs=-1, metavar="[ID]…")


@click.group("dead-letters", invoke_without_command=True)
@_chosen
@click.option("--limit", default=20, show_default=True)
@OUTPUT
@click.pass_context
def dead_letters(context: click.Context, choice: dict[str, Any], limit: int, output: str) -> None:
    """Rows that did not get through, with the reason."""
    if context.invoked_subcommand is None:
        _listed(context, choice, limit, output)
    elif choice:
        said = ", ".join(f"--{name}" for name in choice)
        raise click.UsageError(f"{said} stands before '{context.invoked_subcommand}', which would not heed it; say it after")


@answering
def _listed(context: click.Context, choice: dict[str, Any], limit: int, output: str) -> None:
    server = client(context)
    found = server.call("GET", "/dead-letters", limit=limit, exact=True, **choice)
    # Where a text is looked for, a page may be short and still not the last.
    while found["nextCursor"] and len(found["items"]) < limit:
        asked = {"limit": limit - len(found["items"]), "cursor": found["nextCursor"], **choice}
        more = server.call("GET", "/dead-letters", exact=True, **asked)
        found = {"items": found["items"] + more["items"], "nextCursor": more["nextCursor"]}
    if output != "table":
        printed(found, output)
        return
    from services.api.cli.client import harmless

    for row in found["items"]:
        where = f" line {row['position']}" if row["position"] is not None else ""
        click.echo(f"{row['id']} {row['state']} {row['node']}{where}: {harmless(row['error_message'])}")
        click.echo(f"    {exact_json.dumps(row['original_record'])}")
        if row["record"] is not None:
            click.echo(f"    fixed: {exact_json.dumps(row['record'])}")
    if found["nextCursor"]:
        click.echo("there are more; say which (--help), raise --limit, or write them to a file (export)", err=True)


@dead_letters.command()
@_chosen
@OUTPUT
@click.pass_context
@answering
def summary(context: click.Context, choice: dict[str, Any], output: str) -> None:
    """How many there are, by pipeline, node, rule and state."""
    found = client(context).call("GET", "/dead-letters/summary", **choice)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        rule = f" {one['rule']}" if one["rule"] else ""
        click.echo(f"{one['letters']:>9} {one['state']:<8} {one['pipeline']['namespace']}/{one['pipeline']['name']} {one['node']}{rule}")


@dead_letters.command()
@click.argument("letter", metavar="ID")
@OUTPUT
@click.pass_context
@answering
def show(context: click.Context, letter: str, output: str) -> None:
    """One of them in full."""
    printed(client(context).call("GET", f"/dead-letters/{letter}", exact=True), output)


@dead_letters.command()
@click.argument("letter", metavar="ID", required=False)
@click.option(
    "--set",
    "columns",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="A corrected column; JSON, or else a text. In a column of texts a number is one, too.",
)
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON lines as exported, records corrected.")
@click.option("--allow-duplicates", is_flag=True, help="Also rows of a failed replay that may have written them already.")
@OUTPUT
@click.pass_context
@answering
def fix(
    context: click.Context, letter: str | None, columns: tuple[str, ...], file: Path | None, allow_duplicates: bool, output: str
) -> None:
    """Correct a row, or all rows of a file that was exported; then they can be replayed."""
    server = client(context)
    allowed = {"allowDuplicates": True} if allow_duplicates else {}
    if (letter is None) == (file is None):
        raise click.UsageError("give the ID of a letter, or --file")
    if letter is not None:
        now = server.call("GET", f"/dead-letters/{letter}", exact=True)
        before = now["record"] if now["record"] is not None else now["original_record"]
        record = dict(_column(text, before) for text in columns)
        done("fixed", server.call("PATCH", f"/dead-letters/{letter}", body={"record": record} | allowed, exact=True), output)
        return
    assert file is not None
    fixed = 0
    for some in _in_file(file):
        fixed += server.call("PATCH", "/dead-letters", body={"letters": [one | allowed for one in some]}, exact=True)["letters"]
    done(f"{fixed} fixed", {"letters": fixed}, output)


def _column(text: str, before: Mapping[str, Any]) -> tuple[str, Any]:
    """`before`: the row as it is. In a column of texts 1.10 is a text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"'{text}' is no COLUMN=VALUE")
    try:
        said = exact_json.loads(value)
    except ValueError:
        return name, value
    return name, value if isinstance(before.get(name), str) and not (said is None or isinstance(said, str)) else said


def _in_file(file: Path) -> Iterator[list[dict[str, Any]]]:
    """{id, record} of each line: its `record`, or where that is null its `original_record`, either of which may be corrected. Those that
    were replayed or waived when they were exported stay as they are.
    """
    some: list[dict[str, Any]] = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                said = exact_json.loads(line)
                if said.get("state") in {"replayed", "waived"}:
                    continue
                some.append({"id": said["id"], "record": said["record"] if said.get("record") is not None else said["original_record"]})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise click.UsageError(f"{file}:{number}: this is no dead letter as it is exported ({error})") from error
            if len(some) == _AT_ONCE:
                yield some
                some = []
    if some:
        yield some


@dead_letters.command()
@IDS
@_chosen
@OUTPUT
@click.pass_context
@answering
def waive(context: click.Context, ids: tuple[str, ...], choice: dict[str, Any], output: str) -> None:
    """Say of rows that they need not get through."""
    waived = sum(client(context).call("POST", "/dead-letters/waive", body=body)["letters"] for body in _bodies(ids, choice))
    done(f"{waived} waived", {"letters": waived}, output)


@dead_letters.command()
@click.argument("letter", metavar="ID")
@OUTPUT
@click.pass_context
@answering
def reopen(context: click.Context, letter: str, output: str) -> None:
    """Take back a correction or a waiver."""
    done("open", client(context).call("PATCH", f"/dead-letters/{letter}", body={"state": "open"}, exact=True), output)


@dead_letters.command()
@_chosen
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "parquet"]), default="jsonl", show_default=True)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="A file; else it is printed.")
@click.pass_context
@answering
def export(context: click.Context, choice: dict[str, Any], form: str, to: Path | None) -> None:
    """Write them to a file, which can be corrected and given to `fix --file`."""
    if form == "parquet" and to is None:
        raise click.UsageError("Parquet is not for a terminal; say --to FILE")
    blocks = client(context).download("/dead-letters/export", format=form, **choice)
    if to is None:
        for block in blocks:
            # Bytes: a block may end within a character.
            click.echo(block, nl=False)
        return
    # Beside, until all of it is there: what was there before stays as it is, and half an export is never taken for a whole one.
    part = to.with_name(f"{to.name}.part")
    try:
        with part.open("wb") as file:
            for block in blocks:
                file.write(block)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    click.echo(str(to), err=True)


@dead_letters.command()
@IDS
@_chosen
@OUTPUT
@click.pass_context
@answering
def delete(context: click.Context, ids: tuple[str, ...], choice: dict[str, Any], output: str) -> None:
    """Take rows away for good."""
    server = client(context)
    for letter in ids:
        server.call("DELETE", f"/dead-letters/{letter}")
    deleted = len(ids) if ids else server.call("DELETE", "/dead-letters", **choice)["letters"]
    done(f"{deleted} deleted", {"letters": deleted}, output)


@dead_letters.command()
@IDS
@_chosen
@click.option("--version", default="newest", show_default=True, help="newest, original (the one that rejected them), or a number.")
@click.option("--wait", is_flag=True, help="Until they have run; exit code 1 when one fails.")
@click.option("--reason", help="Why, for the record.")
@click.option("--allow-duplicates", is_flag=True, help="Also rows of a failed replay that may have written them already.")
@OUTPUT
@click.pass_context
@answering
def replay(
    context: click.Context,
    ids: tuple[str, ...],
    choice: dict[str, Any],
    version: str,
    wait: bool,
    reason: str | None,
    allow_duplicates: bool,
    output: str,
) -> int:
    """Run rows again, as they were corrected, through the node that rejected them."""
    server = client(context)
    more: dict[str, Any] = {"version": int(version) if version.isdigit() else version, "allowDuplicates": allow_duplicates}
    if reason is not None:
        more["reason"] = reason
    started = [run for body in _bodies(ids, choice) for run in server.call("POST", "/dead-letters/replay", body=body | more)["runs"]]
    if output != "table":
        printed({"runs": started}, output)
    for run in started if output == "table" else ():
        click.echo(f"{run['id']}  {run['letters']} rows through {run['node']}, version {run['version']}")
    return 0 if not wait or _succeeded(server, [run["id"] for run in started]) else 1


def _succeeded(server: Client, runs: list[str]) -> bool:
    good = True
    for run in runs:
        for _ in server.events(run):
            pass
        ended = server.call("GET", f"/runs/{run}")
        rejected = ended["progress"]["rowsRejected"]
        click.echo(f"{run}  {ended['status']}" + (f", {rejected} rejected again" if rejected else ""), err=True)
        good = good and ended["status"] == "SUCCEEDED"
    return good


def _bodies(ids: tuple[str, ...], choice: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What says which letters, in as many calls as it takes."""
    if not ids:
        yield choice
    for first in range(0, len(ids), _AT_ONCE):
        yield {**choice, "ids": list(ids[first : first + _AT_ONCE])}
