"""`penstock up`, `down` and `doctor`: the installation itself."""

from __future__ import annotations

import subprocess
import sys

import click

from services.api.cli.answering import OUTPUT, answering, client, printed


@click.command()
@click.option("--days", default=30, show_default=True, help="Look at the runs of so many days, and at all that have not ended.")
@OUTPUT
@click.pass_context
@answering
def doctor(context: click.Context, days: int, output: str) -> int:
    """What must hold of the store, the services and the disks, what does not, and what to do. Exit code 1 when something is off."""
    from services.api.cli import doctor as examined

    found = client(context).call("GET", "/system/doctor", days=days)
    if output != "table":
        printed(found, output)
    else:
        for line in examined.lines(found):
            click.echo(line)
    return 0 if found["healthy"] else 1


def _local(action: str) -> int:
    return subprocess.run([sys.executable, "-m", "infra.local", action], check=False).returncode


@click.command()
@answering
def up() -> int:
    """Start Penstock on this machine."""
    return _local("up")


@click.command()
@answering
def down() -> int:
    """Stop Penstock on this machine."""
    return _local("down")
