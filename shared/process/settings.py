"""Reading settings from the environment, each with its name in the error when it is wrong.

A service has one frozen `Settings` made by `Settings.from_environment()` out of these functions; nothing else reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.breakers import DEFAULTS, Rules
from shared.datasets.buckets import SCHEME, NoSuchObject, split
from shared.errors import ConfigurationError
from shared.secrets.database import decoded, master_keys
from shared.secrets.keystore import Keystore
from shared.secrets.ssm import ParameterStore
from shared.secrets.stores import Stores
from shared.secrets.vault import Vault

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


class BadSetting(ConfigurationError):
    code = "bad_setting"


def text(name: str, default: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    value = environment.get(name, "").strip() or default
    if value is None:
        raise BadSetting(f"{name} is not set; give it in the environment")
    return value


def secret(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """A value that is shown nowhere: the variable, or what is in the file that NAME_FILE names; None: neither is said."""
    if value := environment.get(name, "").strip():
        return value
    where = text(f"{name}_FILE", "", environment)
    if not where:
        return None
    try:
        value = Path(where).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{name}_FILE is {where!r}, which cannot be read: {error}") from error
    if not value:
        raise BadSetting(f"{name}_FILE is {where!r}, and there is nothing in it")
    return value


def integer(name: str, default: int, *, at_least: int = 0, environment: Mapping[str, str] = os.environ) -> int:
    value = text(name, str(default), environment)
    if not re.fullmatch(r"\d+", value) or int(value) < at_least:
        raise BadSetting(f"{name} is {value!r}; it must be a whole number of at least {at_least}")
    return int(value)


def one_of(name: str, said: str, *allowed: str) -> str:
    """What was said for `name`, if it is one of those. Raises BadSetting."""
    if said not in allowed:
        raise BadSetting(f"{name} is {said!r}; it must be {', '.join(allowed[:-1])} or {allowed[-1]}")
    return said


def flag(name: str, default: bool = False, environment: Mapping[str, str] = os.environ) -> bool:
    value = text(name, str(default), environment).lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise BadSetting(f"{name} is {value!r}; it must be true or false")
    return value in {"true", "1", "yes"}


def seconds(name: str, default: float, environment: Mapping[str, str] = os.environ) -> timedelta:
    value = text(name, str(default), environment)
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise BadSetting(f"{name} is {value!r}; it must be a number of seconds")
    return timedelta(seconds=number)


def size_bytes(name: str, default: int, environment: Mapping[str, str] = os.environ) -> int:
    """A size such as 512MB, 2GiB or 1000000."""
    value = text(name, str(default), environment)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]i?b|b|)", value.lower())
    if match is None:
        raise BadSetting(f"{name} is {value!r}; it must be a size such as 512MB or 2GiB")
    return int(float(match[1]) * _UNITS[match[2]])


def scratch_limit(environment: Mapping[str, str] = os.environ) -> int | None:
    """What one child's scratch folder may take up on the disk, in bytes; None: as much as the disk has."""
    name = "PENSTOCK_SCRATCH_LIMIT"
    return size_bytes(name, 0, environment) if text(name, "", environment) else None


def folder(name: str, default: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """An absolute folder, as a path or a file:// URL; relative ones are refused, since each process has its own current folder."""
    value = text(name, str(default) if default else None, environment)
    if "://" in value:
        url = urlsplit(value)
        if url.scheme != "file" or url.netloc:
            raise BadSetting(f"{name} is {value!r}; it must be an absolute folder or a file:// URL")
        value = unquote(url.path)
    if not value.startswith("/"):
        raise BadSetting(f"{name} is {value!r}; it must be an absolute path")
    return Path(value)


def staging(name: str, default: Path | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """An absolute folder as a path or file:// URL, or s3://bucket/prefix."""
    value = text(name, str(default) if default else None, environment)
    if not value.startswith(SCHEME):
        return str(folder(name, default, environment))
    try:
        split(value)
    except NoSuchObject as error:
        raise BadSetting(f"{name}: {error.message}") from error
    return value.rstrip("/")


def git_repository(home: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The bare repository that this process writes; None where it is to write none. Each host may have its own: all show the same."""
    default = home / "recipes.git" if home else None
    return folder("PENSTOCK_GIT_REPOSITORY", default, environment) if default or environment.get("PENSTOCK_GIT_REPOSITORY") else None


def definitions(home: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder in which texts of definitions are kept, one for all hosts; None: in the database."""
    name = "PENSTOCK_DEFINITIONS"
    where = one_of(name, text(name, "database", environment), "database", "local")
    if where == "database":
        return None
    if flag("PENSTOCK_FORBID_LOCAL_STATE", environment=environment):
        raise BadSetting("PENSTOCK_DEFINITIONS is local, and PENSTOCK_FORBID_LOCAL_STATE forbids that; set it to database")
    return folder("PENSTOCK_DEFINITIONS_FOLDER", home / "definitions" if home else None, environment)


def measured_max_age(environment: Mapping[str, str] = os.environ) -> timedelta:
    """For how long what earlier runs took says where a stage is to run: a week, as both settings are by default."""
    facts = seconds("PENSTOCK_FACTS_MAX_AGE_SECONDS", 3600, environment)
    return facts * integer("PENSTOCK_MEASURED_MAX_AGE_TIMES", 168, environment=environment)


# Of PENSTOCK_SMTP_URL: what its scheme says of TLS.
_SMTP = {"smtp": "starttls", "smtps": "implicit", "smtp+plain": "none"}


def mail(environment: Mapping[str, str] = os.environ) -> dict[str, Any] | None:
    """The platform's own way to send mail, as the config of a connector of type email; None where there is none."""
    value = text("PENSTOCK_SMTP_URL", "", environment)
    if not value:
        return None
    # Not shown: there may be a password in it.
    wrong = BadSetting(
        "PENSTOCK_SMTP_URL must be smtp://user:password@host:587, with smtps:// for TLS from the first byte, or smtp+plain://"
    )
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise wrong from None
    if url.scheme not in _SMTP or not url.hostname:
        raise wrong
    sender = text("PENSTOCK_SMTP_FROM", None, environment)
    found: dict[str, Any] = {"host": url.hostname, "tls": _SMTP[url.scheme], "from": sender}
    found |= {"port": port} if port else {}
    return found | ({"user": unquote(url.username), "password": unquote(url.password or "")} if url.username else {})


def public_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """Where people reach the API, without a slash at its end; None: nobody said."""
    said = text("PENSTOCK_PUBLIC_URL", "", environment)
    if said and not said.startswith(("http://", "https://")):
        raise BadSetting(f"PENSTOCK_PUBLIC_URL is {said!r}; it must begin with http:// or https://")
    port = text("PENSTOCK_API_PORT", "", environment)
    here = f"http://{text('PENSTOCK_API_HOST', '127.0.0.1', environment)}:{port}" if port else ""
    return (said or here).rstrip("/") or None


def breaker(environment: Mapping[str, str] = os.environ) -> Rules:
    """What the breakers of connectors go by whose documents do not say."""
    return Rules(
        integer("PENSTOCK_BREAKER_FAILURES", DEFAULTS.failures, at_least=1, environment=environment),
        seconds("PENSTOCK_BREAKER_COOL_DOWN_SECONDS", DEFAULTS.cool_down.total_seconds(), environment),
        seconds("PENSTOCK_BREAKER_PATIENCE_SECONDS", DEFAULTS.patience.total_seconds(), environment),
        seconds("PENSTOCK_BREAKER_SETTLE_SECONDS", DEFAULTS.settle.total_seconds(), environment),
    )


def vault(environment: Mapping[str, str] = os.environ) -> Vault:
    """By the variables of Vault's own tools, and which paths a namespace may read."""
    address, token = environment.get("VAULT_ADDR") or None, environment.get("VAULT_TOKEN", "")
    return Vault(address, token, environment.get("VAULT_NAMESPACE") or None, words("PENSTOCK_VAULT_PATHS", environment))


def keystore(home: Path | None, environment: Mapping[str, str] = os.environ) -> Keystore:
    """Its file, PENSTOCK_KEYSTORE or the one in the state folder, and its key, which is the master key unless another is said."""
    default = home / "keystore.jwe" if home else None
    path = folder("PENSTOCK_KEYSTORE", default, environment) if default or environment.get("PENSTOCK_KEYSTORE") else None

    def keys() -> tuple[bytes, ...]:
        said = secret("PENSTOCK_KEYSTORE_KEY", environment)
        return (decoded(said, "PENSTOCK_KEYSTORE_KEY"),) if said is not None else master_keys(home, environment)

    return Keystore(path, keys)


def stores(home: Path | None, environment: Mapping[str, str] = os.environ) -> Stores:
    """Where workers read secrets beside the database."""
    return Stores(vault(environment), keystore(home, environment), ParameterStore(words("PENSTOCK_SSM_PATHS", environment)))


def allowed_addresses(environment: Mapping[str, str] = os.environ) -> tuple[IPv4Network | IPv6Network, ...]:
    """Link-local and metadata addresses that connectors may reach after all."""
    name = "PENSTOCK_ALLOWED_ADDRESSES"
    try:
        return tuple(ip_network(one, strict=False) for one in words(name, environment))
    except ValueError as error:
        raise BadSetting(f"{name}: {error}; give addresses or networks such as 169.254.7.0/24, by commas") from error


def words(name: str, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """A list divided by commas; empty when not set."""
    return tuple(word.strip() for word in environment.get(name, "").split(",") if word.strip())


def template_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that templates may read with env(NAME), of those that are set."""
    return {name: environment[name] for name in words("PENSTOCK_TEMPLATE_ENV") if name in environment}
