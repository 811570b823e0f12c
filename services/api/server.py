"""gunicorn's worker, whose own refusals are problem details like ours: requests that never reach the app, since they cannot be read."""

from __future__ import annotations

import json
import logging
import socket
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException, UnsupportedTransferCoding
from gunicorn.util import write
from gunicorn.workers.gthread import ThreadWorker

from services.api.access.headers import OF_DATA

log = logging.getLogger(__name__)

# The first that fits decides.
_REFUSALS: tuple[tuple[type[Exception], int, str], ...] = (
    (LimitRequestLine, 414, "the address is too long; keep it below 4,000 characters"),
    (LimitRequestHeaders, 431, "the headers are too many or too long; keep each below 8,000 characters"),
    (UnsupportedTransferCoding, 501, "this transfer coding is not spoken here; send the body plain or chunked"),
    (ParseException, 400, "the request cannot be read as HTTP: {0}"),
)


class Worker(ThreadWorker):  # type: ignore[misc]  # the library has no types
    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        for kind, status, detail in _REFUSALS:
            if isinstance(exc, kind):
                log.warning("a request could not be read: %s", exc)
                refuse(client, status, detail.format(exc))
                return
        super().handle_error(req, client, addr, exc)


def refuse(client: socket.socket, status: int, detail: str) -> None:
    """Writes a whole answer, after which the connection is closed. A client that is gone needs none."""
    title = HTTPStatus(status).phrase
    kind = title.lower().replace(" ", "-")
    body = json.dumps({"type": f"urn:penstock:problem:{kind}", "title": title, "status": status, "detail": detail}).encode()
    said = {"Connection": "close", "Content-Type": "application/problem+json", "Content-Length": str(len(body)), **OF_DATA}
    head = f"HTTP/1.1 {status} {title}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items()) + "\r\n"
    try:
        write(client, head.encode() + body)
    except OSError as error:
        log.debug("nobody to tell: %s", error)
