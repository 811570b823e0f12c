"""Ports of the embedded default: found free once, then kept, so that api.url stays the same over restarts."""

from __future__ import annotations

import random
import re
import socket
import sys
from collections.abc import Mapping

from infra.local.errors import LocalStackRefused
from infra.local.home import Home

PREFERRED_API_PORT = 8321
# Below the range from which systems give ports to outgoing connections; one of those could sit on ours when we come back.
_RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def assign(home: Home, wanted: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, int]:
    """Ports for `wanted` names (postgres, redis, api), to be called while none of them runs.

    A kept port that somebody else took meanwhile is replaced.
    """
    kept: dict[str, int] = home.read("ports.json")
    chosen = dict(kept)
    for name in wanted:
        asked = environment.get("PENSTOCK_API_PORT") if name == "api" else None
        if asked:
            if not re.fullmatch(r"\d{1,5}", asked) or not 0 < int(asked) < 65_536 or not is_free(int(asked)):
                raise LocalStackRefused(f"PENSTOCK_API_PORT is {asked}, which is not a free port on this machine; choose another")
            chosen[name] = int(asked)
        elif name not in kept or not is_free(kept[name]):
            chosen[name] = _find(name, taken=set(chosen.values()))
    if chosen != kept:
        home.write("ports.json", chosen)
    return {name: chosen[name] for name in wanted}


# Held for as long as this process lives, which is until whoever it starts has bound the port.
_claimed: list[socket.socket] = []


def claim(port: int) -> bool:
    """False when another `up` on this machine is just taking that port: a name that only one process can hold, and that dies with it."""
    if not sys.platform.startswith("linux"):
        return True
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0penstock-port-{port}")
    except OSError:
        claim.close()
        return False
    _claimed.append(claim)
    return True


def _find(name: str, taken: set[int]) -> int:
    if name == "api" and is_free(PREFERRED_API_PORT) and claim(PREFERRED_API_PORT):
        return PREFERRED_API_PORT
    for port in random.sample(_RANGE, 200):
        if port not in taken and is_free(port):
            return port
    raise LocalStackRefused("no free port was found between 20000 and 32000; end some of the programs that listen there")
