"""Builds the Flask app: settings in, routes out. Nothing connects before the first request."""

from __future__ import annotations

import logging
import uuid

import redis
from flask import Flask, Response, g, request
from flask_smorest import Api

from services.api import auth, bootstrap, incoming, monitor, problems
from services.api.feed import Feed
from services.api.hooks.bell import Bell
from services.api.hooks.known import Hooks
from services.api.hooks.rate import Rate
from services.api.resources import BLUEPRINTS
from services.api.schemas.fields import Problem
from services.api.settings import Settings
from shared.errors import PenstockError
from shared.store import definitions
from shared.store.database import Database
from shared.versions.repository import Repository

log = logging.getLogger(__name__)


class ProblemApi(Api):  # type: ignore[misc]  # the library has no types
    ERROR_SCHEMA = Problem


def create_app(settings: Settings) -> Flask:
    app = Flask("penstock")
    app.config.update(
        API_TITLE="Penstock",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        # One more than is taken, see incoming.body.
        MAX_CONTENT_LENGTH=settings.max_body_bytes + 1,
    )
    # An address with two slashes is another address, not a redirect.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    database = Database(settings.database_url, name="penstock-api", size=20, definitions=definitions.of(settings.definitions))
    app.extensions |= {"penstock.database": database, "penstock.settings": settings, "penstock.feed": Feed(database)}
    app.extensions["penstock.breakers"] = redis.Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
    app.extensions |= {
        "penstock.hooks": Hooks(database, settings.home),
        "penstock.bell": Bell(database),
        "penstock.rate": Rate(app.extensions["penstock.breakers"], settings.hook_rate),
    }
    app.extensions["penstock.repository"] = Repository(settings.repository) if settings.repository else None
    problems.register(app)
    api = ProblemApi(
        app, spec_kwargs={"components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}, "security": [{"token": []}]}
    )
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    # Pages, not calls: they are in no document of the API.
    app.register_blueprint(monitor.blueprint)
    for response in api.spec.components.responses.values():
        if "content" in response:
            response["content"] = {"application/problem+json": response["content"].popitem()[1]}
    # smorest brings its own error pages; ours are problem details.
    problems.register(app)

    @app.before_request
    def _begin() -> None:
        given = request.headers.get("X-Request-ID", "")[:100]
        # It stands in headers and logs, so only what is harmless there.
        g.request_id = given if given.isascii() and given.isprintable() and given else uuid.uuid4().hex
        auth.identify()
        incoming.check_address()

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    if settings.home is not None:
        try:
            bootstrap.ensure_admin_token(database, settings.home)
        except PenstockError as error:
            # Readiness says what is missing; the next start tries again.
            log.error("no admin token could be made: %s", error.message)
    return app
