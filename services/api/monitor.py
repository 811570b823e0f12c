"""Serves the Monitor, the web pages under /ui/, as they were built from `services/api/ui`.

Reads files and nothing else: whatever a page shows, it asks the API for. Where nothing was built, it says in a sentence what to install.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from services.api.problems import Refused, brief

FOLDER = Path(__file__).parent / "ui" / "static"
# Files below it have their content's hash in their names.
ASSETS = "assets/"
FOR_EVER = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Penstock</title><h1>The web pages are not built here</h1>
<p>Install Node.js 20.19 or later with npm, run <code>make monitor</code> where Penstock was started, and load this page again.
All else works without them: <code>penstock status</code> shows the latest runs,
and <a href="/api/docs">/api/docs</a> lists the calls.</p>
</html>"""

blueprint = Blueprint("monitor", __name__)


@blueprint.get("/")
@blueprint.get("/ui")
def to_pages() -> AnyResponse:
    return redirect("/ui/")


@blueprint.get("/ui/", defaults={"asked": ""})
@blueprint.get("/ui/<path:asked>")
def page(asked: str) -> Response:
    """A file, or for an address that only the pages know, the one page."""
    folder: Path = current_app.extensions.get("penstock.monitor", FOLDER)
    if not (folder / "index.html").is_file():
        return Response(NOT_BUILT, status=503, mimetype="text/html")
    if asked.startswith(ASSETS):
        try:
            answer = send_from_directory(folder, asked)
        except NotFound as error:
            raise Refused(404, f"the pages have no file {brief(asked)}; they were built anew, so load the page again") from error
        answer.headers["Cache-Control"] = FOR_EVER
        return _packed(answer, folder / asked)
    answer = send_from_directory(folder, "index.html")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _packed(answer: Response, file: Path) -> Response:
    """A third of it goes over the line, to whoever can unpack it."""
    answer.vary.add("Accept-Encoding")
    if answer.status_code == 200 and request.accept_encodings.quality("gzip") > 0:
        answer.close()
        answer.direct_passthrough = False
        answer.set_data(_gzipped(file))
        answer.content_encoding = "gzip"
        # Both are of the file as it lies there.
        del answer.headers["ETag"], answer.headers["Accept-Ranges"]
    return answer


@lru_cache(maxsize=256)
def _gzipped(file: Path) -> bytes:
    """Kept: a file of that name never has another content, and packing all of them takes 0.1 s."""
    return gzip.compress(file.read_bytes(), mtime=0)
