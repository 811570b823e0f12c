"""Recipe + what exists -> Plan. A row of passes, each a pure function over values, one file each:

needs (which facts) -> compile (nodes to relations) -> cut (relations to stages) -> count (how rows are counted) -> emit (stages
to programs), in a row in `make`. Nothing is imported here: whoever only reads plans (`stages`) need not load the planner.
"""
