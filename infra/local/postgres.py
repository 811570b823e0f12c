"""The embedded PostgreSQL: made once, then started by the launcher with the same command each time.

Two databases: `penstock` is the platform's store, `demo` holds users' tables for the demo and for tests, so that rows and records
are never mixed. Each has a role of its own; the superuser's password is used here only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from infra.local.account import Account, account
from infra.local.errors import LocalStackFailed, LocalStackRefused
from infra.local.home import Home, write_private

DATABASES = ("penstock", "demo")


def url(home: Home, database: str, port: int) -> str:
    return f"postgresql://{database}:{home.secrets()[database]}@127.0.0.1:{port}/{database}"


def command(home: Home, port: int) -> list[str]:
    """What the launcher becomes. Modest sizes: the engine's memory is the worker's, not PostgreSQL's."""
    who = account(home)
    settings = {
        "listen_addresses": "127.0.0.1",
        # A socket's path may be too long under a deep state folder, and nothing of ours needs one.
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "wal_level": "logical",
        "max_wal_size": "1GB",
        "jit": "off",
        "log_timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [*who.prefix, str(who.programs / "postgres"), "-D", str(who.data), "-p", str(port), *options]


def create(home: Home) -> None:
    """Makes the cluster where there is none. A half-made one of an interrupted start is thrown away first."""
    who = account(home)
    if (who.data / "PG_VERSION").exists():
        _refuse_other_version(who)
        return
    if not (home.root / "secrets.json").exists() and who.data.exists():
        raise LocalStackRefused(
            f"{who.data} holds a database whose passwords are gone ({home.root}/secrets.json); move it away to begin anew"
        )
    partial = who.data.with_name("data.partial")
    shutil.rmtree(partial, ignore_errors=True)
    # initdb reads the password from a real file; the server's account must be able to read it.
    password_file = who.data.with_name("password")
    write_private(password_file, home.secrets()["admin"] + "\n")
    who.own(password_file)
    try:
        _initdb(who, partial, password_file)
        partial.rename(who.data)
    finally:
        password_file.unlink(missing_ok=True)


def _initdb(who: Account, data: Path, password_file: Path) -> None:
    done = subprocess.run(
        [
            *who.prefix,
            str(who.programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "admin",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ],
        cwd="/",
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalStackFailed(f"initdb could not make a database in {data}: {done.stderr.strip() or 'no message'}")


def environment() -> dict[str, str]:
    """PostgreSQL gets nothing of ours: a PGDATA or PGPORT of the caller would mislead it."""
    return {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ} | {"LC_ALL": "C.UTF-8"}


def _refuse_other_version(who: Account) -> None:
    made_with = (who.data / "PG_VERSION").read_text().strip()
    shown = subprocess.run([*who.prefix, str(who.programs / "postgres"), "--version"], cwd="/", capture_output=True, text=True, check=True)
    if made_with not in {shown.stdout.split()[2].split(".")[0]}:
        raise LocalStackRefused(
            f"{who.data} was made by PostgreSQL {made_with}, but {shown.stdout.strip()} is installed; "
            "move the state folder away, or set PENSTOCK_DATABASE_URL"
        )


def wait_ready(home: Home, port: int, seconds: float = 180.0) -> None:
    """Returns when the server takes connections; after a power loss that may take as long as its recovery."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(_admin(home, port), connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                why = str(error).strip().splitlines()[-1]
                raise LocalStackFailed(
                    f"the embedded PostgreSQL did not answer in {seconds:.0f} s ({why}); see {home.log_file('postgres')}"
                ) from error
            time.sleep(0.02)


def create_databases(home: Home, port: int) -> None:
    """The roles and databases that are missing, each owned by the role of its name."""
    with psycopg.connect(_admin(home, port), autocommit=True) as connection:
        roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in roles:
                password = sql.Literal(home.secrets()[name])
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), password))
            if name not in databases:
                connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))


def _admin(home: Home, port: int) -> str:
    return f"postgresql://admin:{home.secrets()['admin']}@127.0.0.1:{port}/postgres"
