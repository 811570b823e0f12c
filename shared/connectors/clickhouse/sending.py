"""How requests to a ClickHouse server leave: once each. Whether a request is made again is for the run's retry policy to say, and its
circuit breaker counts what reaches a server; the libraries under this would each try again by themselves.
"""

from __future__ import annotations

from typing import Any

from clickhouse_connect.driver.httputil import get_pool_manager_options
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from shared.errors import retry_after_s

_ASKS = frozenset({429, 502, 503, 504})


class Broken(HTTPError):
    """The connection was not to be had, or broke. Raised without a cause, by which the library would know what it likes to send again."""


class Once(PoolManager):
    """Connections of one session. `asked_s`: how long the server's last answer asked to be left alone, if it did."""

    def __init__(self, *, verify: bool) -> None:
        super().__init__(**get_pool_manager_options(verify=verify))
        self.asked_s: float | None = None

    def request(self, method: str, url: str, *values: Any, **options: Any) -> BaseHTTPResponse:
        broken = None
        try:
            response = super().request(method, url, *values, **{**options, "retries": False})
        except HTTPError as error:
            broken = error
        if broken is not None:
            raise Broken(str(broken) or type(broken).__name__)
        self.asked_s = retry_after_s(response.headers.get("Retry-After")) if response.status in _ASKS else None
        return response
