"""Recipe + what exists -> Plan. A row of passes, each a pure function over values, one file each:

needs (which facts) -> compile (nodes to relations) -> cut (relations to stages) -> count (how rows are counted) -> emit (stages to programs).
"""

from shared.planning.make import plan
from shared.planning.needs import Need, needs, survey

__all__ = ["Need", "needs", "plan", "survey"]
