"""`penstock up`, `down` and `doctor`: the installation itself."""

from __future__ import annotations

import os
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
    from services.api.cli.client import home

    # The server that all other commands in this folder are for, also where its state folder lies above.
    found = home()
    environment = os.environ if found is None else {**os.environ, "PENSTOCK_HOME": str(found)}
    return subprocess.run([sys.executable, "-m", "infra.local", action], env=environment, check=False).returncode


@click.command()
@answering
def up() -> int:
    """Start Penstock on this machine.

    It is the one whose state folder is PENSTOCK_HOME, else .penstock in this folder or above; where there is none, a new one here.
    """
    return _local("up")


@click.command()
@answering
def down() -> int:
    """Stop Penstock on this machine: the one that `up` would start."""
    return _local("down")
