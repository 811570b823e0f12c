"""`penstock export`: a pipeline as a project of another tool, in a folder or a zip."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import click

from services.api.cli.answering import answering, client, named
from shared.errors import ConfigurationError

TARGETS = ("sql", "python", "dbt", "airflow", "spark")


class InTheWay(ConfigurationError):
    code = "in_the_way"


@click.command()
@click.argument("pipeline", metavar="[NAMESPACE/]PIPELINE")
@click.option("--target", "-t", type=click.Choice(TARGETS), default="python", show_default=True, help="What the project is for.")
@click.option("--to", type=click.Path(path_type=Path), help="A folder, or a file that ends in .zip; else PIPELINE-TARGET here.")
@click.option("--version", type=int, help="An older version.")
@click.option("--wait", type=float, default=10.0, show_default=True, help="Seconds for workers to look at sources.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.pass_context
@answering
def export(context: click.Context, pipeline: str, target: str, to: Path | None, version: int | None, wait: float, force: bool) -> None:
    """A pipeline as a project that runs without Penstock: SQL, Python, dbt, Airflow or Spark.

    What the target cannot say is told, and nothing is written. The project's README says how to run it, which variables it wants, and
    what is different from a run in Penstock.
    """
    namespace, name = named(pipeline)
    to = to or Path(f"{name}-{target}")
    if not force and to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise InTheWay(f"{to} is there already; name another place with --to, or write over it with --force")
    answer = b"".join(client(context).download(f"/pipelines/{namespace}/{name}/export", target=target, version=version, wait=wait))
    if to.suffix == ".zip":
        to.write_bytes(answer)
        click.echo(str(to))
        return
    readme = ""
    with zipfile.ZipFile(io.BytesIO(answer)) as archive:
        for one in archive.infolist():
            path = Path(*Path(one.filename).parts[1:])
            if path.is_absolute() or ".." in path.parts:
                raise InTheWay(f"the server's answer names the file {one.filename}, which lies outside of {to}; nothing more was written")
            file = to / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(archive.read(one))
            click.echo(str(file))
            readme = archive.read(one).decode() if path == Path("README.md") else readme
    _, found, rest = readme.partition("## What is different from a run in Penstock\n\n")
    if found:
        click.echo("\nnot as in Penstock:\n" + rest.partition("\n\n")[0].rstrip(), err=True)
