"""`penstock profiles`: the servers that are known here."""

from __future__ import annotations

import click

from services.api.cli.answering import OUTPUT, answering, printed, secret
from services.api.cli.servers import NoServer, add, keep, known


@click.group(invoke_without_command=True)
@OUTPUT
@click.pass_context
def profiles(context: click.Context, output: str) -> None:
    """The servers that are known here, by name; a star marks the one in use where no folder says otherwise."""
    if not context.invoked_subcommand:
        _list(output)


@answering
def _list(output: str) -> None:
    found = known()
    shown = [{"name": name, "url": one["url"], "current": name == found["current"]} for name, one in found["profiles"].items()]
    if output != "table":
        printed({"items": shown}, output)
        return
    for one in shown:
        click.echo(f"{'*' if one['current'] else ' '} {one['name']:<16} {one['url']}")
    if not shown:
        click.echo("there is none; add one with: penstock profiles add NAME --url https://…", err=True)


@profiles.command("add")
@click.argument("name")
@click.option("--url", required=True, help="The address of its API, such as https://penstock.example.")
@click.option("--token", help="Its token; asked for where it is not given.")
@answering
def add_profile(name: str, url: str, token: str | None) -> None:
    """Keep a server's address and token as NAME; the first one is used from now on."""
    add(name, url, token or secret("token"))
    click.echo(f"profile {name}: {url}")


@profiles.command()
@click.argument("name")
@answering
def use(name: str) -> None:
    """Talk to NAME from now on, where no folder says otherwise."""
    found = known()
    if name not in found["profiles"]:
        raise NoServer(f"there is no profile {name}; there is {', '.join(found['profiles']) or 'none'}")
    keep({**found, "current": name})
    click.echo(f"using {name}: {found['profiles'][name]['url']}")


@profiles.command()
@click.argument("name")
@answering
def remove(name: str) -> None:
    """Forget NAME, and its token."""
    found = known()
    if found["profiles"].pop(name, None) is None:
        raise NoServer(f"there is no profile {name}; there is {', '.join(found['profiles']) or 'none'}")
    keep({**found, "current": None if found["current"] == name else found["current"]})
    click.echo(f"profile {name} is gone")
