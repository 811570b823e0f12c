"""`penstock completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_HOW = {
    "bash": 'eval "$(penstock completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(penstock completion zsh)"    # in ~/.zshrc',
    "fish": "penstock completion fish > ~/.config/fish/completions/penstock.fish",
}


@click.command(epilog="\b\n" + "\n".join(_HOW.values()))
@click.argument("shell", type=click.Choice(list(_HOW)))
def completion(shell: str) -> None:
    """The script that completes commands and options in SHELL; bash from version 4.4 on."""
    from services.api.cli.__main__ import cli

    made = get_completion_class(shell)
    assert made is not None
    # Not as bash's own class does it, which asks a bash for its version that need not be there.
    script = made(cli, {}, "penstock", "_PENSTOCK_COMPLETE")
    click.echo(script.source_template % script.source_vars())
