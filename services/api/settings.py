"""The API's settings, from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from services.api.oidc import roles
from services.api.oidc.provider import Registration, is_safe
from shared.assistant import Endpoint
from shared.breakers import DEFAULTS, Rules
from shared.process import settings


@dataclass(frozen=True, slots=True)
class Settings:
    """`home`: where the embedded default keeps its token and master key; None where there is none. `repository`: where Git shows what was
    saved; None: nowhere on this machine. `definitions`: the folder of their texts; None: the database. `template_env`: the variables that
    templates may read with env(NAME), of those that are set. `staging`: where staged rows are, only to look for what nobody sweeps; None:
    not known here. `hook_window`: a signed delivery counts for so long. `hook_rate`: of one webhook in a second; 0: any number.
    `session_lasts`: from a login in the web app to its end. `api_rate`: calls of one token in a minute,
    `failed_logins_rate`: failed ones of one address; 0: any number. `proxies`: how many stand before the API, whose X-Forwarded- headers
    count.
    `assistant`: the language model that may be asked why a run failed; None: there is none. `oidc`: where people may log in to the web
    app beside showing a token; None: nowhere.
    """

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    home: Path | None
    repository: Path | None
    definitions: Path | None
    max_body_bytes: int
    max_streams: int
    max_parallel_nodes: int
    facts_max_age: timedelta
    staging: str | None
    staging_retention: timedelta
    breaker: Rules = DEFAULTS
    # Who may read them: token (whoever may see every namespace), open (anybody) or off; and how many pipelines have series of their own.
    metrics: str = "token"
    metrics_pipelines: int = 1000
    template_env: Mapping[str, str] = field(repr=False, default_factory=dict)
    hook_window: timedelta = timedelta(seconds=300)
    hook_rate: int = 0
    session_lasts: timedelta = timedelta(hours=12)
    api_rate: int = 0
    failed_logins_rate: int = 0
    proxies: int = 0
    assistant: Endpoint | None = None
    oidc: Registration | None = None

    @staticmethod
    def from_environment() -> Settings:
        home = settings.text("PENSTOCK_HOME", "")
        folder = settings.folder("PENSTOCK_HOME") if home else None
        return Settings(
            database_url=settings.text("PENSTOCK_DATABASE_URL"),
            redis_url=settings.text("PENSTOCK_REDIS_URL"),
            home=folder,
            repository=settings.git_repository(folder),
            definitions=settings.definitions(folder),
            max_body_bytes=settings.size_bytes("PENSTOCK_MAX_BODY_BYTES", 2_000_000),
            max_streams=settings.integer("PENSTOCK_MAX_STREAMS", 200, at_least=1),
            max_parallel_nodes=settings.integer("PIPELINE_MAX_PARALLEL_NODES", 8, at_least=1),
            facts_max_age=settings.seconds("PENSTOCK_FACTS_MAX_AGE_SECONDS", 3600),
            breaker=settings.breaker(),
            metrics=_metrics(),
            metrics_pipelines=settings.integer("PENSTOCK_METRICS_PIPELINES", 1000),
            staging=_staging(folder),
            staging_retention=settings.seconds("PENSTOCK_STAGING_RETENTION_SECONDS", 24 * 3600),
            template_env=settings.template_environment(),
            hook_window=settings.seconds("PENSTOCK_HOOK_WINDOW_SECONDS", 300),
            hook_rate=settings.integer("PENSTOCK_HOOK_RATE", 200),
            session_lasts=timedelta(seconds=settings.integer("PENSTOCK_SESSION_SECONDS", 12 * 3600, at_least=60)),
            api_rate=settings.integer("PENSTOCK_API_RATE", 30_000),
            failed_logins_rate=settings.integer("PENSTOCK_FAILED_LOGINS_RATE", 30),
            proxies=settings.integer("PENSTOCK_PROXIES", 0),
            assistant=_assistant(),
            oidc=_oidc(),
        )


def _metrics() -> str:
    name = "PENSTOCK_METRICS"
    return settings.one_of(name, settings.text(name, "token").lower(), "token", "open", "off")


def _staging(home: Path | None) -> str | None:
    default = home / "staging" if home else None
    return settings.staging("PENSTOCK_STAGING_URL", default) if default or os.environ.get("PENSTOCK_STAGING_URL") else None


def _assistant() -> Endpoint | None:
    """Off unless it has both a URL and a model."""
    url = settings.text("PENSTOCK_ASSISTANT_URL", "")
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        raise settings.BadSetting("PENSTOCK_ASSISTANT_URL must begin with https:// or http://, such as https://models.example.com/v1")
    return Endpoint(url, settings.text("PENSTOCK_ASSISTANT_MODEL"), os.environ.get("PENSTOCK_ASSISTANT_KEY", "").strip() or None)


def _oidc() -> Registration | None:
    """Off unless an issuer is said; then all that is needed must be."""
    issuer = settings.text("PENSTOCK_OIDC_ISSUER", "")
    if not issuer:
        return None
    if not is_safe(issuer):
        raise settings.BadSetting(f"PENSTOCK_OIDC_ISSUER is {issuer!r}; it must begin with https:// (http:// only on this machine)")
    here = settings.public_url()
    if here is None:
        raise settings.BadSetting("PENSTOCK_PUBLIC_URL is not set; people who log in at PENSTOCK_OIDC_ISSUER are sent back there")
    return Registration(
        issuer=issuer,
        client_id=settings.text("PENSTOCK_OIDC_CLIENT_ID"),
        client_secret=settings.secret("PENSTOCK_OIDC_CLIENT_SECRET"),
        redirect_uri=f"{here}/api/v1/session/oidc/callback",
        rules=roles.read(settings.text(roles.SETTING)),
        label=settings.text("PENSTOCK_OIDC_LABEL", urlsplit(issuer).hostname),
        scope=settings.text("PENSTOCK_OIDC_SCOPE", "openid profile email"),
    )
