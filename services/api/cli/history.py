"""`penstock versions`, `diff` and `restore`: the history of documents."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from services.api.cli.answering import OUTPUT, answering, client, printed, spelt

if TYPE_CHECKING:
    from services.api.cli.client import Client


def _is_run(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _compare_runs(server: Client, run: str, other: str | None, output: str) -> None:
    beside: dict[str, Any] = {"with": other}
    found = server.call("GET", f"/runs/{run}/diff", **beside)
    if output != "table":
        printed(found, output)
        return
    click.echo(f"run {found['run']['id']} beside {found['comparedWith']['id']}, the most surprising first", err=True)
    for one in found["findings"]:
        click.echo(f"{one['surprise']:.2f}  {one['kind']:<10}  {one['told']}")
    for one in found["recipe"] or ():
        click.echo(f"      recipe      {one['change']} {one['path']}: {spelt(one['before'])} -> {spelt(one['after'])}")
    if not found["findings"]:
        click.echo("nothing differs")


KIND = click.option("--kind", "-k", default="Pipeline", show_default=True, help="Of a document of another kind.")


@click.command()
@click.argument("name")
@click.argument("version", type=int, required=False)
@KIND
@OUTPUT
@click.pass_context
@answering
def versions(context: click.Context, name: str, version: int | None, kind: str, output: str) -> None:
    """The versions of [namespace/]NAME, newest first; with VERSION, the text of that one."""
    from services.api.cli import versions as history

    server, of = client(context), history.address(kind, name)
    if version is not None:
        found = server.call("GET", f"{of}/versions/{version}")
        click.echo(found["document"], nl=False) if output == "table" else printed(found, output)
        return
    every = history.everything(server, of)
    if output != "table":
        printed({"items": every}, output)
        return
    for one in every:
        click.echo(history.line(one))


@click.command()
@click.argument("name", metavar="NAME|RUN")
@click.argument("from_", metavar="[FROM]", required=False)
@click.argument("to", type=int, required=False)
@KIND
@OUTPUT
@click.pass_context
@answering
def diff(context: click.Context, name: str, from_: str | None, to: int | None, kind: str, output: str) -> None:
    """What differs between two versions of [namespace/]NAME, the newest and the one before it where none is named; or, of a RUN's id, why
    it was different from another run, the newest before it that succeeded where none is named.
    """
    from services.api.cli import versions as history

    if _is_run(name):
        _compare_runs(client(context), name, from_, output)
        return
    if from_ is not None and not from_.isdecimal():
        raise click.UsageError(f"{from_} is no version; they are whole numbers")
    query: dict[str, Any] = {"from": from_, "to": to}
    found = client(context).call("GET", f"{history.address(kind, name)}/diff", **query)
    if output != "table":
        printed(found, output)
        return
    history.print_difference(found, coloured=sys.stdout.isatty())


@click.command()
@click.argument("name")
@click.argument("version", type=int)
@click.option("--message", "-m", default="", help="Why, for the history.")
@KIND
@OUTPUT
@click.pass_context
@answering
def restore(context: click.Context, name: str, version: int, message: str, kind: str, output: str) -> None:
    """Save the text of an old VERSION of [namespace/]NAME as the newest."""
    from services.api.cli import versions as history

    body = {"version": version, **({"message": message} if message else {})}
    saved = client(context).call("POST", f"{history.address(kind, name)}/restore", body=body)
    if output != "table":
        printed(saved, output)
        return
    short = f"{saved['namespace']}/{saved['name']}"
    same = "" if saved["changed"] else f" (unchanged: it has the text of version {version} already)"
    click.echo(f"{kind} {short}: version {saved['version']}{same}{'' if saved['valid'] else ', a draft with errors'}")
