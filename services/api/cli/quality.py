"""`penstock quality`: how good datasets are and were, rule sets run on demand, for builds too, and rules that are suggested."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from services.api.cli.answering import OUTPUT, answering, client, named, printed
from services.api.cli.junit import failed, junit

if TYPE_CHECKING:
    from services.api.cli.client import Client

_LOOK_EVERY_S = 0.3
_SIGNS = {"PASSED": "good ", "FAILED": "FAILED", "ERROR": "ERROR ", "LEARNING": "learns"}

DATASET = click.argument("dataset", metavar="NAMESPACE/CONNECTOR:TABLE")
NAMESPACE = click.option("--namespace", help="Of the pipelines and rule sets that looked at it; else the connector's.")
SCOPE = click.option("--scope", type=click.Choice(["batch", "dataset"]), help="What runs write, or all that is there.")
RULE_SET = click.option("--rule-set", help="By this rule set; empty: the profile that needs none.")


@click.group()
def quality() -> None:
    """How good data is, and was."""


@quality.command("list")
@click.option("--namespace", help="Only of this one.")
@click.option("--limit", default=100, show_default=True)
@OUTPUT
@click.pass_context
@answering
def list_(context: click.Context, namespace: str | None, limit: int, output: str) -> None:
    """Each dataset with its newest score."""
    found = client(context).call("GET", "/quality", namespace=namespace, limit=limit)
    if output != "table":
        printed(found, output)
        return
    for one in found["items"]:
        click.echo(f"{one['dataset']}  {_summary(one)}")
    if found["nextCursor"]:
        click.echo("there are more; say which (--namespace), or raise --limit", err=True)


@quality.command()
@click.argument("rule_set", metavar="[NAMESPACE/]RULESET")
@click.option("--wait", is_flag=True, help="Wait for the verdicts; exit code 1 when a rule fails or cannot be measured.")
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write them as JUnit XML; waits.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write them as JSON; waits.")
@click.option("--timeout", default=3600.0, show_default=True, help="Seconds to wait at most.")
@OUTPUT
@click.pass_context
@answering
def run(
    context: click.Context, rule_set: str, wait: bool, junit_file: Path | None, json_file: Path | None, timeout: float, output: str
) -> int:
    """Check all that is there now, apart from any run."""
    namespace, name = named(rule_set)
    server = client(context)
    asked = server.call("POST", f"/quality/{namespace}/{name}/run")
    if not (wait or junit_file or json_file):
        click.echo(asked["request"]) if output == "table" else printed(asked, output)
        return 0
    found = _awaited(server, asked["request"], timeout)
    if junit_file is not None:
        junit_file.write_bytes(junit(found["items"]))
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if output != "table":
        printed(found, output)
    for check in found["items"] if output == "table" else ():
        _print_check(check)
    return 1 if any(check["failed"] or check["errors"] for check in found["items"]) else 0


@quality.command()
@DATASET
@NAMESPACE
@SCOPE
@RULE_SET
@OUTPUT
@click.pass_context
@answering
def show(context: click.Context, dataset: str, namespace: str | None, scope: str | None, rule_set: str | None, output: str) -> None:
    """Its newest check: verdicts, score, drift and error budget."""
    found = _read(context, dataset, namespace, scope, rule_set)
    if output != "table":
        printed(found, output)
        return
    _print_check(found)
    if (objective := found["objective"]) is not None:
        rate = f", used {objective['burnRate']:g} times as fast as allowed" if objective["burnRate"] is not None else ""
        click.echo(
            f"promised: {objective['score']:g} over {objective['windowDays']} days; {objective['below']} of {objective['checks']} checks"
            f" were below, {objective['remainingPercent']:g} % of the budget is left{rate}"
        )


@quality.command()
@DATASET
@NAMESPACE
@SCOPE
@RULE_SET
@click.option("--limit", default=30, show_default=True)
@OUTPUT
@click.pass_context
@answering
def history(
    context: click.Context, dataset: str, namespace: str | None, scope: str | None, rule_set: str | None, limit: int, output: str
) -> None:
    """Its checks, newest first."""
    found = _read(context, dataset, namespace, scope, rule_set, limit)["history"]
    if output != "table":
        printed(found, output)
        return
    for one in found:
        click.echo(f"{one['at']}  {_summary(one)}  {one['check']['run']}/{one['check']['stage']}")


@quality.command()
@DATASET
@NAMESPACE
@SCOPE
@RULE_SET
@OUTPUT
@click.pass_context
@answering
def profile(context: click.Context, dataset: str, namespace: str | None, scope: str | None, rule_set: str | None, output: str) -> int:
    """What is in each column."""
    found = _read(context, dataset, namespace, scope, rule_set)["profile"]
    if found is None:
        click.echo("its newest check has no profile; see --rule-set and --scope (penstock quality list)", err=True)
        return 2
    if output != "table":
        printed(found, output)
        return 0
    from services.api.cli.profiles import table

    table(found)
    return 0


@quality.command()
@DATASET
@NAMESPACE
@SCOPE
@RULE_SET
@click.pass_context
@answering
def suggest(context: click.Context, dataset: str, namespace: str | None, scope: str | None, rule_set: str | None) -> None:
    """Rules that hold of its newest profile, as YAML to look through and apply."""
    found = client(context).call("POST", f"{_address(dataset, namespace)}/suggest", scope=scope, ruleSet=rule_set)
    click.echo(found["document"], nl=False)


@quality.command()
@click.argument("check", metavar="RUN/STAGE|CHECK|[NAMESPACE/]RULESET")
@click.option("--rule", help="Only of this rule.")
@click.option("--format", "form", type=click.Choice(["json", "jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Write them there.")
@click.option("--all", "everything", is_flag=True, help="Of a RULESET and one --rule: all that break it now, as Parquet, into --file.")
@click.option("--timeout", default=3600.0, show_default=True, help="Seconds to wait for them at most.")
@click.pass_context
@answering
def offenders(context: click.Context, check: str, rule: str | None, form: str, file: Path | None, everything: bool, timeout: float) -> None:
    """Rows that fail a check, up to 10 of each rule. CHECK: as `run` prints it; RUN/STAGE: as `history` does."""
    server = client(context)
    if everything:
        if rule is None or file is None:
            raise click.UsageError("all rows that break a rule are one file; give --rule and --file")
        namespace, name = named(check)
        asked = server.call("POST", f"/quality/{namespace}/{name}/run", export=rule)["request"]
        rows = _awaited(server, asked, timeout)["export"]["rows"]
        blocks = server.download(f"/checks/{asked}/export")
        click.echo(f"{rows} rows", err=True)
    else:
        run_id, _, stage = check.partition("/")
        blocks = server.download(f"/checks/{run_id}/{stage or 0}/offenders", rule=rule, format=form)
    if file is None:
        click.echo(b"".join(blocks).decode(), nl=False)
        return
    with file.open("wb") as written:
        written.writelines(blocks)


def _address(dataset: str, namespace: str | None) -> str:
    if "/" not in dataset.partition(":")[0]:
        dataset = f"default/{dataset}"
    return f"/quality/{namespace or dataset.partition('/')[0]}/{quote(dataset, safe='/:')}"


def _read(
    context: click.Context, dataset: str, namespace: str | None, scope: str | None, rule_set: str | None, limit: int | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = client(context).call("GET", _address(dataset, namespace), scope=scope, ruleSet=rule_set, limit=limit)
    return found


def _awaited(server: Client, request: str, timeout_s: float) -> dict[str, Any]:
    """Raises CallRefused when it could not be made, or is not there in time."""
    from services.api.cli.client import CallRefused

    until = time.monotonic() + timeout_s
    while True:
        found: dict[str, Any] = server.call("GET", f"/checks/{request}")
        if "items" in found:
            return found
        if time.monotonic() > until:
            raise CallRefused(
                503, f"there are no verdicts within {timeout_s:g} s; see whether a quality service is up (penstock doctor)", []
            )
        time.sleep(_LOOK_EVERY_S)


def _print_check(check: dict[str, Any]) -> None:
    click.echo(f"{check['dataset']}  {_summary(check)}")
    for line in _verdicts(check):
        click.echo(line)
    drift = check["drift"]
    for finding in drift["findings"] if isinstance(drift, dict) else ():
        click.echo(f"drift   {finding['said']}")


def _verdicts(check: dict[str, Any]) -> Iterator[str]:
    for result in check["results"]:
        why = {"FAILED": lambda one: f": {failed(one)}", "ERROR": lambda one: f": {one['error']}"}.get(result["status"])
        blocks = ", blocks" if result["blocks"] else ""
        yield f"{_SIGNS[result['status']]}  {result['rule']} ({result['type']}, {result['severity']}{blocks}){why(result) if why else ''}"
        for row in result["offenders"]:
            yield f"          {json.dumps(row, ensure_ascii=False)}"


def _summary(one: dict[str, Any]) -> str:
    by = f"by {one['ruleSet']}" if one["ruleSet"] is not None else "profile"
    score = "no score" if one["score"] is None else f"score {one['score']:g}{' (partial)' if one['partial'] else ''}"
    errors = f", {one['errors']} could not be measured" if one["errors"] else ""
    rows = f", {one['rows']} rows" if one["rows"] is not None else ""
    drift = one.get("drift")
    said = drift["status"] if isinstance(drift, dict) else drift
    drifted = f", {said}" if said is not None else ""
    return f"{one['scope']} {by}: {score}; {one['passed']} passed, {one['failed']} failed{errors}{rows}{drifted}"
