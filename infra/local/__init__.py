"""The embedded default: PostgreSQL, Redis and the four services as processes of one machine, kept alive by a supervisor.

Everything it keeps lies under one state folder, PENSTOCK_HOME. Nothing outside this package knows how the processes are started;
services see only their environment, as they would on a fleet.
"""
