"""The value of a template, from the values of the names in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from shared.pipelines.language.templates.check import variable
from shared.pipelines.language.templates.functions import ENV, FUNCTIONS
from shared.pipelines.language.templates.grammar import Call, Literal, Name, Tree, parse
from shared.pipelines.language.templates.problems import TemplateProblem
from shared.pipelines.value_types import Value

_parsed = lru_cache(maxsize=1024)(parse)


def evaluated(body: str, names: Mapping[str, Value], environment: Mapping[str, str]) -> Value:
    """`environment`: the variables that env may read, with their values. Raises TemplateProblem."""
    try:
        return _value(_parsed(body), names, environment)
    except (OverflowError, ValueError) as error:
        raise TemplateProblem(f"{{{{{body}}}}} leaves the calendar, which has the years 1 to 9999") from error


def text_of(value: Value) -> str:
    """A value as it stands inside a longer text; items of a list divided by commas. Raises TemplateProblem for one that is missing."""
    if value is None:
        raise TemplateProblem("has no value")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ",".join(text_of(one) for one in value)
    return str(value)


def _value(tree: Tree, names: Mapping[str, Value], environment: Mapping[str, str]) -> Value:
    if isinstance(tree, Literal):
        return tree.value
    if isinstance(tree, Name):
        if tree.word not in names:
            raise TemplateProblem(f"there is no value for '{tree.word}'", tree.at)
        return names[tree.word]
    if tree.function == ENV:
        return _environment(variable(tree), environment)
    return _call(tree, names, environment)


def _call(call: Call, names: Mapping[str, Value], environment: Mapping[str, str]) -> Value:
    arguments = [_value(argument, names, environment) for argument in call.arguments]
    for argument, given in zip(arguments, call.arguments, strict=True):
        if argument is None and isinstance(given, Name):
            raise TemplateProblem(f"{call.function} needs the parameter '{given.word}', which has no value; give it one, or a default")
    value: Value = FUNCTIONS[call.function].call(*arguments)
    return value


def _environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise TemplateProblem(
            f"env({name}) may not be read, or is not set; an operator allows names in PENSTOCK_TEMPLATE_ENV, where the API runs"
        )
    return environment[name]
