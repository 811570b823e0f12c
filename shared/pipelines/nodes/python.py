"""python: a function of the person's own, from a table to a table. Not relational: it runs in a stage, and a process, of its own.

The columns that come out are those that come in, unless `columns` lists others: what a plan says of the nodes after it must be known
before the function has run. What the function then gives is held to that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate

from shared.datasets import Column
from shared.pipelines.fields import parts, shown, text, words
from shared.pipelines.model import Node
from shared.pipelines.nodes.fields import Type
from shared.pipelines.nodes.relations import pass_on, select
from shared.pipelines.nodes.types import Compiled, Function, Input, Names, NodeType, Relation
from shared.pipelines.shapes import Shape
from shared.sql.typing import named_type, spelled

_ADDRESS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")


def _is_function(source: str) -> None:
    """Raises ValidationError for text that is neither a function's source nor its address."""
    if _ADDRESS.match(source.strip()):
        return
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ValidationError(f"this is no Python{line}: {getattr(error, 'msg', error)}") from error
    functions = [one.name for one in tree.body if isinstance(one, ast.FunctionDef)]
    if "transform" not in functions and len(functions) != 1:
        found = f"there is {', '.join(functions)}" if functions else "there is none"
        raise ValidationError(f"must define one function, or one called transform; {found}")


class ColumnOut(Shape):
    name = text("Column", "Of the table that the function gives", required=True, example="score")
    type = Type(required=True, metadata=shown("Type", "What its values are", "NUMERIC(12, 2)"))


class PythonConfig(Shape):
    function = fields.String(
        required=True,
        validate=[validate.Length(min=1), _is_function],
        metadata=shown(
            "Function",
            "Its source, or where it is as package.module:function; takes a DataFrame and gives one",
            "def transform(table):\n    return table.sort_values('id')\n",
            templates="own",
        ),
    )
    requirements = words("Requirements", "Packages it needs, as pip reads them", load_default=list, example=["unidecode>=1.3"])
    columns = parts(ColumnOut, "Columns that come out", "Those that come in where left out", load_default=list)


def outgoing(config: Mapping[str, Any], inputs: Sequence[Names]) -> tuple[str, ...] | None:
    if config["columns"]:
        return tuple(column["name"] for column in config["columns"])
    return inputs[0].names if inputs else None


def compile_python(node: Node, inputs: tuple[Input, ...]) -> Compiled:
    """The relation is what the function is given."""
    (source,) = inputs
    listed = tuple(Column(one["name"], spelled(named_type(one["type"]))) for one in node.config["columns"])
    columns = listed or source.columns
    function = Function(node.config["function"], tuple(node.config["requirements"]), node.timeout)
    return Compiled({"out": Relation(select(pass_on(source), source.table), columns, "own", rest="function", function=function)})


PYTHON = NodeType(
    "python",
    "transform",
    "Python",
    PythonConfig,
    (1, 1),
    lambda _: ("out", "error"),
    compile_python,
    description="A function from a table to a table",
    outgoing=outgoing,
)
