"""`penstock status`: one run in full, the latest runs, or the installation; once, or as a table that goes on."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from services.api.cli.answering import OUTPUT, answering, client, console, printed
from services.api.cli.diagnosis import hint

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.api.cli.client import Client

_ENDED = {"SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "SKIPPED"}


@click.command()
@click.argument("run_id", required=False)
@click.option("--watch", "-w", is_flag=True, help="Go on: a live table, until the run ends or Ctrl-C.")
@click.option("--every", type=click.FloatRange(0.2), default=1.0, show_default=True, metavar="SECONDS", help="How often it looks.")
@click.option("--system", "installation", is_flag=True, help="Services, workers, queues, the leader and open breakers.")
@OUTPUT
@click.pass_context
@answering
def status(context: click.Context, run_id: str | None, watch: bool, every: float, installation: bool, output: str) -> None:
    """One run in full, the latest runs, or with --system the installation."""
    if installation and run_id:
        raise click.UsageError("name a run, or ask for --system")
    server = client(context)
    if watch and output == "table":
        _watch(server, run_id, installation, every)
        return
    found = _asked(server, run_id, installation)
    if output != "table":
        printed(found, output)
    elif installation:
        _print_system(found)
    elif run_id:
        from services.api.cli.show import run_tables

        run_tables(console(), found)
        for line in hint(server, found):
            click.echo(line)
    else:
        for one in found["items"]:
            click.echo(f"{one['id']}  {one['status']:<10} {one['pipeline']['namespace']}/{one['pipeline']['name']}  {one['createdAt']}")


def _asked(server: Client, run_id: str | None, installation: bool) -> Any:
    if installation:
        return server.call("GET", "/system")
    return server.call("GET", f"/runs/{run_id}") if run_id else server.call("GET", "/runs", limit=20)


def _watch(server: Client, run_id: str | None, installation: bool, every: float) -> None:
    from rich.live import Live

    screen = console()
    seen: Any = None
    try:
        with Live(console=screen, auto_refresh=False) if screen.is_terminal else nullcontext() as live:
            while True:
                found = _asked(server, run_id, installation)
                if live is not None:
                    live.update(_live(found, run_id, installation), refresh=True)
                elif found != seen:
                    # Into a pipe or a file a live table is written only when it ends: instead, a table whenever something has changed.
                    screen.print(_live(found, run_id, installation))
                    seen = found
                if run_id and found["status"] in _ENDED:
                    return
                time.sleep(every)
    except KeyboardInterrupt:
        return


def _live(found: dict[str, Any], run_id: str | None, installation: bool) -> RenderableType:
    if installation:
        from rich.console import Group

        return Group(*_system_tables(found))
    return _run_table(found) if run_id else _runs_table(found["items"])


def _runs_table(items: list[dict[str, Any]]) -> RenderableType:
    from rich.table import Table

    from services.api.cli.show import coloured

    table = Table()
    for heading in ("run", "pipeline", "status", "trigger", "made", "ended", "waits for"):
        table.add_column(heading)
    for one in items:
        table.add_row(
            one["id"],
            f"{one['pipeline']['namespace']}/{one['pipeline']['name']}",
            coloured(one["status"]),
            str(one["trigger"].get("type", "")),
            one["createdAt"][:19],
            (one["finishedAt"] or "–")[:19],
            (one["waitingFor"] or {}).get("reason", ""),
        )
    return table


def _run_table(run: dict[str, Any]) -> RenderableType:
    from rich.table import Table

    from services.api.cli.show import coloured, shown

    name = f"{run['pipeline']['namespace']}/{run['pipeline']['name']}"
    table = Table(title=f"{name} {run['id']}: {run['status']}, {run['progress']['percent']:.0f} %", title_justify="left")
    for heading in ("node", "status", "engine"):
        table.add_column(heading)
    for heading in ("rows in", "rows out", "rejected", "ms"):
        table.add_column(heading, justify="right")
    for node in run["nodes"]:
        figures = (node["rowsIn"], node["rowsOut"], node["rowsRejected"], node["durationMs"])
        table.add_row(node["id"], coloured(node["status"]), node["engine"] or "–", *map(shown, figures))
    return table


def _print_system(found: dict[str, Any]) -> None:
    for table in _system_tables(found):
        console().print(table)


def _system_tables(found: dict[str, Any]) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    from services.api.cli.show import shown

    services = Table(title=f"Services (leader: {found['leader'] or 'none'})", title_justify="left")
    for heading in ("name", "service", "version", "busy", "slots", "memory of a slot", "labels", "last heard of"):
        services.add_column(heading)
    for one in found["services"]:
        memory = f"{one['memoryBytes'] / 1e6:,.0f} MB" if one["memoryBytes"] is not None else "–"
        services.add_row(
            one["name"], one["service"], one["version"], str(one["busy"]), str(one["slots"]), memory, ", ".join(one["labels"]),
            one["seenAt"][:19],
        )  # fmt: skip
    queues = Table(title="Waiting", title_justify="left")
    queues.add_column("queue")
    queues.add_column("depth", justify="right")
    queues.add_row("runs", shown(found["runs"]["queued"]))
    queues.add_row("runs that wait for others", shown(found["runs"]["dependent"]))
    for one in found["queues"] or ({"name": "the broker is away", "depth": None},):
        queues.add_row(one["name"], shown(one["depth"]))
    lines: list[RenderableType] = [
        Text(f"breaker {one['connector']}: {one['state']}, {one['failures']} failures in a row ({one['error']})")
        for one in found["breakersOpen"] or ()
    ]  # fmt: skip
    told = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if version)
    return [services, queues, *lines, told]
