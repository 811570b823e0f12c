"""How rows are counted that a database computes: by what it counts anyway, since looking twice at a table costs it a scan.

Known for free: what a statement wrote, what was kept in a temporary table. From there counts are handed along nodes that keep every row,
and an aggregator folds count(*) into its groups. All else is not counted, unless `ledger: exact` asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.engines.program import Count
from shared.planning.count import ROWS, Counting, is_aggregate


@dataclass(slots=True)
class InDatabase(Counting):
    """`inside`: the tables that a database computes. `way`: how their rows get out of it, which says what can be counted.

    `read`: as one SELECT that is read here, and nothing else; `statement`: by the one statement that writes them, which can count the
    relations it names; `kept`: by several statements, whose common tables are temporary ones.
    """

    inside: frozenset[str] = frozenset()
    way: str = "statement"

    def rows(self, table: str) -> Count:
        if table not in self.inside:
            return Counting.rows(self, table)
        users = self.users[table]
        if self.way == "kept" and not users and (port := self.local_ports[table]).error and not self.graph.skips(port.node):
            return {"rejects": port.node}
        if table in self.materialised or ((self.exact or not users) and self.way != "read"):
            return self._counted(table)
        if len(users) != 1:
            # A relation that is used twice is computed once; a table of the database is looked at where it is.
            return None if self.way == "read" or (self.way == "statement" and table in self.local_sources) else self._counted(table)
        (user,) = users
        if not isinstance(user, str):
            return {user[0]: user[1]}
        port = self.local_ports[user]
        if port.relation.rows == "same" and not self._loses_rows(port):
            return self.rows(user)
        if self.way != "read" and is_aggregate(port):
            self.folded.add(user)
            self._counted(user)
            return {"total": [user, ROWS]}
        return None

    def _counted(self, table: str) -> Count:
        if self.way == "kept":
            self.materialised.add(table)
        return {"table": table}
