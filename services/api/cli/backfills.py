"""`penstock backfill`: fire times that have passed, run on demand. Of a name that is no command, `create` is meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from services.api.cli.answering import OUTPUT, answering, client, named, printed


class _Group(click.Group):
    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """What is no command of its own is the pipeline that is to be filled."""
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            args = ["create", *args]
        return super().resolve_command(context, args)


@click.group(cls=_Group)
def backfill() -> None:
    """Run fire times of a pipeline that have passed: penstock backfill [NAMESPACE/]PIPELINE --from 2026-01-01 --to 2026-03-31"""


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("pipeline", metavar="[NAMESPACE/]PIPELINE"),
    click.option("--from", "begin", required=True, metavar="DAY|TIME", help="The first fire time that counts; a day is the pipeline's."),
    click.option("--to", metavar="DAY|TIME", help="The last one that counts; a day counts whole; else now."),
    click.option("--which", type=click.Choice(["missing", "failed", "all"]), default="missing", show_default=True),
    click.option("--order", type=click.Choice(["oldest", "newest"]), default="oldest", show_default=True, help="Which are run first."),
    click.option("--version", type=click.Choice(["now", "then"]), default="now", show_default=True, help="The one of today, or of then."),
)


def _meant(command: Any) -> Any:
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def _body(begin: str, to: str | None, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in {"from": begin, "to": to, **more}.items() if value is not None}


@backfill.command()
@_meant
@click.option("--max-parallel", type=int, default=1, show_default=True, help="So many of its runs at once.")
@click.option("--param", "-p", "typed", multiple=True, metavar="NAME=VALUE", help="A parameter's value, of every run.")
@click.option("--reason", help="Why, for the record.")
@click.option("--dry-run", is_flag=True, help="Show what would be run, start nothing.")
@OUTPUT
@click.pass_context
@answering
def create(
    context: click.Context,
    pipeline: str,
    begin: str,
    to: str | None,
    which: str,
    order: str,
    version: str,
    max_parallel: int,
    typed: tuple[str, ...],
    reason: str | None,
    dry_run: bool,
    output: str,
) -> None:
    """Begin one."""
    from services.api.cli import parameters

    server, (namespace, name) = client(context), named(pipeline)
    given = parameters.values(server, namespace, name, typed, None) or None
    body = _body(begin, to, which=which, order=order, version=version, maxParallel=max_parallel, parameters=given, reason=reason)
    if dry_run:
        _previewed(server.call("POST", f"/pipelines/{namespace}/{name}/backfill/preview", body=body), output)
        return
    _show(server.call("POST", f"/pipelines/{namespace}/{name}/backfill", body=body), output)


@backfill.command()
@_meant
@OUTPUT
@click.pass_context
@answering
def preview(context: click.Context, pipeline: str, begin: str, to: str | None, which: str, order: str, version: str, output: str) -> None:
    """Every fire time, whether it would be run, and why. Starts nothing."""
    namespace, name = named(pipeline)
    body = _body(begin, to, which=which, order=order, version=version)
    _previewed(client(context).call("POST", f"/pipelines/{namespace}/{name}/backfill/preview", body=body), output)


@backfill.command("list")
@click.argument("pipeline", metavar="[NAMESPACE/]PIPELINE", required=False)
@click.option("--state", type=click.Choice(["running", "paused", "cancelled", "finished"]))
@OUTPUT
@click.pass_context
@answering
def listed(context: click.Context, pipeline: str | None, state: str | None, output: str) -> None:
    """The newest ones, of all pipelines or of one."""
    namespace, name = named(pipeline) if pipeline else (None, None)
    found = client(context).call("GET", "/backfills", namespace=namespace, pipeline=name, state=state)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(_line(one))


@backfill.command()
@click.argument("backfill_id", metavar="ID")
@OUTPUT
@click.pass_context
@answering
def show(context: click.Context, backfill_id: str, output: str) -> None:
    """How far one is, with each of its fire times."""
    server = client(context)
    found = server.call("GET", f"/backfills/{backfill_id}")
    items: list[Any] = []
    cursor: str | None = None
    while True:
        page = server.call("GET", f"/backfills/{backfill_id}/dates", limit=500, cursor=cursor)
        items += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    if output != "table":
        printed({**found, "items": items}, output)
        return
    click.echo(_line(found))
    for one in items:
        state = one["status"] or {"started": "RUNNING"}.get(one["state"], one["state"].replace("_", " "))
        why = f"  {one['detail']['message']}" if one["detail"] else ""
        click.echo(f"  {one['logicalDate']}  version {one['version']}  {state:<10} {one['run'] or ''}{why}".rstrip())


@backfill.command()
@click.argument("backfill_id", metavar="ID")
@OUTPUT
@click.pass_context
@answering
def pause(context: click.Context, backfill_id: str, output: str) -> None:
    """Start nothing more for now; what runs goes on."""
    _show(client(context).call("POST", f"/backfills/{backfill_id}/pause", body={}), output)


@backfill.command()
@click.argument("backfill_id", metavar="ID")
@OUTPUT
@click.pass_context
@answering
def resume(context: click.Context, backfill_id: str, output: str) -> None:
    """Go on with one that is paused."""
    _show(client(context).call("POST", f"/backfills/{backfill_id}/resume", body={}), output)


@backfill.command()
@click.argument("backfill_id", metavar="ID")
@click.option("--runs", is_flag=True, help="Cancel its runs that have not ended, too.")
@OUTPUT
@click.pass_context
@answering
def cancel(context: click.Context, backfill_id: str, runs: bool, output: str) -> None:
    """Start nothing more, for good."""
    _show(client(context).call("POST", f"/backfills/{backfill_id}/cancel", body={"runs": runs}), output)


def _show(found: Any, output: str) -> None:
    click.echo(_line(found)) if output == "table" else printed(found, output)


def _line(one: Any) -> str:
    dates = one["dates"]
    told = [f"{dates[key]} {word}" for key, word in _COUNTED if dates[key]]
    return f"{one['id']}  {one['state']:<9} {one['pipeline']['namespace']}/{one['pipeline']['name']}  {', '.join(told) or 'nothing left'}"


_COUNTED = (
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("running", "running"),
    ("waiting", "to come"),
    ("leftOut", "left out"),
    ("refused", "refused"),
    ("cancelled", "cancelled"),
)


def _previewed(found: Any, output: str) -> None:
    if output != "table":
        printed(found, output)
        return
    for one in found["dates"]:
        what = f"run by version {one['version']}" if one["runs"] else "left out"
        click.echo(f"{one['logicalDate']}  {what:<18}  {one['why']}")
    click.echo(f"{found['runs']} to be run, {found['leftOut']} left out", err=True)
