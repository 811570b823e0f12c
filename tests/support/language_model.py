"""An endpoint as OpenAI describes it, in a thread, that always says the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

from tests.support.json_server import JsonHandler, serving


@contextmanager
def model(status: int, content: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its URL, and what it was sent."""
    asked: list[dict[str, Any]] = []

    class Handler(JsonHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({"path": self.path, "key": self.headers["Authorization"], **body})
            message = {"role": "assistant", "content": content}
            reply = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": message}]}
            self.answer(status, reply if status == 200 else {"error": {"message": "no"}})

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
