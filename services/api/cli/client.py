"""A client of the API, for the command line: where the server is, calls, streams, and errors as sentences."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from shared.errors import ConfigurationError
from shared.formats import exact_json

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")


class NotReachable(Exception):
    """There is no server to talk to; exit code 3."""


class BadServer(ConfigurationError):
    """What is known of the server cannot be right; exit code 2."""

    code = "bad_server"


class CallRefused(Exception):
    """The server said no; exit code 2. `errors`: validation problems, if there are any."""

    def __init__(self, status: int, detail: str, errors: list[Any]) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors


def home() -> Path | None:
    """$PENSTOCK_HOME, else the nearest .penstock in the current folder or above."""
    if given := os.environ.get("PENSTOCK_HOME"):
        return Path(given)
    here = Path.cwd()
    return next((folder / ".penstock" for folder in (here, *here.parents) if (folder / ".penstock" / "api.url").exists()), None)


class Client:
    """`for_people`: texts in answers are `harmless`, since they are printed as they are."""

    def __init__(self, url: str | None = None, token: str | None = None, *, for_people: bool = False) -> None:
        self._told: Callable[[Any], Any] = harmless if for_people else lambda value: value
        url = url or os.environ.get("PENSTOCK_API_URL")
        token = token or os.environ.get("PENSTOCK_API_TOKEN")
        state = home()
        self._remedy = "is it up, and is that its address?" if url else "start it with `penstock up`"
        try:
            url = url or (state / "api.url" if state else Path("/nowhere")).read_text().strip()
            token = token or (state / "api.token" if state else Path("/nowhere")).read_text().strip()
        except OSError as error:
            raise NotReachable(
                "no Penstock server is known here; start one with `penstock up`, or add one with `penstock profiles add`"
            ) from error
        if not re.match(r"https?://[^/\s]", url):
            raise BadServer(f"{url} is no address of a server; it begins with http:// or https://")
        if not (token.isascii() and token.isprintable()):
            raise BadServer("the token holds signs that no token has; copy it again")
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def call(self, method: str, path: str, *, content: bytes | None = None, body: Any = None, exact: bool = False, **query: Any) -> Any:
        """`path` may bring a query along, which stays. `exact`: fractions are Decimal, in what is sent as in what is answered, and texts as
        they are.
        """
        if exact and body is not None:
            content, body = exact_json.dumps(body).encode(), None
        try:
            reply = self._http.request(method, _address(path, query), content=content, json=body)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise NotReachable(f"{self.url} does not answer ({error}); {self._remedy}") from error
        _check(reply)
        try:
            return (exact_json.loads(reply.text) if exact else self._told(reply.json())) if reply.content else None
        except ValueError as error:
            # A page of somebody else's, or of a proxy on the way.
            raise NotReachable(f"{self.url} answers, but not as Penstock does; is it the right address?") from error

    def events(self, run: str, what: str = "events", after: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
        """(type, value) from the stream until it ends; goes on by itself where it broke off."""
        while True:
            try:
                headers = {"Last-Event-ID": str(after), "Accept": "text/event-stream"}
                with self._http.stream("GET", f"/runs/{run}/{what}", headers=headers, timeout=httpx.Timeout(10, read=60)) as reply:
                    _check(reply)
                    kind = ""
                    for line in reply.iter_lines():
                        name, _, value = line.partition(": ")
                        if name == "id":
                            after = int(value)
                        elif name == "event":
                            kind = value
                        elif name == "data":
                            if kind == "end":
                                return
                            yield kind, self._told(json.loads(value))
            except httpx.TransportError as error:
                self._wait_for_server(error)

    def download(self, path: str, **query: Any) -> Iterator[bytes]:
        """What may be large, block by block. What is still being made (202) is asked for again until it is there."""
        try:
            while True:
                with self._http.stream("GET", _address(path, query)) as reply:
                    _check(reply)
                    if reply.status_code != 202:
                        yield from reply.iter_bytes()
                        return
                    reply.read()
                    query["request"] = reply.json()["request"]
        except httpx.TransportError as error:
            raise NotReachable(f"{self.url} broke off ({error})") from error

    def _wait_for_server(self, error: httpx.TransportError) -> None:
        for _ in range(60):
            try:
                self._http.get(f"{self.url}/health/live", timeout=2)
                return
            except httpx.TransportError:
                time.sleep(0.5)
        raise NotReachable(f"{self.url} does not answer any more ({error})") from error

    def follow(self, run: str, what: str, after: int = 0) -> list[dict[str, Any]]:
        """What there is now, without waiting."""
        try:
            reply = self._http.get(f"/runs/{run}/{what}", params={"follow": "false", "after": after})
        except httpx.TransportError as error:
            raise NotReachable(f"{self.url} does not answer ({error}); {self._remedy}") from error
        _check(reply)
        return [self._told(json.loads(line)) for line in reply.text.splitlines()]


def _address(path: str, query: Mapping[str, Any]) -> httpx.URL:
    """Given as `params`, a query would take the place of the path's own, even where it is empty."""
    return httpx.URL(path).copy_merge_params({name: value for name, value in query.items() if value is not None})


def _check(reply: httpx.Response) -> None:
    """Raises CallRefused with what the server said."""
    if reply.is_success:
        return
    reply.read()
    try:
        found = harmless(reply.json())
    except ValueError:
        found = {}
    raise CallRefused(reply.status_code, str(found.get("detail") or harmless(reply.text[:500])), list(found.get("errors", [])))


def harmless(value: Any) -> Any:
    """A JSON value whose texts say nothing to a terminal: rows, paths and messages of others stand in them, and would clear the screen,
    name the window, or write over a line. Tabs and ends of lines stay.
    """
    if isinstance(value, str):
        return _CONTROLS.sub(lambda sign: f"\\x{ord(sign[0]):02x}", value)
    if isinstance(value, dict):
        return {harmless(key): harmless(entry) for key, entry in value.items()}
    return [harmless(entry) for entry in value] if isinstance(value, list) else value
