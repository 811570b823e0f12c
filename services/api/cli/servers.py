"""Servers by name, and which of them a call is for.

A profile is an address and a token, kept in one file of the person's own ($PENSTOCK_PROFILES, else penstock/profiles.yaml in the folder for
settings), readable by nobody else. A project folder names its profile in penstock.toml; a folder with the state of a server of this machine
needs none.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError

PROJECT_FILE = "penstock.toml"


class NoServer(ConfigurationError):
    code = "no_server"


@dataclass(frozen=True, slots=True)
class Server:
    url: str | None
    token: str | None


def chosen(url: str | None, token: str | None, profile: str | None, environment: Mapping[str, str] = os.environ) -> Server:
    """What was typed counts first, then the variables, then a profile. None of both: the server whose state lies in this folder or above.

    Raises NoServer for a profile that is not known.
    """
    url, token = url or environment.get("PENSTOCK_API_URL"), token or environment.get("PENSTOCK_API_TOKEN")
    name = profile or environment.get("PENSTOCK_PROFILE") or (None if url else _of_folder(environment))
    if name is None:
        return Server(url, token)
    there = known(environment)["profiles"]
    if name not in there:
        listed = ", ".join(there) or "none"
        raise NoServer(f"there is no profile {name}; there is {listed}. Add it with: penstock profiles add {name} --url https://…")
    return Server(url or there[name]["url"], token or there[name]["token"])


def known(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """{current: a name or None, profiles: {name: {url, token}}}. Raises NoServer for a file that cannot be read."""
    import yaml

    file = place(environment)
    try:
        found = yaml.safe_load(file.read_text()) if file.exists() else None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise NoServer(f"{file} cannot be read ({error}); mend it, or take it away and add the profiles again") from error
    found = found if isinstance(found, dict) else {}
    profiles = found.get("profiles") or {}
    if not isinstance(profiles, dict) or not all(isinstance(one, dict) and {"url", "token"} <= one.keys() for one in profiles.values()):
        raise NoServer(f"{file} is no list of profiles with url and token; mend it, or take it away and add the profiles again")
    return {"current": found.get("current"), "profiles": profiles}


def place(environment: Mapping[str, str] = os.environ) -> Path:
    if given := environment.get("PENSTOCK_PROFILES"):
        return Path(given)
    settings = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or Path.home()) / ".config"
    return Path(settings) / "penstock" / "profiles.yaml"


def keep(profiles: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> None:
    """Replaces the file as a whole; nobody else may read it at any moment."""
    import yaml

    file = place(environment)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writing:
        yaml.safe_dump(dict(profiles), writing, sort_keys=False)
    new.replace(file)


def add(name: str, url: str, token: str) -> None:
    profiles = known()
    profiles["profiles"][name] = {"url": url.rstrip("/"), "token": token}
    keep({**profiles, "current": profiles["current"] or name})


def _of_folder(environment: Mapping[str, str]) -> str | None:
    """The profile of the project that this folder lies in; else, where no server's state lies here, the one in use."""
    from services.api.cli.client import home

    here = Path.cwd()
    for folder in (here, *here.parents):
        if (file := folder / PROJECT_FILE).exists():
            try:
                named = tomllib.loads(file.read_text()).get("profile")
            except (OSError, ValueError) as error:
                raise NoServer(f"{file} cannot be read ({error}); mend it") from error
            if named:
                return str(named)
            break
    return None if home() is not None else known(environment)["current"]
