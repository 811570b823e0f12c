"""Long lists as NDJSON: a line for each item, all pages in one answer, for who sends `Accept: application/x-ndjson`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from flask import Flask, Response, request, stream_with_context
from marshmallow import Schema
from werkzeug.routing import Rule

from services.api.schemas.fields import MAX_PAGE

MIMETYPE = "application/x-ndjson"
Page = Callable[..., dict[str, Any]]


def lines(item: type[Schema]) -> Callable[[Page], Callable[..., Any]]:
    """Of a view that gives {items, nextCursor} for a query. `limit` is then the size of a page in here only, and `cursor` where to begin.

    Each page is read by itself, so that no transaction lasts as long as the slowest reader.
    """

    def told(view: Page) -> Callable[..., Any]:
        @wraps(view)
        def either(query: dict[str, Any], **path: Any) -> Any:
            # For who takes anything it is JSON.
            if request.accept_mimetypes.best_match(["application/json", MIMETYPE]) != MIMETYPE:
                return view(query, **path)
            # What is wrong with the call is told before the first line.
            first = view(query | {"limit": MAX_PAGE}, **path)
            return Response(stream_with_context(_all(first, query, path)), mimetype=MIMETYPE)

        def _all(page: dict[str, Any], query: dict[str, Any], path: dict[str, Any]) -> Iterator[str]:
            while True:
                yield from (json.dumps(one) + "\n" for one in item(many=True).dump(page["items"]))
                if page["nextCursor"] is None:
                    return
                page = view(query | {"limit": MAX_PAGE, "cursor": page["nextCursor"]}, **path)

        either.told_in_lines = True  # type: ignore[attr-defined]  # for `streamed`
        return either

    return told


def streamed(app: Flask, path: str) -> bool:
    """The list at that path of the OpenAPI document is told in lines, too. Decorators around a view keep its attributes."""
    rules = (rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and _said(rule) == path)
    return any(hasattr(app.view_functions[rule.endpoint], "told_in_lines") for rule in rules)


def _said(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
