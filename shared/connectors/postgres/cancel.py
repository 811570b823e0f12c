"""Ends, from outside, what an engine that reads by itself has sent to a server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

import psycopg

from shared.connectors.postgres.spec import connection_string

log = logging.getLogger(__name__)


def end_reads(config: Mapping[str, Any], session: str) -> None:
    """Cancels the statements of the sessions of that name. By a connection of its own, which takes a moment, and holds nobody up."""

    def end() -> None:
        try:
            with psycopg.connect(connection_string(config, "penstock/cancel"), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
                    " AND state = 'active'",
                    (session,),
                )
        except psycopg.Error as error:
            # The server ends them by itself once it finds that the client has gone.
            log.warning("what was being read could not be cancelled: %s", error)

    threading.Thread(target=end, name="cancel", daemon=True).start()
