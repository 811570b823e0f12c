"""`penstock staging`: what a run has staged, as a DuckDB file."""

from __future__ import annotations

from pathlib import Path

import click

from services.api.cli.answering import answering, client

# Less than the client waits for an answer.
_WAIT_S = 20.0


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; else RUN.duckdb.")
@click.option("--rows", type=click.IntRange(0), default=100_000, show_default=True, help="Of each node at most.")
@click.pass_context
@answering
def staging(context: click.Context, run_id: str, to: Path | None, rows: int) -> None:
    """What RUN has staged and is still kept, as a DuckDB file with a view for each node; columns are not masked."""
    target = to or Path(f"{run_id}.duckdb")
    # Beside it first: what breaks off leaves no half a file under its name.
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            for block in client(context).download(f"/runs/{run_id}/staging.duckdb", rows=rows, wait=_WAIT_S):
                file.write(block)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{target}: {target.stat().st_size:,} bytes; duckdb {target} -c 'FROM penstock.about'")
