"""`penstock`: a client of the API. Exit codes: 0 good, 1 the run failed, 2 wrong use, 3 not reachable.

The commands stand in a table with their sentence, and each one's module is loaded when it is used: help answers at once.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

# By section, in the order in which they are listed: name -> (module, its command, its sentence).
SECTIONS: dict[str, dict[str, tuple[str, str, str]]] = {
    "To begin with": {
        "init": ("init", "init", "Make a project folder with a sample that works."),
        "up": ("machine", "up", "Start Penstock on this machine."),
        "down": ("machine", "down", "Stop Penstock on this machine."),
        "profiles": ("servers_by_name", "profiles", "The servers that are known here, by name."),
        "completion": ("completion", "completion", "The script that completes commands in a shell."),
    },
    "Recipes": {
        "validate": ("documents", "validate", "Check recipes, together; works without a server."),
        "test": ("testing", "test", "Run the tests of a project; works without a server."),
        "plan": ("documents", "plan", "What a run would do; runs nothing."),
        "approve": ("plans", "approve", "Let a run be asked for by a plan."),
        "apply": ("documents", "apply", "Save documents, all or none."),
        "pipelines": ("pipelines", "pipelines", "The pipelines there are, with their last runs."),
        "versions": ("history", "versions", "The versions of a document, and the text of one."),
        "diff": ("history", "diff", "What differs between two versions, or between two runs."),
        "restore": ("history", "restore", "Save the text of an old version as the newest."),
        "schema": ("schema", "schema", "The language as JSON Schema, for editors."),
        "lineage": ("pipelines", "lineage", "Where tables and columns come from, and who reads them."),
        "export": ("exporting", "export", "A pipeline as a project of another tool: SQL, Python, dbt, Airflow, Spark."),
        "docs": ("pipelines", "docs", "A pipeline as a page of Markdown."),
    },
    "Runs": {
        "run": ("runs", "run", "Start a run."),
        "runs": ("runs", "runs", "The newest runs, by any filter."),
        "status": ("status", "status", "One run in full, the latest runs, or the installation."),
        "logs": ("runs", "logs", "Log lines of a run."),
        "ledger": ("runs", "ledger", "What became of every row of a run."),
        "staging": ("staging", "staging", "What a run has staged, as a DuckDB file."),
        "cancel": ("runs", "cancel", "Stop runs."),
        "retry": ("runs", "retry", "Do runs again that have ended."),
        "label": ("runs", "label", "Put labels on runs, and take them away."),
        "dead-letters": ("dead_letters", "dead_letters", "Rows that did not get through, with the reason."),
        "diagnose": ("diagnosis", "diagnose", "Why a run failed, and what to do."),
        "state": ("state", "state", "What a pipeline keeps from run to run."),
    },
    "When they run": {
        "start": ("starting", "start", "Let a pipeline start by itself, and run it now."),
        "stop": ("starting", "stop", "Keep a pipeline from starting, and cancel its runs."),
        "enable": ("starting", "enable", "Let a pipeline start by itself."),
        "disable": ("starting", "disable", "Keep a pipeline from starting by itself."),
        "triggers": ("starting", "triggers", "What starts a pipeline by itself."),
        "next": ("schedules", "next_", "When a pipeline fires next."),
        "calendar": ("schedules", "calendar", "Which days count."),
        "backfill": ("backfills", "backfill", "Run fire times that have passed."),
        "hooks": ("hooks", "hooks", "What webhooks were sent, and what became of it."),
        "notifications": ("notifications", "notifications", "Who was told of what, newest first."),
    },
    "Data and connections": {
        "quality": ("quality", "quality", "How good data is, and was."),
        "connectors": ("connecting", "connectors", "What can be read and written, and what is in it."),
        "credentials": ("connecting", "credentials", "Values that connectors need and nobody may see."),
        "keystore": ("keystore", "keystore", "Credentials in an encrypted file on this machine."),
        "circuit-breakers": ("connecting", "circuit_breakers", "How the connectors' circuit breakers stand."),
        "tokens": ("tokens", "tokens", "Who may call the API."),
        "audit": ("audit", "audit", "Who changed what, and who was refused."),
        "doctor": ("machine", "doctor", "What must hold of the installation, and what does not."),
    },
}
COMMANDS = {name: found for commands in SECTIONS.values() for name, found in commands.items()}
EXAMPLES = """
Examples:

\b
  penstock init shop && cd shop         a project that works
  penstock up                           Penstock on this machine
  penstock apply *.yaml                 save it
  penstock run shop --wait              run it, and watch
  penstock status --watch               what runs now
  penstock diff RUN                     why a run was different
  penstock --profile prod pipelines     another server
"""


class Commands(click.Group):
    """Those of the table, and those that were added."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:
            # Whoever read has gone, and wants no more; what is still in the buffer must not be told of, either. As shells count it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)

    def list_commands(self, context: click.Context) -> list[str]:
        return [*COMMANDS, *(name for name in super().list_commands(context) if name not in COMMANDS)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return super().get_command(context, name)
        module, command, _ = COMMANDS[name]
        from services.api.cli.examples import shown

        return shown(getattr(import_module(f"services.api.cli.{module}"), command), name)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, about) for name, (_, _, about) in commands.items()])
        if added := [(name, self.commands[name].get_short_help_str()) for name in sorted(self.commands) if name not in COMMANDS]:
            with formatter.section("More"):
                formatter.write_dl(added)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXAMPLES)
@click.option("--url", help="The API; else PENSTOCK_API_URL, else that of the profile.")
@click.option("--token", help="Its token; else PENSTOCK_API_TOKEN, else that of the profile.")
@click.option("--profile", "-P", help="A server by its name here; else PENSTOCK_PROFILE, the folder's, or the one in use.")
@click.pass_context
def cli(context: click.Context, url: str | None, token: str | None, profile: str | None) -> None:
    """Data pipelines for people who cannot afford to lose or distrust a row."""
    context.obj = (url, token, profile)


def main() -> None:
    """Ctrl-C ends with 130, as shells have it; so does a question that is left unanswered."""
    try:
        code = cli(prog_name="penstock", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
