"""SQL as a value: users' text is parsed once, as PostgreSQL's,
and stays a sqlglot tree until it is rendered in the dialect of whoever runs it.
"""

import sqlglot.parser

# The compiled build cannot host dialects of our own, and fails late and obscurely.
if not (sqlglot.parser.__file__ or "").endswith(".py"):
    raise ImportError("Penstock needs the pure-Python sqlglot; uninstall sqlglotc")
