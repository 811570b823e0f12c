"""Errors as RFC 9457 problem details: what is wrong in a sentence, never a stack trace."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from services.api.access import request_ids
from shared.errors import Fault, PenstockError
from shared.process.start import report
from shared.store.database import StoreUnavailable

log = logging.getLogger(__name__)


# A sentence about what was sent quotes it; what was sent may be long.
LONGEST_DETAIL = 800
_ROUTES = {
    404: "there is no {0.path} here; /api/v1/openapi.json lists the calls there are",
    405: "{0.method} cannot be done to {0.path}; /api/v1/openapi.json lists the calls there are",
}
# What marshmallow says where a field says nothing of its own.
_UNKNOWN = "Unknown field."
_LIBRARY = {
    "Missing data for required field.": "is missing",
    "Field may not be null.": "must not be null",
    "Not a valid integer.": "must be a whole number",
    "Not a valid number.": "must be a number",
    "Not a valid boolean.": "must be true or false",
    "Not a valid string.": "must be a text",
    "Not a valid mapping type.": "must be an object",
    "Not a valid list.": "must be a list",
    "Invalid input type.": "must be an object",
}
# What it says, and what our own fields say, of the thing that is wrong.
_MUST = re.compile(r"Must (be .*)\.|it (must .*|is .*)")


class Refused(Exception):
    """A call that cannot be done, as its caller is to see it. `errors`: validation problems, or field errors. `retry_after_s`: when
    it can.
    """

    def __init__(
        self, status: int, detail: str, *, errors: Sequence[Any] = (), kind: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.kind, self.retry_after_s = status, detail, list(errors), kind, retry_after_s


def brief(text: str, most: int = 100) -> str:
    """A text that somebody sent, as it may stand in a sentence: its beginning and its end."""
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def problem(status: int, detail: str, *, errors: Sequence[Any] = (), kind: str | None = None) -> Response:
    title = HTTPStatus(status).phrase
    kind = kind or title.lower().replace(" ", "-")
    body: dict[str, Any] = {
        "type": f"urn:penstock:problem:{kind}",
        "title": title,
        "status": status,
        "detail": brief(detail, LONGEST_DETAIL),
    }
    if (request_id := request_ids.current()) is not None:
        body["requestId"] = request_id
    response = jsonify({**body, "errors": list(errors)} if errors else body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    if status == 503:
        response.headers["Retry-After"] = "2"
    return response


def told(messages: Any, path: str = "", known: Sequence[str] = (), name: str = "") -> Iterator[dict[str, str]]:
    """marshmallow's nested messages as a list, each a sentence about what its path names. `known`: the fields that there are; `path`,
    `name`: of what the messages are about.
    """
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # Of no field, but of them together.
            here = (path, name) if key == "_schema" else (f"{path}/{key}", f"{name}.{key}".lstrip("."))
            yield from told(inner, here[0], known, here[1])
        return
    for message in [messages] if isinstance(messages, str) else messages:
        yield {"path": path, "message": brief(_sentence(name, message, known), LONGEST_DETAIL)}


def _sentence(name: str, message: str, known: Sequence[str]) -> str:
    name = brief(name)
    if message == _UNKNOWN:
        return f"{name} is not known here" + (f"; there is {', '.join(known)}" if known and "." not in name else "")
    if said := _LIBRARY.get(message):
        return f"{name} {said}"
    if name and (limit := _MUST.fullmatch(message)):
        return f"{name} {limit[2] or f'must {limit[1]}'}"
    return message if not name or name.rpartition(".")[2] in message else f"{name} is wrong: {message}"


def register(app: Flask) -> None:
    @app.errorhandler(Refused)
    def _refused(error: Refused) -> Response:
        response = problem(error.status, error.detail, errors=error.errors, kind=error.kind)
        if error.retry_after_s is not None:
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    @app.errorhandler(StoreUnavailable)
    def _away(error: StoreUnavailable) -> Response:
        return problem(503, error.message)

    @app.errorhandler(PenstockError)
    def _ours(error: PenstockError) -> Response:
        if error.fault in {Fault.CONFIGURATION, Fault.DATA}:
            return problem(422, error.message, kind=error.code)
        log.exception("call failed")
        return problem(500, error.message, kind=error.code)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        data = getattr(error, "data", None) or {}
        messages, schema = data.get("messages") or {}, data.get("schema")
        known = [one.data_key or name for name, one in schema.fields.items()] if schema is not None else []
        # By location. A field of a body is named as in any other text that is sent.
        found = [one for place, inner in messages.items() for one in told(inner, "" if place == "json" else f"/{place}", known)]
        code = error.code or 500
        detail = _ROUTES[code].format(request) if code in _ROUTES else error.description or ""
        response = problem(code, found[0]["message"] if found else detail, errors=found)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response

    @app.errorhandler(Exception)
    def _bug(error: Exception) -> Response:
        log.exception("call failed")
        report(error)
        return problem(500, "something went wrong here; it was logged under this call's X-Request-ID")
