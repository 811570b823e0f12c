"""`penstock tokens`: who may call; made, listed and revoked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from services.api.cli.answering import OUTPUT, answering, client, printed

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.group()
def tokens() -> None:
    """Who may call, as whom, and until when. Needs a token of an admin."""


@tokens.command("list")
@click.option("--all", "ended", is_flag=True, help="Also those that were revoked or have expired.")
@click.option("--limit", default=100, show_default=True)
@OUTPUT
@click.pass_context
@answering
def listed(context: click.Context, ended: bool, limit: int, output: str) -> None:
    """Newest first; the tokens themselves are not kept."""
    found = client(context).call("GET", "/tokens", limit=limit, ended=str(ended).lower())
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(_line(one))
    if found["nextCursor"]:
        click.echo("there are more; raise --limit", err=True)


@tokens.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "editor", "operator", "admin"]), required=True, help="What it may do.")
@click.option("--namespace", "-n", "namespaces", multiple=True, help="Only there; more than one may be said. Else as your own token.")
@click.option("--expires", help="A time as 2027-01-31T00:00:00Z, or in how long: 12h, 30d, 8w. Else as your own token.")
@OUTPUT
@click.pass_context
@answering
def create(context: click.Context, name: str, role: str, namespaces: tuple[str, ...], expires: str | None, output: str) -> None:
    """Make one, called NAME, and print it: it is shown this once."""
    body: dict[str, Any] = {"name": name, "role": role}
    body |= {"namespaces": list(namespaces)} if namespaces else {}
    body |= {"expiresAt": _at(expires)} if expires else {}
    made = client(context).call("POST", "/tokens", body=body)
    if output != "table":
        printed(made, output)
        return
    click.echo(_line(made), err=True)
    click.echo("keep it now, it cannot be shown again:", err=True)
    click.echo(made["token"])


@tokens.command()
@click.argument("token", metavar="ID")
@click.pass_context
@answering
def revoke(context: click.Context, token: str) -> None:
    """It is good for nothing any more, at once. ID: as listed."""
    client(context).call("DELETE", f"/tokens/{token}")
    click.echo(f"{token} is revoked")


@tokens.command()
@click.argument("token", metavar="ID")
@click.pass_context
@answering
def readmit(context: click.Context, token: str) -> None:
    """A person whose logins were revoked may log in again. ID: as listed, with --all."""
    told = client(context).call("POST", f"/tokens/{token}/readmit", body={})
    click.echo(f"{told['name']} may log in again")


def _at(said: str) -> str:
    if span := re.fullmatch(r"(\d{1,5})([hdw])", said):
        return (datetime.now(UTC) + int(span[1]) * _UNITS[span[2]]).isoformat()
    return said


def _line(one: dict[str, Any]) -> str:
    where = ", ".join(one["namespaces"]) if one["namespaces"] is not None else "all namespaces"
    used = f"last used {one['lastUsedAt'][:16]}Z" if one["lastUsedAt"] else "never used"
    ends = f"revoked {one['revokedAt']}" if one["revokedAt"] else f"expires {one['expiresAt']}" if one["expiresAt"] else "does not expire"
    person = f" ({one['subject']} at {one['issuer']})" if one["subject"] else ""
    return f"{one['id']} {one['name']}{person}: {one['role']} of {where}, {ends}, {used}"
