"""Connectors that tell people and other systems of runs: what they are given, what they answer, and how HTTP is spoken on the way.

A connector of such a type is no source and no sink. Its driver has `send` and `check`; it is made from a resolved config, secrets included.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError

from shared.connectors.errors import Denied, Misconfigured, NotFound, Overloaded, OverRate, TimedOut, Unavailable
from shared.connectors.looking import Tried
from shared.errors import PenstockError, retry_after_s

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 10.0
# Of an answer that is not what was hoped for, so much is told.
_MOST_SAID = 200
_MOST_READ = 64_000
# Where clouds keep what belongs to the machine beside the link-local ranges: Amazon's over IPv6, Alibaba's, Oracle's.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))

# RFC 6052.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_NOT_THERE = "{} is an address of this machine's own network (link-local or metadata), where no message may go; use another URL"


class Nothing(Schema):
    """What a node may say of it: nothing."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. `id` stays the same however often it is tried; `timestamp`: seconds since 1970, of this try. `target`: what the recipe
    says beside the connector {url, channel, to, secret}, secrets in place. `facts`: what `text` was made of.
    """

    id: str
    timestamp: int
    event: str
    subject: str
    text: str
    facts: Mapping[str, str]
    target: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """`status`: of HTTP; None for a mail. `said`: what the far side answered, short."""

    status: int | None
    said: str

    def to_json(self) -> dict[str, Any]:
        return {"status": self.status, "said": self.said}


class NotifyingDriver(Protocol):
    def send(self, letter: Letter) -> Sent:
        """Returns once the far side has taken it. Raises a class of `shared.connectors.errors`."""
        ...

    def check(self) -> list[Tried]:
        """Tells nobody anything."""
        ...


class RefusedByFarSide(Misconfigured):
    """It answered, and will answer the same again. `status`: of HTTP."""

    code = "notification_refused"


def web_address(value: str) -> None:
    """Of a config: http or https, a host."""
    if "{{" in value:
        return
    if not value.startswith(("https://", "http://")) or not value.split("://", 1)[1].strip("/"):
        raise ValidationError("must be a URL that begins with https:// or http://")
    try:
        urlsplit(value)
    except ValueError as error:
        raise ValidationError(f"must be a URL: {error}") from error


def post(url: str, body: bytes, headers: Mapping[str, str], forbidden: Callable[[str], bool] | None = None) -> Sent:
    """One POST, no redirects followed, to no address that is `forbidden`, as a rule those of `is_forbidden`.

    Raises Answered where the answer is no success, else Unavailable, TimedOut, Denied or Misconfigured; the sentence names the host and not
    the path, which of many services is the secret.
    """
    import httpx

    where = _host(url)
    guard = partial(_only_where_allowed, forbidden or is_forbidden)
    _check_name(url, forbidden or is_forbidden)
    try:
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            request = client.build_request("POST", url, content=body, headers=dict(headers), extensions={"trace": guard})
            answer = client.send(request, stream=True)
            try:
                said = _read(answer)
            finally:
                answer.close()
    except httpx.TimeoutException as error:
        raise TimedOut(f"{where} did not answer within {TIMEOUT_S:.0f} s") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Misconfigured(f"the URL of {where} cannot be used: {error}") from error
    except httpx.HTTPError as error:
        raise Unavailable(f"{where} could not be reached ({type(error).__name__}); is the address right, and is it up?") from error
    if answer.is_success:
        return Sent(answer.status_code, said)
    raise _refusal(where, answer.status_code, said, answer.headers.get("Retry-After"))


def post_json(url: str, body: Any, headers: Mapping[str, str]) -> Sent:
    return post(url, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})


def _read(answer: httpx.Response) -> str:
    """The beginning of the body: an endless one must not hold us."""
    read = b""
    for piece in answer.iter_bytes():
        read += piece
        if len(read) >= _MOST_READ:
            break
    # NUL is what the store cannot keep.
    return read.decode("utf-8", "replace").replace("\0", "").strip()[:_MOST_READ]


def _check_name(url: str, forbidden: Callable[[str], bool]) -> None:
    """What a name stands for here: behind a proxy nobody sees the address that is connected to."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname, None)
    except (OSError, ValueError):
        # Connecting says what is wrong with it.
        return
    for *_, address in found:
        if forbidden(str(address[0])):
            raise Denied(_NOT_THERE.format(address[0]))


def _only_where_allowed(forbidden: Callable[[str], bool], event: str, info: Mapping[str, Any]) -> None:
    """Looks at the address that was really connected to, before anything is said: a name may resolve otherwise the next time."""
    if event != "connection.connect_tcp.complete":
        return
    address = info["return_value"].get_extra_info("server_addr")
    if address is not None and forbidden(str(address[0])):
        raise Denied(_NOT_THERE.format(address[0]))


def is_forbidden(address: str) -> bool:
    """Link-local, metadata services, and what is no host's address. Private networks are allowed: that is where most teams listen."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # Where a network translates, the one stands for the other.
        translated = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None
        found = found.ipv4_mapped or found.sixtofour or translated or found
    return found.is_link_local or found.is_multicast or found.is_unspecified or found in _METADATA


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "the far side"
    except ValueError:
        return "the far side"


def _refusal(where: str, status: int, said: str, retry_after: str | None) -> Answered:
    told = f"{where} answered {status}{f' ({said[:_MOST_SAID]})' if said else ''}"
    error: PenstockError
    if status == 429:
        error = OverRate(f"{told}; it has been told too much")
    elif status in (408, 425) or status >= 500:
        error = Overloaded(told)
    elif status in (401, 403):
        error = Denied(f"{told}; check the secret")
    elif status in (404, 410):
        error = NotFound(f"{told}; check the URL, it may have been taken away")
    else:
        error = RefusedByFarSide(f"{told}; it will not take this message")
    error.retry_after_s = retry_after_s(retry_after)
    return Answered(status, error)


class Answered(PenstockError):
    """It answered with `status`, which is no success; `error` says of what kind that is."""

    def __init__(self, status: int, error: PenstockError) -> None:
        super().__init__(error.message)
        self.status, self.error = status, error
