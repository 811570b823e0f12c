"""What the commands have in common: the server they talk to, how an answer is printed, and what a refusal becomes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from shared.errors import PenstockError

if TYPE_CHECKING:
    from rich.console import Console

    from services.api.cli.client import Client

OUTPUT = click.option("--output", "-o", type=click.Choice(["table", "json", "yaml"]), default="table", help="How to print the answer.")

PARAM = click.option("--param", "-p", "typed", multiple=True, metavar="NAME=VALUE", help="A parameter's value; items of a list by commas.")


def answering(command: Callable[..., int | None]) -> Callable[..., None]:
    """Errors become one sentence and an exit code."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        from services.api.cli.client import CallRefused, NotReachable

        try:
            sys.exit(command(*arguments, **options) or 0)
        except CallRefused as refused:
            click.echo(f"penstock: {refused.detail}", err=True)
            for error in refused.errors:
                if isinstance(error, dict) and "line" in error:
                    click.echo(f"  {problem(error)}", err=True)
                elif isinstance(error, dict) and error.get("message", refused.detail) != refused.detail:
                    click.echo(f"  {error['message']}", err=True)
            sys.exit(2)
        except PenstockError as ours:
            click.echo(f"penstock: {ours.message}", err=True)
            sys.exit(2)
        except NotReachable as away:
            click.echo(f"penstock: {away}", err=True)
            sys.exit(3)
        except BrokenPipeError:
            raise
        except OSError as error:
            # A file of the person's own that cannot be read or written.
            click.echo(f"penstock: {error}", err=True)
            sys.exit(2)

    return run


def problem(error: dict[str, Any]) -> str:
    """`file`, where there is one, is set by whoever put several files into one text."""
    place = f"{error['file']}:{error['line']}" if "file" in error else f"line {error['line']}"
    return f"{place}:{error['column']}: {error['severity']}: {error['message']}"


def client(context: click.Context) -> Client:
    from services.api.cli import servers
    from services.api.cli.client import Client

    server = servers.chosen(*context.obj)
    return Client(server.url, server.token, for_people=context.params.get("output", "table") == "table")


def console(*, stderr: bool = False) -> Console:
    """As wide as the terminal; wide enough for the tables where there is none."""
    from rich.console import Console

    class Passing(Console):
        def on_broken_pipe(self) -> None:
            # The library's own answer is exit code 1, which here means that a run has failed.
            raise BrokenPipeError

    found = Passing(stderr=stderr)
    return found if found.is_terminal else Passing(stderr=stderr, width=170)


def spelt(value: Any) -> str:
    """A value as a recipe and JSON spell it."""
    return json.dumps(value, ensure_ascii=False)


def secret(what: str) -> str:
    """A value that nobody is to see: asked for at a terminal; else a line of what is piped in, which would otherwise be asked for all the
    same wherever there is a terminal at all.
    """
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError(f"there is no terminal to ask for {what}, and nothing is piped in")
    return line


def named(pipeline: str) -> tuple[str, str]:
    namespace, _, name = pipeline.rpartition("/")
    return namespace or "default", name


def printed(value: Any, output: str) -> None:
    if output == "yaml":
        import yaml

        class Exact(yaml.SafeDumper):
            """Fractions with all their digits."""

        Exact.add_representer(Decimal, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", str(number)))
        click.echo(yaml.dump(value, Dumper=Exact, sort_keys=False, allow_unicode=True), nl=False)
    else:
        from shared.formats import exact_json

        click.echo(exact_json.dumps(value, indent=2, ensure_ascii=True))


def done(sentence: str, answer: Any, output: str) -> None:
    """What was changed: a sentence for people, the answer for programs."""
    click.echo(sentence) if output == "table" else printed(answer, output)


def everything(server: Client, path: str, **query: Any) -> list[Any]:
    """All items of a list, page by page."""
    found: list[Any] = []
    cursor = None
    while True:
        page = server.call("GET", path, limit=500, cursor=cursor, **query)
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            return found
