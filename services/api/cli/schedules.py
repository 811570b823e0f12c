"""`penstock next` and `penstock calendar`: when a pipeline fires, and which days count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from services.api.cli.answering import OUTPUT, answering, client, named, printed


@click.command("next")
@click.argument("pipeline")
@click.option("--count", type=click.IntRange(1, 500), default=10, show_default=True, help="How many times that fire.")
@OUTPUT
@click.pass_context
@answering
def next_(context: click.Context, pipeline: str, count: int, output: str) -> None:
    """When [namespace/]PIPELINE fires next, and what is left out until then."""
    namespace, name = named(pipeline)
    found = client(context).call("GET", f"/pipelines/{namespace}/{name}/next", count=count)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(f"{one['local']}  {one['at']}  {_what(one)}".rstrip())
    _notes(found)


@click.group()
def calendar() -> None:
    """Which days count."""


@calendar.command("explain")
@click.argument("pipeline", required=False)
@click.option("--calendar", "name", help="[namespace/]NAME of a Calendar, or PL_HOLIDAY: its days, whatever goes by it.")
@click.option("--next", "next_dates", type=click.IntRange(1, 366), help="So many dates on which the pipeline's cron has a time; else 20.")
@click.option("--days", type=click.IntRange(1, 366), help="So many dates, one after the other; of a calendar, else 31.")
@click.option("--from", "first", help="The first date, as 2026-05-03; else today.")
@OUTPUT
@click.pass_context
@answering
def explain(
    context: click.Context,
    pipeline: str | None,
    name: str | None,
    next_dates: int | None,
    days: int | None,
    first: str | None,
    output: str,
) -> None:
    """Date for date whether [namespace/]PIPELINE fires, and by which rule it does not."""
    if (pipeline is None) == (name is None):
        raise click.UsageError("name a PIPELINE, or a calendar with --calendar")
    asked: dict[str, Any] = {"from": first, "next": next_dates, "days": days}
    if name is not None:
        namespace, short = named(name)
        path = f"/calendars/{short}/explain"
        asked["namespace"] = namespace
    else:
        namespace, short = named(pipeline or "")
        path = f"/pipelines/{namespace}/{short}/explain"
    found = client(context).call("GET", path, **{key: value for key, value in asked.items() if value is not None})
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(f"{one['date']} {one['weekday']}  {_day(one)}")
    for one in found["calendars"]:
        version = f", version {one['version']}" if one["version"] is not None else ", built in"
        click.echo(f"by {one['name']}{version}", err=True)
    _notes(found)


def _what(one: Mapping[str, Any]) -> str:
    if one["skipped"] is not None:
        many = f", {one['times']} times" if one["times"] > 1 else ""
        joined = f", one with {one['joined']}" if one["joined"] is not None else ""
        return f"skipped{many}{joined}: {_rule(one['skipped'])}"
    if one["movedFrom"] is not None:
        return f"moved from {one['movedFrom']}: {_rule(one['rule'])}"
    return _rule(one["note"]) if one["note"] is not None else ""


def _day(one: Mapping[str, Any]) -> str:
    why = next((_rule(one[key]) for key in ("rule", "included", "halfDay") if one[key] is not None), "")
    if one["fires"] is None:
        said = "counts" if one["counts"] else "does not count"
    elif one["fires"]:
        said = "fires" if one["fires"] == 1 else f"fires {one['fires']} times"
        if one["movedFrom"]:
            said += f" (with those of {', '.join(one['movedFrom'])})"
    elif not one["times"]:
        said = "has no time"
    else:
        said = f"moved to {one['movedTo']}" if one["movedTo"] else "skipped"
    return f"{said}: {why}" if why else said


def _rule(rule: Mapping[str, Any]) -> str:
    version = f", version {rule['version']}" if rule["version"] is not None else ""
    return f"{rule['name']} ({rule['calendar']}{version})"


def _notes(found: Mapping[str, Any]) -> None:
    for said in found["notes"]:
        click.echo(said, err=True)
