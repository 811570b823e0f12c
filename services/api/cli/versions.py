"""What the command line shows of a document's history."""

from __future__ import annotations

from typing import Any

import click

from services.api.cli.answering import spelt
from services.api.cli.client import Client


def address(kind: str, name: str) -> str:
    """Of [namespace/]NAME."""
    namespace, _, short = name.rpartition("/")
    return f"/resources/{kind}/{namespace or 'default'}/{short}"


def everything(client: Client, of: str) -> list[dict[str, Any]]:
    """All versions, newest first."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.call("GET", f"{of}/versions", limit=500, cursor=cursor)
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return found


def line(version: dict[str, Any]) -> str:
    marks = ("" if version["valid"] else "  (a draft with errors)") + ("  (current)" if version["current"] else "")
    # As Git shows a commit in one line.
    told = (version["message"].splitlines() or [""])[0]
    sha = (version["gitCommitSha"] or "")[:10]
    return f"{version['version']:>4}  {sha:<10}  {version['savedAt'][:19]}Z  {version['author']}{marks}  {told}".rstrip()


def print_difference(found: dict[str, Any], *, coloured: bool) -> None:
    """The texts' difference; where only the spelling differs, that is said."""
    if not found["unified"]:
        click.echo(f"versions {found['from']} and {found['to']} have the same text", err=True)
        return
    for text in found["unified"].splitlines():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(text[:1]) if coloured else None
        click.echo(click.style(text, fg=colour) if colour and not text.startswith(("+++", "---")) else text)
    if found["structural"] == []:
        click.echo("only comments, order or spelling differ; both say the same", err=True)
    for one in found["structural"] or ():
        where = f"{one['path']}" + (f" (node {one['node']})" if one["node"] else "")
        before, after = spelt(one["before"]), spelt(one["after"])
        values = {"added": after, "removed": before}.get(one["change"], f"{before} -> {after}")
        click.echo(f"{one['change']} {where}: {values}", err=True)
