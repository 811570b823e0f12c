"""Where a connector may not reach: link-local addresses and the metadata services of clouds, unless the operator allows them.

Else whoever may write a connector could ask the machine's own cloud for its keys. Looked at before a driver is given its config; a name
that stands for something else a moment later is caught only where the driver looks at what it is connected to (`notifying`, mail).
Private networks are allowed: that is where databases are.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from shared.connectors.errors import Denied
from shared.connectors.notifying import is_forbidden

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Fields of configs that hold a URL; one or many hosts with their ports; a host.
_URLS, _HOSTS = ("url", "endpoint", "root"), ("bootstrapServers", "host")


def check(reference: str, config: Mapping[str, Any], allowed: Sequence[Network]) -> None:
    """Raises Denied for a config, secrets in place, that reaches where none may."""
    for host in hosts(config):
        for address in _addresses(host):
            if is_forbidden(address) and not any(ipaddress.ip_address(address.partition("%")[0]) in network for network in allowed):
                raise Denied(
                    f"connector {reference} reaches {address}, which belongs to this machine's own network (link-local or metadata);"
                    " use another host, or have the operator of the workers name it in PENSTOCK_ALLOWED_ADDRESSES"
                )


def hosts(config: Mapping[str, Any]) -> Iterator[str]:
    """Names and addresses that a config names; of what is no URL, none."""
    for field in _URLS:
        if isinstance(value := config.get(field), str) and "://" in value:
            yield from _of_url(value)
    for field in _HOSTS:
        if isinstance(value := config.get(field), str):
            yield from _each(value)


def _of_url(value: str) -> Iterator[str]:
    try:
        parts = urlsplit(value)
        query = parse_qs(parts.query)
    except ValueError:
        # Its driver says what is wrong with it.
        return
    if parts.scheme in {"s3", "gs", "az", "file"}:
        # A bucket is no host.
        return
    # libpq reads %31 in a host as 1, as it does in all of a URL.
    yield from _each(unquote(parts.netloc.rpartition("@")[2]))
    # libpq takes them here, too.
    for name in ("host", "hostaddr"):
        for one in query.get(name, ()):
            yield from _each(one)


def _each(value: str) -> Iterator[str]:
    """Of `a:1,[b::1]:2`: a, b::1."""
    for one in value.split(","):
        one = one.strip().rpartition("://")[2]
        if one.startswith("["):
            yield one[1:].partition("]")[0]
        elif one and not one.startswith("/"):
            yield one if one.count(":") > 1 else one.partition(":")[0]


def _addresses(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    except (OSError, UnicodeError):
        # Connecting says what is wrong with it.
        return []
