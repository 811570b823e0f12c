"""Runs as tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

_COLOURS = {
    "COMPLETED": "green",
    "SUCCEEDED": "green",
    "FAILED": "red",
    "RUNNING": "cyan",
    "RETRYING": "yellow",
    "SKIPPED": "dim",
    "TIMED_OUT": "red",
}


def shown(value: Any) -> str:
    """A figure; what is not known is a dash, never a zero."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def coloured(status: str) -> str:
    colour = _COLOURS.get(status)
    return f"[{colour}]{status}[/{colour}]" if colour else status


def run_tables(console: Console, run: dict[str, Any]) -> None:
    """Nodes, stages, score and error of one run."""
    name = f"{run['pipeline']['namespace']}/{run['pipeline']['name']}"
    console.print(f"\nRun {run['id']} of [bold]{name}[/bold] version {run['version']}: {coloured(run['status'])}")
    nodes = Table(title="Nodes", title_justify="left")
    for heading in ("node", "type", "status", "generation", "stage", "engine"):
        nodes.add_column(heading)
    for heading in ("rows in", "rows out", "rejected", "inserted", "updated", "unchanged"):
        nodes.add_column(heading, justify="right")
    for node in run["nodes"]:
        figures = (node["rowsIn"], node["rowsOut"], node["rowsRejected"], node["rowsInserted"], node["rowsUpdated"], node["rowsUnchanged"])
        nodes.add_row(
            node["id"],
            node["type"],
            coloured(node["status"]),
            shown(node["generation"]),
            shown(node["stage"]),
            f"reused from {node['reusedFrom']}" if node.get("reusedFrom") else node["engine"] or "–",
            *map(shown, figures),
        )
    console.print(nodes)
    stages = Table(title="Stages", title_justify="left")
    for heading in ("stage", "kind", "nodes", "status", "epoch"):
        stages.add_column(heading)
    for heading in ("ms", "peak memory"):
        stages.add_column(heading, justify="right")
    stages.add_column("worker")
    for stage in run["stages"]:
        peak = stage["peakMemoryBytes"]
        stages.add_row(
            str(stage["id"]),
            stage["kind"],
            ", ".join(stage["nodes"]),
            coloured(stage["status"]),
            str(stage["epoch"]),
            shown(stage["durationMs"]),
            f"{peak / 1e6:,.0f} MB" if peak is not None else "–",
            stage["worker"] or "–",
        )
    console.print(stages)
    for score in run["quality"]:
        console.print(
            f"Quality of {escape(score['dataset'])}: [bold]{shown(score['score'])}[/bold] of 100"
            f" ({score['passed']} rules passed, {score['failed']} failed"
            + (f", {score['errors']} could not be measured)" if score["errors"] else ")")
        )
    if run["error"]:
        console.print(Text(f"{run['error'].get('node') or 'run'}: {run['error'].get('message')}", style="red"))
    if run["waitingFor"]:
        console.print(Text(f"waiting: {run['waitingFor']['detail']}"))


def ledger_lines(ledger: dict[str, Any]) -> Iterator[str]:
    """A line for each node: rows in = where they went, and what of it does not add up."""
    for node in ledger["nodes"]:
        if not node["terms"]:
            yield f"{node['id']}: {node['status'].lower()}, nothing counted"
            continue
        terms = " + ".join(f"{shown(term['rows'])} {term['term']}" for term in node["terms"])
        verdict = {True: "", False: f"  DOES NOT BALANCE: {node['problem']}", None: "  (– is not counted)"}[node["balanced"]]
        yield f"{node['id']}: {shown(node['rowsIn'])} in = {terms}{verdict}"
    yield {True: "every row is accounted for", False: "NOT every row is accounted for", None: "not everything is counted"}[
        ledger["balanced"]
    ]


def follow(console: Console, events: Any, total_nodes: int) -> None:
    """A progress bar on a terminal, plain lines in a pipe; returns when the stream ends."""
    if console.is_terminal:
        _bar(console, events, total_nodes)
        return
    for kind, event in events:
        text = event["data"].get("status") or event["data"].get("message") or event["data"].get("rows") or ""
        where = f" {event['node']}" if event.get("node") else ""
        console.print(f"{event['at']} {kind}{where} {text}", highlight=False, markup=False, soft_wrap=True)


def _bar(console: Console, events: Any, total_nodes: int) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    done: set[str] = set()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} nodes"),
        TimeElapsedColumn(),
        console=console,
    ) as bar:
        task = bar.add_task("queued", total=total_nodes or None)
        for _, event in events:
            status, node = event["data"].get("status"), event.get("node")
            if node and status in {"COMPLETED", "FAILED", "SKIPPED", "CANCELLED"}:
                done.add(node)
            bar.update(task, completed=len(done), description=f"{node or 'run'} {status or event['type']}")
