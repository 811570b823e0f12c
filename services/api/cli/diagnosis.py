"""`penstock diagnose`: why a run failed, or does not go on, and what to do; and the line that other commands end with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from services.api.cli.answering import OUTPUT, answering, client, printed

if TYPE_CHECKING:
    from services.api.cli.client import Client

_FAILED = ("FAILED", "TIMED_OUT")


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--assistant", is_flag=True, help="Ask the language model that the server is set up with, too.")
@click.option(
    "--fix", "only_fix", is_flag=True, help="Print the first correction alone, for a file or a pipe. Exit code 1 when there is none."
)
@OUTPUT
@click.pass_context
@answering
def diagnose(context: click.Context, run_id: str | None, assistant: bool, only_fix: bool, output: str) -> int:
    """Why a run failed, or does not go on, and what to do.

    Of the latest failed run where none is named. Nothing is changed: a correction is shown, and applied by you.
    """
    to = client(context)
    run = run_id or _latest_failed(to)
    if run is None:
        click.echo("no run has failed", err=True)
        return 0
    found = to.call("POST", f"/runs/{run}/diagnose", body={"assistant": True} if assistant else {})
    if only_fix:
        fixes = [one["fix"] for one in (*found["findings"], found["assistant"] or {}) if one and one.get("fix")]
        if not fixes:
            click.echo("there is no correction that could be made without you; see `penstock diagnose`", err=True)
            return 1
        click.echo(fixes[0]["text"], nl=not fixes[0]["text"].endswith("\n"))
        return 0
    if output != "table":
        printed(found, output)
        return 0
    for line in lines(found):
        click.echo(line)
    return 0


def hint(to: Client, run: dict[str, Any]) -> Iterator[str]:
    """The likely cause of a run that failed, and the command that says more; nothing of one that did not, or where nobody can tell."""
    from services.api.cli.client import CallRefused, NotReachable

    if run["status"] not in _FAILED:
        return
    try:
        found = to.call("POST", f"/runs/{run['id']}/diagnose", body={})
    except (CallRefused, NotReachable):
        # A server of an older release, perhaps; what failed was told above.
        return
    if found["findings"]:
        first = found["findings"][0]
        fix = ", and a correction" if first["fix"] else ""
        yield f"likely cause: {first['sentence']}"
        yield f"more{fix}: penstock diagnose {run['id']}"


def lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"Run {found['run']}: {found['status']}"
    if found["seen"] is not None:
        yield (
            f"This failure was {found['seen']['sentence']}."
            if found["seen"]["times"]
            else f"{found['seen']['sentence'][:1].upper()}{found['seen']['sentence'][1:]}."
        )
    if not found["findings"]:
        yield "Nothing is wrong with this run."
    for one in found["findings"]:
        yield ""
        yield f"{one['title']} ({one['confidence']}, {one['cause']})"
        yield f"  {one['sentence']}"
        for evidence in one["evidence"]:
            yield f"  - {evidence['where']}: {evidence['what']}"
        yield "  do:"
        for number, step in enumerate(one["steps"], 1):
            yield f"    {number}. {step}"
        if one["fix"]:
            yield from _fix(one["fix"])
    if found["assistant"]:
        yield from _proposed(found["assistant"])


def _fix(fix: dict[str, Any]) -> Iterator[str]:
    yield f"  correction ({fix['kind']}), {fix['applies']}:"
    text = fix["text"].splitlines()
    if fix["kind"] != "yaml":
        yield from (f"    {line}" for line in text)
        return
    for at in fix["lines"]:
        yield f"    {at:>4}: {text[at - 1]}"
    yield "    the whole recipe: penstock diagnose RUN --fix"


def _proposed(said: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"What {said['model']} makes of it (a language model; it may be wrong)"
    if said["text"]:
        yield f"  {said['text']}"
    if said["refused"]:
        yield f"  {said['refused']}"
    if said["fix"]:
        yield from _fix(said["fix"])


def _latest_failed(to: Client) -> str | None:
    pages = [to.call("GET", "/runs", status=status, limit=1)["items"] for status in _FAILED]
    # Ids are in order of time.
    found: list[str] = sorted(one["id"] for page in pages for one in page)
    return found[-1] if found else None
