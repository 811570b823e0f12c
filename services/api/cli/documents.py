"""`penstock validate`, `apply` and `plan`: documents, before and while they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.api.cli.answering import OUTPUT, PARAM, answering, client, console, named, printed, problem
from services.api.cli.texts import joined


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@OUTPUT
@answering
def validate(files: tuple[Path, ...], output: str) -> int:
    """Check recipes, together; works without a server. Exit code 2 when one is not valid."""
    from shared.pipelines.language import read_documents
    from shared.pipelines.validation import validate as find_problems

    text, place = joined(files)
    found = [place(problem.to_json()) for problem in find_problems(read_documents(text))]
    wrong = sum(error["severity"] == "error" for error in found)
    if output != "table":
        printed({"valid": not wrong, "errors": found}, output)
        return 2 if wrong else 0
    for error in found:
        click.echo(problem(error))
    click.echo(f"{wrong} error{'s' if wrong > 1 else ''}" if wrong else "valid", err=True)
    return 2 if wrong else 0


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check and show, save nothing.")
@click.option("--draft", is_flag=True, help="Save what has errors too; it cannot run.")
@click.option("--message", "-m", default="", help="Why, for the history.")
@OUTPUT
@click.pass_context
@answering
def apply(context: click.Context, files: tuple[Path, ...], dry_run: bool, draft: bool, message: str, output: str) -> None:
    """Save documents, all or none."""
    from services.api.cli.client import CallRefused

    text, place = joined(files)
    flags: dict[str, Any] = {"dryRun": str(dry_run).lower(), "draft": str(draft).lower(), "message": message}
    try:
        reply = client(context).call("POST", "/apply", content=text, **flags)
    except CallRefused as refused:
        refused.errors = [place(error) for error in refused.errors]
        raise
    if output != "table":
        printed({**reply, "errors": [place(error) for error in reply["errors"]]}, output)
        return
    for one in reply["applied"]:
        what = "would be saved" if dry_run else f"version {one['version']}" + ("" if one["changed"] else " (unchanged)")
        click.echo(f"{one['kind']} {one['namespace']}/{one['name']}: {what}{'' if one['valid'] else ', a draft with errors'}")
    for error in reply["errors"]:
        click.echo(f"  {problem(place(error))}", err=True)


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="[NAMESPACE/]PIPELINE | FILES…")
@click.option("--pipeline", help="Which one, where the files hold several.")
@click.option("--version", type=int, help="An older version.")
@click.option("--wait", type=float, default=10.0, show_default=True, help="Seconds for workers to look at sources and destinations.")
@PARAM
@click.option("--logical-date", help="The time that the run would be for, as 2026-03-29T02:00:00Z; else now.")
@click.option("--require-approval", "requires_approval", is_flag=True, help="A run by it waits until somebody approves it.")
@OUTPUT
@click.pass_context
@answering
def plan(
    context: click.Context,
    what: tuple[str, ...],
    pipeline: str | None,
    version: int | None,
    wait: float,
    typed: tuple[str, ...],
    logical_date: str | None,
    requires_approval: bool,
    output: str,
) -> int:
    """What a run would do; runs nothing. Of files, it works without a server."""
    from services.api.cli import parameters, plans

    if Path(what[0]).is_file():
        from shared.pipelines.language import read_documents
        from shared.pipelines.validation import validate as find_problems

        text, place = joined([Path(file) for file in what])
        documents = read_documents(text)
        problems = [place(problem.to_json()) for problem in find_problems(documents) if problem.severity == "error"]
        for error in problems:
            click.echo(problem(error), err=True)
        if problems:
            return 2
        made = plans.offline(documents, pipeline, typed, logical_date)
    else:
        namespace, name = named(what[0])
        server = client(context)
        given = parameters.values(server, namespace, name, typed, version) or None
        said = {"version": version, "parameters": given, "logicalDate": logical_date, "requiresApproval": requires_approval or None}
        body = {key: value for key, value in said.items() if value is not None}
        made = server.call("POST", f"/pipelines/{namespace}/{name}/plan", body=body, wait=wait)
    printed(made, output) if output != "table" else plans.print_plan(console(), made)
    return 0
