"""`penstock keystore`: the encrypted file of credentials on this machine. It asks no server; workers read the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from services.api.cli.answering import OUTPUT, answering, named, printed, secret

if TYPE_CHECKING:
    from shared.secrets.keystore import Keystore


@click.group()
def keystore() -> None:
    """Credentials in an encrypted file here: PENSTOCK_KEYSTORE, or the one in the state folder."""


@keystore.command("list")
@OUTPUT
@answering
def listed(output: str) -> None:
    """The entries, with the names of their fields."""
    found = [{"name": name, "fields": sorted(fields)} for name, fields in sorted(_keystore().entries().items())]
    if output != "table":
        printed({"items": found}, output)
        return
    for entry in found:
        click.echo(f"{entry['name']}: {', '.join(entry['fields'])}")


@keystore.command("set")
@click.argument("name")
@click.argument("values", nargs=-1)
@answering
def put(name: str, values: tuple[str, ...]) -> None:
    """Replace entry [namespace/]NAME with FIELD=VALUE …; a field without a value is asked for."""
    fields = {}
    for entry in values or ("password",):
        field, given, value = entry.partition("=")
        fields[field] = value if given else secret(field)
    namespace, short = named(name)
    _keystore().put(f"{namespace}/{short}", fields)
    click.echo(f"{namespace}/{short}: {', '.join(sorted(fields))}; recipes of {namespace} refer to it as {{{{keystore:{short}#field}}}}")


@keystore.command()
@click.argument("name")
@answering
def delete(name: str) -> int:
    """Take entry [namespace/]NAME away."""
    namespace, short = named(name)
    found = _keystore().remove(f"{namespace}/{short}")
    click.echo(f"{namespace}/{short} is gone" if found else f"the keystore has no {namespace}/{short}", err=not found)
    return 0 if found else 2


@keystore.command()
@answering
def reseal() -> None:
    """Write the file anew with the key of now, after the master key was changed."""
    click.echo(f"{_keystore().reseal()} entries are sealed with the key of now")


def _keystore() -> Keystore:
    from services.api.cli.client import home
    from shared.process import settings
    from shared.process.settings import BadSetting

    folder = home()
    found = settings.keystore(folder.absolute() if folder is not None else None)
    if found.path is None:
        raise BadSetting("no keystore is known here; set PENSTOCK_KEYSTORE, the absolute path of its file, or PENSTOCK_HOME")
    return found
