"""What comes in, taken only as far as it can be kept: the address, the body as bytes, and the body as a JSON object.

Every refusal is a Refused that names the thing. Nothing behind this module meets text that is not UTF-8, or that PostgreSQL cannot hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

from flask import current_app, request
from gunicorn.http.errors import ParseException
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import ClientDisconnected

from services.api.problems import Refused, brief, told
from shared.formats import exact_json
from shared.store.text import unfit

# What clients say when nobody told them what they send: curl -d, urllib, httpx with bytes.
_UNSAID = frozenset({"", "application/x-www-form-urlencoded", "application/octet-stream", "text/plain"})
JSON = frozenset({"application/json"})
RECIPE = JSON | {"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/vnd.yaml", "application/toml"}
_DISCARDED_BYTES = 256_000_000
_DEEPEST = 100
# Beyond these no database has a number.
_MOST_DIGITS = 10_000
_TOO_DEEP = f"the body is nested too deeply; it may have {_DEEPEST} levels"


def check_address() -> None:
    """Path and query: UTF-8 without NUL. Raises Refused(400)."""
    # WSGI (PEP 3333) hands the path over as bytes in the guise of Latin-1.
    for what, sent in (
        ("path", request.environ.get("PATH_INFO", "").encode("latin-1")),
        ("query", unquote_to_bytes(request.query_string)),
    ):
        try:
            found = unfit(sent.decode())
        except UnicodeDecodeError as error:
            raise Refused(400, f"the {what} of the address is not UTF-8 (byte {error.object[error.start]:#04x}); encode it anew") from error
        if found:
            raise Refused(400, f"the {what} of the address holds {found}; take it out")


def identifier(text: str, what: str) -> str:
    """An id in an address, in its usual spelling. Refused(404) for what can be no id: there is no `what` of that name."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise Refused(404, f"there is no {what} {brief(text)}") from error


def body(kinds: frozenset[str]) -> bytes:
    """The whole body. Refused(415) where it says that it is something else than `kinds`, (413) where it is over the limit."""
    said = request.mimetype.lower()
    if said not in kinds | _UNSAID and not said.endswith("+json"):
        raise Refused(415, f"the body is {brief(said)}; send {' or '.join(sorted(kinds))}")
    if (charset := request.mimetype_params.get("charset", "utf-8").lower()) not in {"utf-8", "utf8", "us-ascii"}:
        raise Refused(415, f"the body is in {brief(charset)}; send UTF-8")
    if request.content_encoding:
        raise Refused(415, f"the body is packed ({brief(request.content_encoding)}); send it as it is")
    limit: int = current_app.extensions["penstock.settings"].max_body_bytes
    if request.content_length is None or request.content_length <= limit:
        try:
            sent = request.get_data()
        except (ClientDisconnected, ParseException) as error:
            raise Refused(400, "the body broke off, or its chunks cannot be read; nothing was done") from error
        if len(sent) < (request.content_length or 0):
            raise Refused(400, f"the body broke off after {len(sent)} of {request.content_length} bytes; nothing was done")
        # The app's own limit is one byte more: werkzeug cuts a chunked body off there without a word.
        if len(sent) <= limit:
            return sent
    _discard()
    raise Refused(413, f"the body is larger than {limit} bytes (PENSTOCK_MAX_BODY_BYTES); send less at a time")


def _discard() -> None:
    """Takes in what is still being sent, within reason: who is still writing would see a reset connection instead of the answer."""
    if not request.environ.get("wsgi.input_terminated"):
        return
    source, left = request.environ["wsgi.input"], _DISCARDED_BYTES
    while left > 0 and (piece := source.read(65_536)):
        left -= len(piece)


def json_object(*, exact: bool = False) -> dict[str, Any]:
    """The body as a JSON object whose texts can all be stored; empty: {}. Refused(400) where it is no JSON, (422) otherwise.

    `exact`: its fractions are Decimal, with all their digits.
    """
    raw = body(JSON)
    if not raw.strip():
        return {}
    try:
        text = raw.decode("utf-8-sig")
        found = exact_json.loads(text) if exact else json.loads(text, parse_constant=exact_json.refuse)
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not JSON: byte {error.start + 1} of it is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    except exact_json.NoNumber as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    except ValueError as error:
        raise Refused(400, "the body holds a number of thousands of digits, which nothing here takes") from error
    except RecursionError as error:
        raise Refused(400, _TOO_DEEP) from error
    if not isinstance(found, dict):
        raise Refused(422, "the body must be a JSON object")
    check_texts(found)
    return found


def nothing() -> None:
    """Of a call whose address says it all: a JSON object may be sent, which is not looked into. Refused as `json_object`."""
    json_object()


def loaded(schema: Schema, *, exact: bool = False) -> dict[str, Any]:
    """The body as a JSON object, by its schema. Refused(422) with each field that is wrong, its sentence that of the first; else as
    `json_object`.
    """
    sent = json_object(exact=exact)
    try:
        found: dict[str, Any] = schema.load(sent)
    except ValidationError as error:
        wrong = list(told(error.messages_dict, known=[one.data_key or name for name, one in schema.fields.items()]))
        raise Refused(422, wrong[0]["message"], errors=wrong) from error
    return found


def check_texts(value: Any, path: str = "", depth: int = 0) -> None:
    """That the store can hold what was sent. `path`: a JSON pointer. Raises Refused."""
    if depth > _DEEPEST:
        raise Refused(400, _TOO_DEEP)
    if isinstance(value, str) and (found := unfit(value)):
        raise _unfit(f"{path.lstrip('/').replace('/', '.')} holds {found}; take it out", path)
    if isinstance(value, Decimal) and abs(value.adjusted()) > _MOST_DIGITS:
        raise _unfit(f"{path.lstrip('/').replace('/', '.')} is a number of more than {_MOST_DIGITS} digits, which nothing here takes", path)
    if isinstance(value, Mapping):
        for key, part in value.items():
            if found := unfit(key):
                raise _unfit(f"a name in {path.lstrip('/').replace('/', '.') or 'the body'} holds {found}; take it out", path)
            check_texts(part, f"{path}/{brief(key).replace('~', '~0').replace('/', '~1')}", depth + 1)
    elif isinstance(value, list):
        for at, part in enumerate(value):
            check_texts(part, f"{path}/{at}", depth + 1)


def _unfit(detail: str, path: str) -> Refused:
    return Refused(422, detail, errors=[{"path": path, "message": detail}])
