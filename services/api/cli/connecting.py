"""`penstock credentials`, `connectors` and `circuit-breakers`: what pipelines read from and write to."""

from __future__ import annotations

import click

from services.api.cli.answering import OUTPUT, answering, client, done, named, printed, secret


@click.group()
def credentials() -> None:
    """Values that connectors need and nobody may see."""


@credentials.command("list")
@click.option("--limit", default=100, show_default=True)
@OUTPUT
@click.pass_context
@answering
def list_credentials(context: click.Context, limit: int, output: str) -> None:
    """Which there are, and where their values are kept."""
    found = client(context).call("GET", "/credentials", limit=limit)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        where = f"in {one['store']}" + (f" at {one['location']}" if one["location"] else "")
        click.echo(f"{one['namespace']}/{one['name']}  version {one['version']}  {where}")
    if found["nextCursor"]:
        click.echo("there are more; raise --limit", err=True)


@credentials.command("set")
@click.argument("name")
@click.argument("values", nargs=-1)
@click.option("--store", type=click.Choice(["vault", "keystore", "ssm"]), help="Who keeps the values; else Penstock's database.")
@click.option("--location", help="Where that store has them.")
@OUTPUT
@click.pass_context
@answering
def set_credential(context: click.Context, name: str, values: tuple[str, ...], store: str | None, location: str | None, output: str) -> int:
    """Save credential [namespace/]NAME with FIELD=VALUE …; a field without a value is asked for."""
    namespace, short = named(name)
    if store or location:
        if values or not store or not location:
            raise click.UsageError("say --store and --location together, and no values: those are in that store")
        saved = client(context).call("PUT", f"/credentials/{namespace}/{short}", store=store, location=location)
        done(f"credential {namespace}/{short}: version {saved['version']}, kept in {saved['store']} at {saved['location']}", saved, output)
        return 0
    fields = {}
    for entry in values or ("password",):
        field, given, value = entry.partition("=")
        fields[field] = value if given else secret(field)
    saved = client(context).call("PUT", f"/credentials/{namespace}/{short}", body=fields)
    done(f"credential {namespace}/{short}: version {saved['version']}, fields {', '.join(saved['fields'])}", saved, output)
    return 0


@credentials.command("delete")
@click.argument("name")
@click.pass_context
@answering
def delete_credential(context: click.Context, name: str) -> None:
    """Take [namespace/]NAME away. What another store keeps stays there."""
    namespace, short = named(name)
    client(context).call("DELETE", f"/credentials/{namespace}/{short}")
    click.echo(f"credential {namespace}/{short} is gone")


@credentials.command()
@OUTPUT
@click.pass_context
@answering
def reseal(context: click.Context, output: str) -> int:
    """Seal all with the master key of now, after it was changed. Exit code 1 where no key opens some."""
    found = client(context).call("POST", "/credentials/reseal", body={})
    done(f"{found['checked']} looked at: {found['resealed']} sealed anew, {found['unreadable']} that no key opens", found, output)
    return 1 if found["unreadable"] else 0


@click.group(invoke_without_command=True)
@OUTPUT
@click.pass_context
def connectors(context: click.Context, output: str) -> None:
    """The connectors there are; and with a word more, what one can reach and what is in it."""
    if not context.invoked_subcommand:
        _list_connectors(context, output)


@answering
def _list_connectors(context: click.Context, output: str) -> None:
    found = client(context).call("GET", "/connectors")
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(f"{one['namespace']}/{one['name']}  version {one['version']}{'' if one['valid'] else '  (a draft with errors)'}")


@connectors.command()
@click.argument("name")
@OUTPUT
@click.pass_context
@answering
def check(context: click.Context, name: str, output: str) -> int:
    """Tries a connector: what was tried, and what failed. Exit code 1 when something did."""
    from services.api.cli import looking

    found = looking.looked(client(context), "check", *named(name), {})
    looking.print_check(found) if output == "table" else printed(found, output)
    return 0 if found["ok"] else 1


@connectors.command()
@click.argument("name")
@OUTPUT
@click.pass_context
@answering
def discover(context: click.Context, name: str, output: str) -> None:
    """Tables or files of a connector, with their columns."""
    from services.api.cli import looking

    found = looking.looked(client(context), "discover", *named(name), {})
    looking.print_discovery(found) if output == "table" else printed(found, output)


@connectors.command()
@click.argument("name")
@click.option("--table", help="A table, or schema.table.")
@click.option("--query", help="A SELECT in the database's own SQL.")
@click.option("--path", help="A file, or a glob.")
@OUTPUT
@click.pass_context
@answering
def preview(context: click.Context, name: str, table: str | None, query: str | None, path: str | None, output: str) -> None:
    """The first rows of a table, query or file; columns that look secret are masked."""
    from services.api.cli import looking

    of = {key: value for key, value in (("table", table), ("query", query), ("path", path)) if value is not None}
    found = looking.looked(client(context), "preview", *named(name), of)
    looking.print_preview(found) if output == "table" else printed(found, output)


@click.group("circuit-breakers", invoke_without_command=True)
@OUTPUT
@click.pass_context
def circuit_breakers(context: click.Context, output: str) -> None:
    """How the connectors' circuit breakers stand; and with a word more, closing one by hand."""
    if not context.invoked_subcommand:
        _list_breakers(context, output)


@answering
def _list_breakers(context: click.Context, output: str) -> None:
    from services.api.cli import looking

    found = client(context).call("GET", "/circuit-breakers", limit=500)
    looking.print_breakers(found["items"]) if output == "table" else printed(found, output)


@circuit_breakers.command()
@click.argument("name")
@OUTPUT
@click.pass_context
@answering
def reset(context: click.Context, name: str, output: str) -> None:
    """Closes the breaker of connector [namespace/]NAME; what waits for it goes on at once."""
    from services.api.cli import looking

    namespace, short = named(name)
    found = client(context).call("POST", f"/circuit-breakers/{namespace}/{short}/reset", body={})
    looking.print_breakers([found]) if output == "table" else printed(found, output)
