from __future__ import annotations

from dataclasses import replace

from shared.connectors.sqlite.spec import SPEC as SQLITE

SPEC = replace(SQLITE, type="toydb", title="Toy database", dialect="toysql")
