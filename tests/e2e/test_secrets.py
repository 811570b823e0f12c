"""Secrets in templates: they work, and they are nowhere to be found.

The stack of these tests knows a Vault. Every place where something is kept or shown is searched for the values, as they are and in the
forms in which values usually leak.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import boto3
import duckdb
import httpx
import psycopg
import pytest
import redis
from psycopg import sql

from infra.local import redis as local_redis
from services.api.cli.client import CallRefused
from shared.process import settings
from tests.e2e.test_parameters import written
from tests.support import buckets
from tests.support.stack import SHORT, Stack, running
from tests.support.vault import TOKEN, VaultServer, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]

# With everything in them that quoting, JSON, URLs and SQL write otherwise.
PEPPER = "Zażółć'pepper\"+/&=% 41;--"
WORD = 'open-sesame\'x\\y "7f3a" ü?'
PASSWORD = "pa'ss\\word é 90210"
HOOK, INLINE, KEPT, PARAMETER = "h00k-t0ken-4e5f/+=", "inl1ne pass'word/+&", "kept-in-the-f1le/+&=", "p4rameter's=value/+&"

HEAD = "apiVersion: penstock/v1\nkind: Pipeline\n"
GOOD = (
    HEAD
    + """metadata: {name: guarded}
spec:
  retries: 0
  staging: all
  parameters: [{name: asked, default: "{{credential:sesame#word}} {{vault:secret/default/k#pepper}}", type: string}]
  nodes:
    - id: read
      type: connector_source
      config:
        connector: guarded
        query: SELECT id, owner FROM guarded WHERE api_key = '{{vault:secret/default/k#pepper}}' AND {{vault:secret/default/k#pepper}} <> ''
    - {id: keep, type: filter, config: {condition: "md5(owner || '{{credential:sesame#word}}') <> 'MALLORY' AND owner <> {{asked}}"}}
    - {id: sign, type: expression, config: {columns: [{name: signed, expression: "md5(id || ':{{credential:sesame#word}}')"}]}}
    - {id: sort, type: sorter, config: {by: [{column: id}]}}
    - {id: write, type: connector_sink, config: {connector: files, path: out/guarded.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: keep}, {from: keep, to: sign}, {from: sign, to: sort}, {from: sort, to: write}]
"""
)
FAILING = {
    # The database's own message says the value that it cannot read.
    "in-a-query": ("SELECT id, owner FROM guarded WHERE '{{vault:secret/default/k#pepper}}'::int = id", "owner <> ''"),
    # A row that fails says what could not be read.
    "in-a-row": ("SELECT id, owner FROM guarded WHERE id <> 3", "CAST('{{credential:sesame#word}}' AS INTEGER) = id"),
    "in-another-type": (
        "SELECT id, owner FROM guarded WHERE id <> 3",
        "CAST(owner || {{vault:secret/default/k#pepper}} AS DATE) > DATE '2000-01-01'",
    ),
}


def failing(name: str) -> str:
    query, condition = FAILING[name]
    return (
        HEAD
        + f"""metadata: {{name: {name}}}
spec:
  retries: 0
  staging: all
  nodes:
    - id: read
      type: connector_source
      config:
        connector: guarded
        query: {json.dumps(query)}
    - {{id: keep, type: filter, config: {{condition: {json.dumps(condition)}}}}}
    - {{id: write, type: connector_sink, config: {{connector: files, path: out/{name}.csv, writeMode: OVERWRITE}}}}
  edges: [{{from: read, to: keep}}, {{from: keep, to: write}}]
"""
    )


@pytest.fixture(scope="module")
def vault() -> Iterator[VaultServer]:
    with serving() as server:
        server.kept = {"secret/default/k": {"pepper": PEPPER}, "secret/default/db": {"password": PASSWORD}}
        yield server


@pytest.fixture(scope="module")
def guarded(vault: VaultServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("guarded") / "home"
    allowed = {"PENSTOCK_TEMPLATE_ENV": "REGION, UNSET", "REGION": "north'; --"}
    known = {"VAULT_ADDR": vault.url, "VAULT_TOKEN": TOKEN, "PENSTOCK_SSM_PATHS": "/penstock/{namespace}/"}
    with buckets.serving() as aws, running(folder, **known, **allowed, **SHORT, **aws.environment, AWS_ENDPOINT_URL_SSM=aws.endpoint) as up:
        up.connectors()
        up.parameters = boto3.client(  # type: ignore[attr-defined]
            "ssm",
            endpoint_url=aws.endpoint,
            region_name="eu-central-1",
            aws_access_key_id=buckets.KEY,
            aws_secret_access_key=buckets.SECRET,
        )
        port = up.home.read("ports.json")["postgres"]
        admin = f"postgresql://admin:{up.home.secrets()['admin']}@127.0.0.1:{port}/demo"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE guarded LOGIN PASSWORD {}").format(sql.Literal(PASSWORD)))
            connection.execute("CREATE TABLE guarded (id int, owner text, api_key text)")
            rows = [(1, "ann", PEPPER), (2, "bob", PEPPER), (3, "mallory", PEPPER), (4, "eve", "another")]
            for row in rows:
                connection.execute("INSERT INTO guarded VALUES (%s, %s, %s)", row)
            connection.execute("GRANT SELECT (id, owner, api_key) ON guarded TO guarded")
        config = f"{{host: 127.0.0.1, port: {port}, database: demo, user: guarded, password: '{{{{vault:secret/default/db#password}}}}'}}"
        up.apply(f"apiVersion: penstock/v1\nkind: Connector\nmetadata: {{name: guarded}}\nspec: {{type: postgres, config: {config}}}\n")
        up.client.call("PUT", "/credentials/default/sesame", body={"word": WORD})
        yield up


def test_a_default_cannot_be_a_secret(guarded: Stack) -> None:
    found = guarded.client.call("POST", "/validate", content=GOOD.encode())
    (error,) = [one for one in found["errors"] if one["severity"] == "error"]
    assert (error["path"], error["line"]) == ("/spec/parameters/0/default", 7)
    assert "parameters are shown" in error["message"]


def test_secrets_work_and_are_nowhere_to_be_found(guarded: Stack, vault: VaultServer) -> None:
    text = GOOD.replace('default: "{{credential:sesame#word}} {{vault:secret/default/k#pepper}}"', "default: nobody")
    guarded.apply(text.replace("MALLORY", hashlib.md5(f"mallory{WORD}".encode()).hexdigest()))
    replies: list[Any] = []
    ended = guarded.wait(guarded.start("guarded"))
    assert ended["status"] == "SUCCEEDED", ended["error"]
    signed = [[str(n), owner, hashlib.md5(f"{n}:{WORD}".encode()).hexdigest()] for n, owner in ((1, "ann"), (2, "bob"))]
    assert written(guarded.files / "out/guarded.csv") == signed
    # A value that looks like a secret is text, and asks for nothing.
    asked = guarded.client.call(
        "POST",
        "/pipelines/default/guarded/runs",
        body={"parameters": {"asked": "{{vault:secret/default/db#password}} {{credential:sesame#word}}"}},
    )
    replies += [ended, guarded.wait(asked["id"])]
    assert replies[-1]["status"] == "SUCCEEDED", replies[-1]["error"]
    for name in FAILING:
        guarded.apply(failing(name))
        replies.append(guarded.wait(guarded.start(name)))
    assert replies[2]["status"] == "FAILED"
    assert replies[2]["error"]["node"] == "read"
    assert [sum(node["rowsRejected"] or 0 for node in run["nodes"]) for run in replies[3:]] == [3, 3]

    replies += [guarded.client.follow(run["id"], what) for run in list(replies) for what in ("events", "logs")]
    for path in ("/pipelines", "/runs", "/connectors", "/dead-letters", "/pipelines/default/guarded", "/connectors/default/guarded",
                 "/credentials/default/sesame", "/system"):  # fmt: skip
        replies.append(guarded.client.call("GET", path))
    replies.append(guarded.client.call("POST", "/pipelines/default/guarded/plan", body={}))

    for place, content in everywhere(guarded, replies):
        for secret, shown in ((PEPPER, "PEPPER"), (WORD, "WORD"), (PASSWORD, "PASSWORD"), (TOKEN, "TOKEN")):
            for form, wanted in forms(secret).items():
                assert wanted.encode() not in content, f"{shown} is in {place} ({form})"


def test_a_vault_that_is_down_is_waited_for(guarded: Stack, vault: VaultServer) -> None:
    text = GOOD.replace('default: "{{credential:sesame#word}} {{vault:secret/default/k#pepper}}"', "default: nobody")
    guarded.apply(text.replace("name: guarded}", "name: patient}").replace("retries: 0", "retries: 5\n  retryDelay: 0.2"))
    vault.down = True
    try:
        run = guarded.start("patient")
        guarded.until(lambda: any(stage["status"] == "RETRYING" or stage["retries"] for stage in guarded.run(run)["stages"]), 30, "a retry")
    finally:
        vault.down = False
    assert guarded.wait(run)["status"] == "SUCCEEDED"


def fails_with(guarded: Stack, reference: str, words: str) -> None:
    """A run that refers to such a secret."""
    guarded.apply(failing("in-a-row").replace("{{credential:sesame#word}}", reference).replace("name: in-a-row", "name: no-secret"))
    ended = guarded.wait(guarded.start("no-secret"))
    assert ended["status"] == "FAILED"
    assert words in ended["error"]["message"]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("{{vault:secret/default/nothing#x}}", "Vault has no secret secret/default/nothing"),
        ("{{vault:secret/default/k#peper}}", "has no field peper; it has pepper"),
        ("{{credential:nobody#word}}", "credential default/nobody does not exist"),
        ("{{credential:sesame#work}}", "has no field work; it has word"),
        ("{{credential:other/sesame#word}}", "may not use credential other/sesame"),
    ],
)
def test_a_secret_that_is_not_there_fails_the_run_with_one_sentence(guarded: Stack, reference: str, words: str) -> None:
    fails_with(guarded, reference, words)


def forms(secret: str) -> dict[str, str]:
    """The ways in which a value is usually written down. Of base64 in the middle of a longer text, the part that is always the same."""
    plain = secret.encode()
    found = {
        "plain": secret,
        "JSON": json.dumps(secret)[1:-1],
        "JSON, UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "repr": repr(secret)[1:-1],
        "SQL": secret.replace("'", "''"),
        "backslashes": secret.replace("\\", "\\\\").replace("'", "\\'"),
        "URL": quote(secret),
        "URL component": quote(secret, safe=""),
        "form": quote_plus(secret),
        "hex": plain.hex(),
    }
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain).decode().rstrip("=")
        core = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (offset + len(plain)) % 3 else 0)]
        found |= {f"base64 at {offset}": core, f"base64url at {offset}": core.replace("+", "-").replace("/", "_")}
    return found


def everywhere(stack: Stack, replies: list[Any]) -> Iterator[tuple[str, bytes]]:
    """Every place, with all that is in it."""
    yield "API replies", json.dumps(replies).encode()
    yield "API replies", json.dumps(replies, ensure_ascii=False).encode()
    with psycopg.connect(stack.database_url("penstock")) as connection:
        names = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        ).fetchall()
        assert len(names) > 15
        for schema, table in names:
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table))).fetchall()
            yield f"table {table}", "\n".join(row for (row,) in rows).encode()
    yield (
        "markers",
        str(stack.sql("SELECT * FROM penstock_markers") if stack.sql("SELECT to_regclass('penstock_markers')")[0][0] else "").encode(),
    )
    yield from broker(stack)
    seen = 0
    for path in sorted(stack.home.root.rglob("*")):
        # The database's own files hold the table that the secret is looked for in, and its log what that database says of a failing query.
        if not path.is_file() or "postgres" in path.relative_to(stack.home.root).parts[0] or path.name.startswith("postgres"):
            continue
        seen += 1
        yield str(path), path.read_bytes()
        if path.suffix == ".parquet":
            yield f"{path}, read", str(duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()).encode()
    assert seen > 10
    yield from repositories(stack.home.root)


def broker(stack: Stack) -> Iterator[tuple[str, bytes]]:
    client = redis.Redis.from_url(local_redis.url(stack.home, stack.home.read("ports.json")["redis"]))
    for key in client.scan_iter("*"):
        yield f"Redis {key!r}", key + (client.dump(key) or b"")
    client.execute_command("SAVE")


def repositories(root: Path) -> Iterator[tuple[str, bytes]]:
    found = [head for head in root.rglob("HEAD") if (head.parent / "objects").is_dir()]
    assert found
    for head in found:
        command = ["git", "-C", str(head.parent), "cat-file", "--batch-all-objects", "--batch"]
        yield f"Git {head.parent}", subprocess.run(command, capture_output=True, check=True).stdout


def test_the_environment_gives_what_an_operator_allows_and_nothing_else(guarded: Stack) -> None:
    (guarded.files / "one.csv").write_text("x\n1\n")
    recipe = (
        HEAD
        + """metadata: {name: environment}
spec:
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: one.csv}}
    - {id: keep, type: filter, config: {condition: "{{env(REGION)}} <> ''"}}
    - {id: write, type: connector_sink, config: {connector: files, path: "out/{{env(REGION)}}.csv", writeMode: OVERWRITE}}
  edges: [{from: read, to: keep}, {from: keep, to: write}]
"""
    )
    guarded.apply(recipe)
    assert guarded.wait(guarded.start("environment"))["status"] == "SUCCEEDED"
    assert (guarded.files / "out/north'; --.csv").exists()
    for name in ("VAULT_TOKEN", "PENSTOCK_DATABASE_URL", "UNSET"):
        guarded.apply(recipe.replace("{{env(REGION)}}.csv", f"{{{{env({name})}}}}.csv"))
        with pytest.raises(CallRefused) as refused:
            guarded.start("environment")
        assert (refused.value.status, refused.value.errors[0]["path"]) == (422, "/spec/nodes/2/config/path")
        assert f"env({name}) may not be read" in refused.value.detail


STORES = {
    "vault": "{{vault:secret/default/turn#key}}",
    "keystore": "{{keystore:turn#key}}",
    "ssm": "{{ssm:/penstock/default/turn#key}}",
    "credential": "{{credential:turn#key}}",
    "a_credential_in_vault": "{{credential:turn-in-vault#key}}",
    "a_credential_in_ssm": "{{credential:turn-in-ssm#key}}",
}
TURNED = (
    HEAD
    + """metadata: {name: turned}
spec:
  retries: 0
  nodes:
    - {id: read, type: connector_source, config: {connector: files, path: turned.csv}}
    - id: sign
      type: expression
      config:
        columns:
"""
    + "".join(f"""          - {{name: {name}, expression: "md5(x || ':{said}')"}}\n""" for name, said in STORES.items())
    + """    - {id: write, type: connector_sink, config: {connector: files, path: out/turned.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: sign}, {from: sign, to: write}]
"""
)


def keep(stack: Stack, vault: VaultServer, entry: str, values: dict[str, str]) -> None:
    """In each of the stores, as its own tools do."""
    vault.kept[f"secret/default/{entry}"] = dict(values)
    settings.keystore(stack.home.root, {}).put(f"default/{entry}", values)
    for field, value in values.items():
        parameter = {"Name": f"/penstock/default/{entry}/{field}", "Value": value, "Type": "SecureString", "Overwrite": True}
        stack.parameters.put_parameter(**parameter)  # type: ignore[attr-defined]
    stack.client.call("PUT", f"/credentials/default/{entry}", body=values)


def test_what_is_changed_in_a_store_holds_from_the_next_run_on_while_the_workers_run(guarded: Stack, vault: VaultServer) -> None:
    (guarded.files / "turned.csv").write_text("x\n1\n")
    for name, store, location in (("vault", "vault", "secret/default/turn"), ("ssm", "ssm", "/penstock/default/turn")):
        guarded.client.call("PUT", f"/credentials/default/turn-in-{name}", store=store, location=location)
    guarded.apply(TURNED)
    for value in ("the first 'key", "the second key"):
        keep(guarded, vault, "turn", {"key": value})
        ended = guarded.wait(guarded.start("turned"))
        assert ended["status"] == "SUCCEEDED", ended["error"]
        ((_, *signed),) = written(guarded.files / "out/turned.csv")
        expected = hashlib.md5(f"1:{value}".encode()).hexdigest()
        assert dict(zip(STORES, signed, strict=True)) == dict.fromkeys(STORES, expected)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("{{keystore:nothing#x}}", "the keystore has no default/nothing"),
        ("{{keystore:other/turn#key}}", "may not use other/turn of the keystore"),
        ("{{ssm:/penstock/other/turn#key}}", "namespace default may not read /penstock/other/turn"),
        ("{{vault:secret/other/turn#key}}", "namespace default may not read secret/other/turn in Vault"),
        ("{{ssm:/penstock/default/nothing#x}}", "has no /penstock/default/nothing"),
    ],
)
def test_a_store_gives_a_namespace_its_own_and_says_what_is_not_there(guarded: Stack, reference: str, words: str) -> None:
    fails_with(guarded, reference, words)


HUNTED = (
    HEAD
    + """metadata: {name: hunted}
spec:
  retries: 0
  staging: all
  schedule: "0 6 1 1 *"
  triggers:
    - {type: webhook, name: called, token: "{{credential:hook#token}}"}
    - {type: file, name: arriving, connector: files, glob: "none-*.csv"}
  notifications: [{on: [failure], type: webhook, connector: told}]
  nodes:
    - id: read
      type: connector_source
      config:
        connector: guarded
        query: SELECT id, owner FROM guarded WHERE '{{vault:secret/default/k#pepper}}' <> '{{keystore:hunt#key}}'
    - id: keep
      type: filter
      config: {condition: "owner <> '{{credential:sesame#word}}' AND owner <> {{ssm:/penstock/default/hunt#key}}"}
    - {id: number, type: expression, config: {columns: [{name: n, expression: "CAST(CASE WHEN id = 2 THEN owner ELSE '1' END AS INT)"}]}}
    - {id: write, type: connector_sink, config: {connector: files, path: out/hunted.csv, writeMode: OVERWRITE}}
  edges: [{from: read, to: keep}, {from: keep, to: number}, {from: number, to: write}]
"""
)
# The database's own message says the value that it cannot read.
BROKEN = HUNTED.replace("<> '{{keystore:hunt#key}}'", "<> '' AND '{{keystore:hunt#key}}'::int = id")
BESIDE = f"""
apiVersion: penstock/v1
kind: Connector
metadata: {{name: told}}
spec: {{type: http_push, config: {{url: "http://127.0.0.1:9/in", secret: {json.dumps(INLINE)}}}}}
---
apiVersion: penstock/v1
kind: Calendar
metadata: {{name: hunted}}
spec: {{dates: ["2026-05-04"]}}
---
apiVersion: penstock/v1
kind: DataQualityRuleSet
metadata: {{name: hunted}}
spec: {{dataset: {{connector: files, path: out/hunted.csv}}, rules: [{{name: there, type: NOT_NULL, column: id}}]}}
"""
# What is not answered with 200 here, and why.
_OTHERWISE = {
    # Where the pages are not built, it says so.
    "/": {200, 302},
    "/ui/": {200, 503},
    # No provider is set up.
    "/api/v1/session/oidc": {404},
    "/api/v1/session/oidc/callback": {404},
    # Rows are collected only by a check that somebody asks for.
    "/api/v1/checks/{check}/export": {404},
    # Such a pipeline is no project of another tool, and keeps nothing from run to run.
    "/api/v1/pipelines/{namespace}/{name}/export": {422},
    "/api/v1/pipelines/{namespace}/{name}/state/{node}": {404},
    # One of the runs failed before it had staged anything.
    "/api/v1/runs/{run}/staging.duckdb": {200, 404},
}


class Hunt:
    """One of everything that a GET can name, of a run that succeeded and of one that failed; and every secret that went into them."""

    def __init__(self, stack: Stack, vault: VaultServer) -> None:
        call = stack.client.call
        keep(stack, vault, "unused", {"key": "nothing"})
        settings.keystore(stack.home.root, {}).put("default/hunt", {"key": KEPT})
        stack.parameters.put_parameter(  # type: ignore[attr-defined]
            Name="/penstock/default/hunt/key", Value=PARAMETER, Type="SecureString", Overwrite=True
        )
        call("PUT", "/credentials/default/hook", body={"token": HOOK})
        stack.apply(BESIDE)
        stack.apply(HUNTED)
        good = stack.wait(stack.start("hunted"))
        assert good["status"] == "SUCCEEDED", good["error"]
        stack.apply(BROKEN)
        bad = stack.wait(stack.start("hunted"))
        assert bad["status"] == "FAILED", bad
        delivered = httpx.post(
            f"{stack.url}/hooks/default/hunted/called", json={"id": 1}, headers={"Authorization": f"Bearer {HOOK}"}
        ).raise_for_status()
        made = call("POST", "/tokens", body={"name": "hunted", "role": "admin"})
        # A second admin, so that nothing hangs on the first.
        logged_in = httpx.post(f"{stack.url}/api/v1/session", json={"token": made["token"]}).raise_for_status()
        self.cookie = logged_in.cookies["penstock_session"]
        self.secrets = {
            "PEPPER": PEPPER, "WORD": WORD, "PASSWORD": PASSWORD, "VAULT TOKEN": TOKEN, "HOOK": HOOK, "INLINE": INLINE, "KEYSTORE": KEPT,
            "PARAMETER": PARAMETER, "AWS": buckets.SECRET, "TOKEN": made["token"], "SESSION": self.cookie, "CSRF": logged_in.json()["csrf"],
            "ADMIN": stack.home.api_token.read_text().strip(), "MASTER KEY": (stack.home.root / "master.key").read_text().strip(),
        }  # fmt: skip
        year = {"from": "2025-06-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
        backfill = call("POST", "/pipelines/default/hunted/backfill", body=year)["id"]
        self.posted = [
            call("POST", f"/connectors/default/{name}/{what}", body={"table": "guarded"} if what == "preview" else {})
            for name in ("guarded", "told")
            for what in (("check", "discover", "preview") if name == "guarded" else ("check",))
        ]
        self.posted += [call("POST", f"/runs/{run['id']}/diagnose", body={}) for run in (good, bad)]
        told = stack.until(lambda: call("GET", "/notifications")["items"], 30, "a message of the failure")
        looked = call("POST", "/connectors/default/guarded/check", body={}, wait=0)["request"]
        self.ids: dict[str, list[Any]] = {
            "namespace": ["default"],
            "pipeline": ["hunted"],
            "name": ["hunted"],
            "kind": ["Pipeline", "Calendar", "DataQualityRuleSet"],
            "version": [1],
            "trigger": ["called", "schedule"],
            "run": [good["id"], bad["id"]],
            "node": ["read", "number"],
            "letter": [call("GET", "/dead-letters", run=good["id"])["items"][0]["id"]],
            "delivery": [delivered.json()["delivery"]],
            "backfill": [backfill],
            "plan": [call("POST", "/pipelines/default/hunted/plan", body={})["id"]],
            "request": [looked],
            "notification": [told[0]["id"]],
            "dataset": [quote(one["dataset"]) for one in call("GET", "/quality")["items"]][:1],
            "check": [good["id"]],
            "stage": [stage["id"] for stage in good["stages"] if stage["kind"] == "check"],
        }
        self.queries = {
            "/api/v1/calendars/{name}/explain": "?namespace=default",
            "/api/v1/runs/{run}/diff": f"?with={good['id']}",
            "/api/v1/credentials": "?limit=500",
        }

    def addresses(self, path: str) -> Iterator[str]:
        ids = dict(self.ids)
        if "/connectors/" in path or "/circuit-breakers/" in path:
            ids["name"] = ["guarded"] if "{request}" in path else ["guarded", "told", "db"]
        elif "/credentials/" in path:
            ids["name"] = ["hook", "told", "sesame", "db"]
        elif "/connector-types/" in path:
            ids["kind"] = ["postgres"]
        elif "/schemas/nodes/" in path:
            ids["kind"] = ["filter"]
        if path.endswith("/files"):
            ids["trigger"] = ["arriving"]
        if "{delivery}" in path or path.endswith("/deliveries"):
            ids["trigger"] = ["called"]
        if path.startswith("/api/v1/pipelines/") and ("version}" in path or path.endswith("diff")):
            ids["version"] = [1, 2]
        names = re.findall(r"\{(\w+)\}", path)
        query = self.queries.get(path, "?from=1&to=1" if path.endswith("/diff") else "")
        for values in product(*(ids[name] for name in names)):
            yield path.format(**dict(zip(names, values, strict=True))) + query


def test_no_call_and_no_place_shows_a_secret_of_runs_that_succeeded_and_failed(guarded: Stack, vault: VaultServer) -> None:
    hunt = Hunt(guarded, vault)
    document = guarded.client.call("GET", "/openapi.json")
    paths = sorted(path for path, calls in document["paths"].items() if "get" in calls)
    assert len(paths) > 60
    found: list[tuple[str, bytes]] = [("POST", json.dumps(hunt.posted, ensure_ascii=False).encode())]
    odd = []
    ways = {
        "token": {"headers": {"Authorization": f"Bearer {hunt.secrets['ADMIN']}"}},
        "cookie": {"cookies": {"penstock_session": hunt.cookie}},
    }
    for way, credentials in ways.items():
        with httpx.Client(base_url=guarded.url, timeout=60, **credentials) as http:  # type: ignore[arg-type]
            for path in [*paths, "/", "/ui/", "/api/v1/openapi.json"]:
                addresses = hunt.addresses(path) if "{" in path else iter([path + hunt.queries.get(path, "")])
                # The session sees what its token sees: of each call one is enough.
                for address in addresses if way == "token" else islice(addresses, 1):
                    answer = http.get(address)
                    if answer.status_code not in _OTHERWISE.get(path, {200}):
                        odd.append((way, address, answer.status_code, answer.text[:200]))
                    # Who is logged in is told the CSRF token that belongs to his cookie.
                    if path != "/api/v1/session":
                        found.append((f"GET {address} by {way}", str(answer.headers).encode() + answer.content))
    assert not odd, odd
    assert len(found) > 150
    found += everywhere(guarded, [])
    # What is no secret is found in all of them.
    shown = [place for place, content in found if hunt.ids["run"][1].encode() in content]
    for kind in ("GET /api/v1/runs/", "table runs", "table audit", str(guarded.home.root / "log")):
        assert any(place.startswith(kind) for place in shown), kind
    own = {"ADMIN": "api.token", "MASTER KEY": "master.key"}
    for place, content in found:
        for name, secret in hunt.secrets.items():
            if not place.endswith(own.get(name, "\0")):
                for form, wanted in forms(secret).items():
                    assert wanted.encode() not in content, f"{name} is in {place} ({form})"
