"""What the command line shows of connectors: what a worker found there, and their circuit breakers."""

from __future__ import annotations

import time
from typing import Any

import click

from services.api.cli.answering import console
from services.api.cli.client import CallRefused, Client

GIVE_UP_S = 60.0


def looked(client: Client, does: str, namespace: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Waits for the answer. Raises CallRefused when none came."""
    of = f"/connectors/{namespace}/{name}"
    found: dict[str, Any] = client.call("POST", f"{of}/{does}", body=body)
    deadline = time.monotonic() + GIVE_UP_S
    while "request" in found:
        if time.monotonic() > deadline:
            raise CallRefused(503, f"no worker has answered within {GIVE_UP_S:.0f} s; see whether one is up with `penstock status`", [])
        time.sleep(0.2)
        found = client.call("GET", f"{of}/looks/{found['request']}")
    return found


def print_check(found: dict[str, Any]) -> None:
    for one in found["tried"]:
        click.echo(f"{'good' if one['ok'] else 'FAILED'}  {one['what']}: {one['said']}")


def print_discovery(found: dict[str, Any]) -> None:
    for one in found["items"]:
        rows = "" if one["rows"] is None else f"  about {one['rows']} rows"
        click.echo(f"{one['name']}{rows}{'  ' + one['failed'] if one['failed'] else ''}")
        for column in one["columns"]:
            vendor = f"  ({column['vendorType']})" if column["vendorType"] else ""
            key = "  key" if one["keys"] and column["name"] in one["keys"][0] else ""
            click.echo(f"    {column['name']}  {column['type']}{vendor}{'' if column['nullable'] else '  not null'}{key}")
    if found["more"]:
        click.echo("… and others")


def print_preview(found: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in found["columns"]:
        table.add_column(Text(column["name"]))
    for row in found["rows"]:
        # What stands in brackets is a value's, not rich's.
        table.add_row(*(Text("" if (value := row[column["name"]]) is None else value) for column in found["columns"]))
    console().print(table)


def print_breakers(items: list[dict[str, Any]]) -> None:
    for one in items:
        state = one["state"] or "not known: Redis is away, and nothing is held back"
        click.echo(f"{one['connector']}  {state}{_why(one)}")


def _why(one: dict[str, Any]) -> str:
    """Nothing of one that has not failed lately."""
    if not one["failures"]:
        return ""
    next_ = f"; one attempt goes through at {one['nextTrialAt']}" if one["nextTrialAt"] else ""
    return f"  {one['failures']} failures in a row, of {one['failuresToOpen']} that open it (last: {one['error']}){next_}"
