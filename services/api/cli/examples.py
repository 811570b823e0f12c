"""Examples of each command, by its words; they stand at the end of its help. A test parses each of them with the command itself."""

from __future__ import annotations

import click

RUN = "0198c2de-7a10-7c3e-9d5b-3f1a2b4c5d6e"
EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": ("penstock init shop", "penstock init shop --yes", "penstock init shop --hosting cloud --url https://penstock.example"),
    "up": ("penstock up",),
    "down": ("penstock down",),
    "profiles": ("penstock profiles", "penstock profiles --output json"),
    "profiles add": ("penstock profiles add prod --url https://penstock.example     # asks for the token",),
    "profiles use": ("penstock profiles use prod",),
    "profiles remove": ("penstock profiles remove prod",),
    "completion": ('eval "$(penstock completion bash)"', "penstock completion fish > ~/.config/fish/completions/penstock.fish"),
    "validate": ("penstock validate pipeline.yaml", "penstock validate *.yaml tests/*.yaml"),
    "test": ("penstock test", "penstock test tests/shop.yaml", "penstock test --only shop --junit results.xml"),
    "plan": (
        "penstock plan sales/orders",
        "penstock plan *.yaml --pipeline shop     # of files; no server",
        "penstock plan shop -p day=2026-03-29",
    ),
    "approve": (f'penstock approve {RUN} --reason "seen with finance"',),
    "apply": ("penstock apply *.yaml", 'penstock apply pipeline.yaml -m "tax is its own column"', "penstock apply pipeline.yaml --dry-run"),
    "pipelines": ("penstock pipelines", "penstock pipelines -o json"),
    "versions": ("penstock versions shop", "penstock versions shop 2 > pipeline.yaml", "penstock versions working-days --kind Calendar"),
    "diff": ("penstock diff shop 1 2", f"penstock diff {RUN}     # why this run was different"),
    "restore": ('penstock restore shop 1 -m "back to what worked"',),
    "schema": ("penstock schema Pipeline > pipeline.schema.json", "penstock schema --folder schemas"),
    "lineage": ("penstock lineage sales/orders", "penstock lineage sales/orders --column write.amount"),
    "export": (
        "penstock export sales/orders",
        "penstock export orders -t dbt --to ~/dbt/orders",
        "penstock export orders -t airflow --to orders.zip",
    ),
    "docs": ("penstock docs sales/orders > orders.md",),
    "run": (
        "penstock run shop --wait",
        "penstock run shop -p day=2026-03-29 -p regions=PL,DE",
        "penstock run shop --version 3 --reason retrial",
    ),
    "runs": ("penstock runs --status FAILED,TIMED_OUT --since 2026-03-01T00:00:00Z", "penstock runs --label case:4711 -o json"),
    "status": ("penstock status --watch", f"penstock status {RUN} --watch", "penstock status --system"),
    "logs": ("penstock logs --follow     # of the newest run", f"penstock logs {RUN}"),
    "ledger": (f"penstock ledger {RUN}",),
    "staging": (f"penstock staging {RUN}", f"penstock staging {RUN} --to rows.duckdb --rows 1000"),
    "cancel": (f"penstock cancel {RUN}", "penstock cancel --pipeline sales/orders --status QUEUED"),
    "retry": (f"penstock retry {RUN} --wait", f"penstock retry {RUN} --from net", "penstock retry --status FAILED --pipeline shop"),
    "label": (f"penstock label {RUN} --set case=4711", f"penstock label {RUN} --remove case"),
    "dead-letters": ("penstock dead-letters", f"penstock dead-letters --run {RUN} --node orders"),
    "dead-letters summary": ("penstock dead-letters summary --pipeline shop",),
    "dead-letters show": (f"penstock dead-letters show {RUN}",),
    "dead-letters fix": (f"penstock dead-letters fix {RUN} --set amount=12",),
    "dead-letters reopen": (f"penstock dead-letters reopen {RUN}",),
    "dead-letters replay": ("penstock dead-letters replay --pipeline shop --wait",),
    "dead-letters waive": ("penstock dead-letters waive --pipeline shop --rule amount-is-there",),
    "dead-letters export": ("penstock dead-letters export --pipeline shop --format csv --to rejected.csv",),
    "dead-letters delete": ("penstock dead-letters delete --pipeline shop --state waived",),
    "diagnose": ("penstock diagnose     # the latest run that failed", f"penstock diagnose {RUN} --fix > corrected.yaml"),
    "state": (
        "penstock state shop",
        "penstock state shop --node read --cursor 2026-03-29",
        "penstock state shop --node number --next 1000",
    ),
    "start": ("penstock start shop",),
    "stop": ("penstock stop shop --reason maintenance",),
    "enable": ("penstock enable shop",),
    "disable": ('penstock disable shop --reason "source is moving"',),
    "triggers": ("penstock triggers shop", "penstock triggers shop schedule --limit 10"),
    "next": ("penstock next shop --count 10",),
    "calendar explain": ("penstock calendar explain shop --next 5", "penstock calendar explain --calendar working-days"),
    "backfill create": ("penstock backfill create shop --from 2026-03-01 --to 2026-03-08 --max-parallel 2",),
    "backfill preview": ("penstock backfill preview shop --from 2026-03-01 --to 2026-03-08",),
    "backfill list": ("penstock backfill list shop",),
    "backfill show": (f"penstock backfill show {RUN}",),
    "backfill pause": (f"penstock backfill pause {RUN}",),
    "backfill resume": (f"penstock backfill resume {RUN}",),
    "backfill cancel": (f"penstock backfill cancel {RUN} --runs",),
    "hooks list": ("penstock hooks list shop incoming --limit 20",),
    "hooks show": (f"penstock hooks show shop incoming {RUN}",),
    "hooks release": (f"penstock hooks release shop incoming {RUN}",),
    "hooks reject": (f"penstock hooks reject shop incoming {RUN} --reason duplicate",),
    "hooks test": ("penstock hooks test shop incoming --body '{\"id\": 1}'",),
    "notifications": ("penstock notifications shop", "penstock notifications shop --test"),
    "quality list": ("penstock quality list --namespace sales",),
    "quality show": ("penstock quality show sales/warehouse:orders",),
    "quality history": ("penstock quality history sales/warehouse:orders",),
    "quality profile": ("penstock quality profile sales/warehouse:orders",),
    "quality suggest": ("penstock quality suggest sales/warehouse:orders > rules.yaml",),
    "quality run": ("penstock quality run sales/orders --wait", "penstock quality run sales/orders --junit report.xml"),
    "quality offenders": ("penstock quality offenders sales/orders --rule id-is-unique --all --file offenders.parquet",),
    "connectors": ("penstock connectors",),
    "connectors check": ("penstock connectors check warehouse",),
    "connectors discover": ("penstock connectors discover warehouse",),
    "connectors preview": (
        "penstock connectors preview warehouse --table orders",
        "penstock connectors preview files --path data/orders.csv",
    ),
    "credentials set": (
        "penstock credentials set warehouse password     # asks for the value",
        "penstock credentials set sales/db --store vault --location secret/sales/db",
    ),
    "credentials list": ("penstock credentials list",),
    "credentials delete": ("penstock credentials delete sales/db",),
    "credentials reseal": ("penstock credentials reseal",),
    "keystore list": ("penstock keystore list",),
    "keystore set": ("penstock keystore set sales/db user=loader password     # asks for the password",),
    "keystore delete": ("penstock keystore delete sales/db",),
    "keystore reseal": ("penstock keystore reseal",),
    "circuit-breakers": ("penstock circuit-breakers",),
    "circuit-breakers reset": ("penstock circuit-breakers reset warehouse",),
    "tokens create": ("penstock tokens create ci --role operator --namespace sales --expires 90d",),
    "tokens list": ("penstock tokens list",),
    "tokens revoke": (f"penstock tokens revoke {RUN}",),
    "tokens readmit": (f"penstock tokens readmit {RUN}     # of a person who logs in elsewhere",),
    "audit": ("penstock audit --by ci --since 2026-03-01T00:00:00Z", "penstock audit --outcome refused"),
    "doctor": ("penstock doctor", "penstock doctor --days 7"),
}


def shown(command: click.Command, words: str) -> click.Command:
    """The command with its examples below its help, and those of its own commands below theirs."""
    if words in EXAMPLES:
        command.epilog = "\b\nExamples:\n" + "\n".join(f"  {example}" for example in EXAMPLES[words])
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            shown(inner, f"{words} {name}")
    return command
