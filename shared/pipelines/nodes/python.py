"""python: a function of the person's own, from a table to a table. Not relational; no engine runs it yet."""

from __future__ import annotations

from shared.pipelines.fields import text, words
from shared.pipelines.nodes.types import NodeType
from shared.pipelines.shapes import Shape


class PythonConfig(Shape):
    function = text(
        "Function",
        "Its source, or where it is as package.module:function; takes a table and gives one",
        required=True,
        templates="own",
        example="def transform(table):\n    return table.sort_by('id')\n",
    )
    requirements = words("Requirements", "Packages it needs, as pip reads them", load_default=list, example=["unidecode>=1.3"])


PYTHON = NodeType(
    "python",
    "transform",
    "Python",
    PythonConfig,
    (1, 1),
    lambda _: ("out", "error"),
    description="A function from a table to a table",
    runs=False,
)
