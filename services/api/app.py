"""Builds the Flask app: settings in, routes out. Nothing connects before the first request."""

from __future__ import annotations

import logging

import redis
from flask import Flask, Response
from flask_smorest import Api
from werkzeug.middleware.proxy_fix import ProxyFix

from services.api import auth, bootstrap, incoming, monitor, ndjson, problems
from services.api.access import audit, headers, request_ids, session, tracing
from services.api.access.rate import Limits
from services.api.described import finished
from services.api.feed import Feed
from services.api.hooks.bell import Bell
from services.api.hooks.known import Hooks
from services.api.hooks.rate import Rate
from services.api.oidc.provider import Provider
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
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    # An address with two slashes is another address, not a redirect.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    database = Database(settings.database_url, name="penstock-api", size=20, definitions=definitions.of(settings.definitions))
    app.extensions |= {"penstock.database": database, "penstock.settings": settings, "penstock.feed": Feed(database, settings.max_streams)}
    app.extensions["penstock.breakers"] = redis.Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
    app.extensions |= {
        "penstock.hooks": Hooks(database, settings.home),
        "penstock.bell": Bell(database),
        "penstock.limits": Limits(settings.redis_url, settings.api_rate, settings.failed_logins_rate),
        "penstock.rate": Rate(app.extensions["penstock.breakers"], settings.hook_rate),
    }
    app.extensions["penstock.oidc"] = Provider(settings.oidc) if settings.oidc else None
    app.extensions["penstock.repository"] = Repository(settings.repository) if settings.repository else None
    problems.register(app)
    api = ProblemApi(
        app,
        spec_kwargs={
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": session.COOKIE},
                }
            },
            "security": [{"token": []}, {"session": []}],
        },
    )
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    # Pages, not calls: they are in no document of the API.
    app.register_blueprint(monitor.blueprint)
    finished(api.spec.to_dict(), lambda path: ndjson.streamed(app, path))
    # smorest brings its own error pages; ours are problem details.
    problems.register(app)

    @app.before_request
    def _begin() -> None:
        request_ids.begin()
        tracing.begin()
        auth.identify()
        incoming.check_address()

    @app.after_request
    def _end(response: Response) -> Response:
        audit.record(database, response)
        request_ids.tell(response)
        headers.tell(response)
        tracing.tell(response)
        return response

    app.teardown_request(request_ids.end)
    app.teardown_request(tracing.end)

    if settings.home is not None:
        try:
            bootstrap.ensure_admin_token(database, settings.home)
        except PenstockError as error:
            # Readiness says what is missing; the next start tries again.
            log.error("no admin token could be made: %s", error.message)
    return app
