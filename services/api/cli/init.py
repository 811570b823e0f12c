"""`penstock init`: a project folder with a sample that works, its data and a test; and, of a server elsewhere, a profile."""

from __future__ import annotations

import re
from pathlib import Path

import click

from services.api.cli.answering import answering, secret
from shared.errors import ConfigurationError

# As names of documents are.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_PROJECT = """\
# What `penstock` reads in this folder and below. profile: the server that is meant, see `penstock profiles`; without one it is that of this
# machine (`penstock up`), or the one in use.
name = "{name}"
description = {description}
{profile}
"""
_CONNECTORS = """\
# Where the sample's data is, and where its results go. Workers read this folder{elsewhere}.
apiVersion: penstock/v1
kind: Connector
metadata: {{name: {name}-files}}
spec:
  type: files
  config:
    root: {root}
"""
_PIPELINE = """\
# Orders that were paid, by country; those that were not are kept apart.
apiVersion: penstock/v1
kind: Pipeline
metadata:
  name: {name}
  annotations: {{description: {description}}}
spec:
  nodes:
    - id: orders
      type: connector_source
      config:
        connector: {name}-files
        path: data/orders.csv
        # What does not fit these types is no row: `penstock dead-letters` shows it, with its line.
        schema: {{order_id: BIGINT, country: TEXT, amount: "NUMERIC(12,2)", status: TEXT}}
    - id: paid
      type: filter
      config: {{condition: status = 'paid'}}
    - id: by-country
      type: aggregator
      config:
        groupBy: [country]
        aggregations:
          - {{name: orders, function: count}}
          - {{name: amount, function: sum, column: amount}}
    - id: result
      type: connector_sink
      config: {{connector: {name}-files, path: out/by_country.csv, writeMode: OVERWRITE}}
    - id: unpaid
      type: connector_sink
      config: {{connector: {name}-files, path: out/unpaid.csv, writeMode: OVERWRITE}}
  edges:
    - {{from: orders, to: paid}}
    - {{from: paid, to: by-country}}
    - {{from: by-country, to: result}}
    - {{from: paid.rejected, to: unpaid}}
"""
_QUALITY = """\
# What must hold of the result, whoever wrote it: `penstock quality run {name}-result`.
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {{name: {name}-result}}
spec:
  dataset: {{connector: {name}-files, path: out/by_country.csv}}
  rules:
    - {{name: country-is-there, type: NOT_NULL, column: country, severity: critical}}
    - {{name: one-row-a-country, type: UNIQUE, columns: [country], severity: critical}}
    - {{name: some-orders, type: RANGE, column: orders, min: 1, severity: high}}
"""
_TEST = """\
# Rows that go in, and what must come out.
apiVersion: penstock/v1
kind: PipelineTest
metadata: {{name: {name}}}
spec:
  pipeline: {name}
  given:
    orders:
      rows:
        - {{order_id: 1, country: PL, amount: 10.5, status: paid}}
        - {{order_id: 2, country: PL, amount: 4.5, status: paid}}
        - {{order_id: 3, country: DE, amount: 7, status: open}}
  expect:
    by-country: {{rows: [{{country: PL, orders: 2, amount: 15}}]}}
    unpaid: {{count: 1}}
"""
_ORDERS = """\
order_id,country,amount,status
1,PL,120.50,paid
2,DE,80.00,paid
3,PL,9.99,open
4,FR,twelve,paid
5,DE,45.25,paid
6,FR,230.00,paid
"""
_README = """\
# {name}

{description}

    {start}
    penstock validate *.yaml          # what is wrong, with line and column
    penstock test                     # the recipe with the rows of tests/{name}.yaml; no server needed
    penstock apply *.yaml             # save all of it, as versions
    penstock run {name} --wait        # writes out/by_country.csv, out/unpaid.csv
    penstock dead-letters             # line 5 of data/orders.csv: its amount is no number
    penstock quality run {name}-result

| file | what it is |
|---|---|
| penstock.toml | the project, and the server it is for |
| connectors.yaml | where data is |
| pipeline.yaml | the recipe |
| quality.yaml | rules for the result |
| tests/{name}.yaml | a test: rows that go in, and what must come out |
| data/orders.csv | sample data; one of its lines is wrong on purpose |
"""


class CannotBegin(ConfigurationError):
    code = "cannot_begin"


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", help="Of the project and its sample; asked for, else the folder's.")
@click.option("--description", help="What it is for; asked for.")
@click.option("--hosting", type=click.Choice(["local", "cloud"]), help="local: a server of this machine; cloud: one elsewhere. Asked for.")
@click.option("--url", help="Of the server elsewhere; asked for with cloud.")
@click.option("--token", help="Of the server elsewhere; asked for with cloud.")
@click.option("--yes", "-y", "defaults", is_flag=True, help="Ask nothing; what is not said is as it would be offered.")
@answering
def init(
    folder: Path | None, name: str | None, description: str | None, hosting: str | None, url: str | None, token: str | None, defaults: bool
) -> None:
    """Make a project in FOLDER (else in one of its name here) with a sample pipeline, its data, rules and a test."""
    name = name or _asked("name", folder.resolve().name if folder is not None else "my-project", defaults)
    if not _NAME.fullmatch(name):
        raise CannotBegin(f"{name!r} is no name for a project; it has small letters, digits and hyphens, at most 63")
    description = description if description is not None else _asked("description", "Orders by country, to begin with", defaults)
    hosting = hosting or _asked("hosting (local or cloud)", "cloud" if url else "local", defaults)
    if hosting not in {"local", "cloud"}:
        raise CannotBegin(f"hosting is {hosting!r}; it must be local or cloud")
    folder = (folder or Path(name)).resolve()
    there = [file for file in _files(name, "", folder, cloud=False) if (folder / file).exists()]
    if there:
        raise CannotBegin(f"{folder} has {there[0]} already; nothing was written. Name another folder")
    if hosting == "cloud":
        from services.api.cli import servers

        url = url or _required("url", defaults)
        if (known := servers.known()["profiles"].get(name)) is not None and known["url"] != url.rstrip("/"):
            raise CannotBegin(
                f"there is a profile {name} already, of {known['url']}; name the project otherwise with --name, or remove the profile"
            )
        servers.add(name, url, token or _required("token", defaults, hidden=True))
    for file, text in _files(name, description, folder, cloud=hosting == "cloud").items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
        click.echo(str(folder / file))
    from services.api.cli.client import home

    begin = "" if hosting == "cloud" or home() is not None else "penstock up && "
    click.echo(f"\nnext: cd {folder} && {begin}penstock apply *.yaml && penstock run {name} --wait", err=True)


def _asked(what: str, offered: str, defaults: bool) -> str:
    return offered if defaults else str(click.prompt(what, default=offered))


def _required(what: str, defaults: bool, *, hidden: bool = False) -> str:
    if defaults:
        raise CannotBegin(f"say --{what} for a server elsewhere")
    return secret(what) if hidden else str(click.prompt(what))


def _files(name: str, description: str, folder: Path, *, cloud: bool) -> dict[str, str]:
    """Path in the folder -> text."""
    import json

    # JSON's strings are strings of YAML and TOML, too.
    said = json.dumps(description, ensure_ascii=False)
    elsewhere = ": give one that the server's workers see, with data/orders.csv in it" if cloud else ""
    root = json.dumps("/absolute/folder" if cloud else str(folder), ensure_ascii=False)
    return {
        "penstock.toml": _PROJECT.format(name=name, description=said, profile=f'profile = "{name}"' if cloud else '# profile = "…"'),
        "connectors.yaml": _CONNECTORS.format(name=name, root=root, elsewhere=elsewhere),
        "pipeline.yaml": _PIPELINE.format(name=name, description=said),
        "quality.yaml": _QUALITY.format(name=name),
        f"tests/{name}.yaml": _TEST.format(name=name),
        "data/orders.csv": _ORDERS,
        ".gitignore": "/out/\n/.penstock/\n",
        "README.md": _README.format(
            name=name, description=description, start="# its address and token are in the profile" if cloud else "penstock up"
        ),
    }
