"""The scheduler's settings, from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from services.scheduler.receiver import Receiver
from shared.process import settings
from shared.store.partitions import Keep
from shared.versions.push import Remote


@dataclass(frozen=True, slots=True)
class Settings:
    """`release_grace`: how long a released stage may stay unclaimed while its queue is empty before its message counts as lost.

    `cache_retention`: how long what nodes with `cache: true` gave is kept after it was used last.
    `keep`: for how long after the end of their month runs, and what people only look at of them, stay in the store.
    `catch_up_per_minute`: so many missed fire times of one pipeline are run in a minute (catchUp: all). `watch_every`: from one look for
    files or messages to the next; `watch_within`: then a look that nobody has answered counts as lost. `template_env`: the variables that
    templates may read with env(NAME), of those that are set.
    `mail`: the platform can send mail by itself. `public_url`: where people look at runs; None: not known. `late_every`: how often is
    looked for runs that are late. `quality_default`: what runs write is profiled where no rule set looks at it.
    `openlineage`: who is told of runs as events; None: nobody.
    `definitions`: the folder of recipes' texts; None: the database. `repository`: where Git shows what was saved; None: nowhere on this
    machine. `remote`: where the leader pushes it, if anywhere.
    """

    name: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    sweep: timedelta
    release_grace: timedelta
    leader_patience: timedelta
    facts_max_age: timedelta
    measured_max_age: timedelta
    max_concurrent_runs: int
    max_parallel_nodes: int
    run_timeout: timedelta
    staging: str
    staging_sweep: timedelta
    staging_retention: timedelta
    cache_retention: timedelta
    keep: Keep
    catch_up_per_minute: int
    watch_every: timedelta
    watch_within: timedelta
    template_env: Mapping[str, str] = field(repr=False)
    definitions: Path | None
    repository: Path | None
    remote: Remote | None
    push_every: timedelta
    mail: bool
    public_url: str | None
    late_every: timedelta
    quality_default: bool
    openlineage: Receiver | None

    @staticmethod
    def from_environment() -> Settings:
        home = settings.folder("PENSTOCK_HOME") if os.environ.get("PENSTOCK_HOME") else None
        return Settings(
            name=settings.text("PENSTOCK_SCHEDULER_NAME", f"scheduler-{os.getpid()}"),
            database_url=settings.text("PENSTOCK_DATABASE_URL"),
            redis_url=settings.text("PENSTOCK_REDIS_URL"),
            sweep=settings.seconds("PENSTOCK_SWEEP_SECONDS", 2),
            release_grace=settings.seconds("PENSTOCK_RELEASE_GRACE_SECONDS", 4),
            leader_patience=settings.seconds("PENSTOCK_LEADER_SECONDS", 6),
            facts_max_age=settings.seconds("PENSTOCK_FACTS_MAX_AGE_SECONDS", 3600),
            measured_max_age=settings.measured_max_age(),
            max_concurrent_runs=settings.integer("PIPELINE_MAX_CONCURRENT_EXECUTIONS", 20, at_least=1),
            max_parallel_nodes=settings.integer("PIPELINE_MAX_PARALLEL_NODES", 8, at_least=1),
            run_timeout=settings.seconds("PIPELINE_EXECUTION_TIMEOUT_SECONDS", 3600),
            staging=settings.staging("PENSTOCK_STAGING_URL", home / "staging" if home else None),
            staging_sweep=settings.seconds("PENSTOCK_STAGING_SWEEP_SECONDS", 30),
            staging_retention=settings.seconds("PENSTOCK_STAGING_RETENTION_SECONDS", 24 * 3600),
            cache_retention=settings.seconds("PENSTOCK_CACHE_RETENTION_SECONDS", 7 * 24 * 3600),
            keep=Keep(_days("PENSTOCK_RUN_RETENTION_DAYS", 400), _days("PENSTOCK_LOG_RETENTION_DAYS", 90)),
            catch_up_per_minute=settings.integer("PENSTOCK_CATCH_UP_PER_MINUTE", 10, at_least=1),
            watch_every=settings.seconds("PENSTOCK_WATCH_SECONDS", 10),
            watch_within=settings.seconds("PENSTOCK_WATCH_LIMIT_SECONDS", 60),
            template_env=settings.template_environment(),
            definitions=settings.definitions(home),
            repository=settings.git_repository(home),
            remote=_remote(home),
            push_every=settings.seconds("PENSTOCK_GIT_PUSH_SECONDS", 2),
            mail=settings.mail() is not None,
            public_url=settings.public_url(),
            late_every=settings.seconds("PENSTOCK_LATE_SECONDS", 10),
            quality_default=_quality_default(),
            openlineage=Receiver.from_environment(),
        )


def _quality_default() -> bool:
    name = "PENSTOCK_QUALITY_DEFAULT"
    return settings.one_of(name, settings.text(name, "on"), "on", "off") == "on"


def _days(name: str, default: int) -> timedelta | None:
    """0: for ever."""
    days = settings.integer(name, default)
    return timedelta(days=days) if days else None


def _remote(home: Path | None) -> Remote | None:
    url = settings.text("PENSTOCK_GIT_REMOTE", "")
    if not url:
        return None
    # https://…, git@host:path, or an absolute folder.
    if not re.match(r"[a-z+]+://.|[^/\s]+:.|/", url):
        raise settings.BadSetting(f"PENSTOCK_GIT_REMOTE is {url!r}; it must be a URL that Git takes, or an absolute folder")
    if settings.git_repository(home) is None:
        raise settings.BadSetting("PENSTOCK_GIT_REMOTE needs a repository to push from; set PENSTOCK_HOME or PENSTOCK_GIT_REPOSITORY")
    return Remote(url, settings.text("PENSTOCK_GIT_USERNAME", "") or None, settings.text("PENSTOCK_GIT_PASSWORD", "") or None)
