"""The Spring Expression Language: text to a tree with places, and from there, by the types of the columns, to SQL.

`read` for what can be said of a text alone, `lower` for its SQL over given columns. What it means, and where that differs from Spring's
own library, is in docs/semantics/spel.md.
"""

from shared.pipelines.spel.errors import SpelError
from shared.pipelines.spel.lowering import Lowered, lower
from shared.pipelines.spel.reading import columns, parameters, read

__all__ = ["Lowered", "SpelError", "columns", "lower", "parameters", "read"]
