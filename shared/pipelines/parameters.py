"""Parameters of a pipeline: as they are declared, and the values that one run is given.

`given` is strict about types, as JSON has them; whoever reads text (a command line, a form) turns it into JSON values first, by
`templates.types.from_text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from difflib import get_close_matches
from typing import Any

from shared.errors import ConfigurationError
from shared.pipelines.language.pointers import below
from shared.pipelines.language.templates.evaluate import text_of
from shared.pipelines.model import Problem
from shared.pipelines.value_types import DEFAULT_TYPE, NotOfType, Type, Value, read, type_of

# Stands for a default that is not there; null is one that is.
NO_DEFAULT: Any = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` as written in the recipe: a JSON value, or text with templates in it; NO_DEFAULT where there is none."""

    name: str
    type: Type
    default: Any = NO_DEFAULT
    required: bool = False
    description: str | None = None


def declared(spec: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """The parameters of a pipeline's spec, in order. What validation refuses is left out, so that it may be asked of any tree."""
    found: dict[str, Parameter] = {}
    entries = spec.get("parameters")
    for entry in entries if isinstance(entries, list) else ():
        name, kind = (entry.get("name"), entry.get("type", DEFAULT_TYPE.value)) if isinstance(entry, Mapping) else (None, None)
        if isinstance(name, str) and kind in list(Type):
            default = entry.get("default", NO_DEFAULT)
            required = entry.get("required") is True
            found.setdefault(name, Parameter(name, Type(kind), default, required, entry.get("description")))
    return tuple(found.values())


def types(parameters: Sequence[Parameter]) -> dict[str, Type]:
    return {parameter.name: parameter.type for parameter in parameters}


# (default's text, values of the parameters before it) -> its value, typed where the text is nothing but one template.
Evaluate = Callable[[str, Mapping[str, Value]], Any]


def settled(
    parameters: Sequence[Parameter], given: Mapping[str, Any], zone: tzinfo, evaluate: Evaluate
) -> tuple[dict[str, Value], list[Problem]]:
    """Every parameter's value, and all that is wrong with what was given; the path of a problem is /parameters/{name}.

    What is not given has its default; without one it is None, unless it is required. `evaluate` raises ConfigurationError.
    """
    problems = [_unknown(name, parameters) for name in given if name not in {parameter.name for parameter in parameters}]
    values: dict[str, Value] = {}
    for parameter in parameters:
        name = parameter.name
        try:
            if given.get(name) is not None:
                values[name] = read(parameter.type, given[name], zone)
            elif name not in given and parameter.default is not NO_DEFAULT and parameter.default is not None:
                values[name] = default_value(parameter, zone, lambda text: evaluate(text, values))
            elif parameter.required:
                message = f"parameter '{name}' is required; give it {parameter.type.phrase}"
                problems.append(Problem("missing_parameter", message, _path(name), suggestion=None))
            else:
                values[name] = None
        except NotOfType as error:
            problems.append(Problem("invalid_parameter", f"parameter '{name}' {error}", _path(name)))
        except ConfigurationError as error:
            # After another problem, this is most likely its consequence: the default names a parameter that has no value.
            if not problems:
                message = f"parameter '{name}' was not given, and its default cannot be computed: {error.message}"
                problems.append(Problem("invalid_parameter", message, _path(name)))
    return values, problems


def default_value(parameter: Parameter, zone: tzinfo, evaluate: Callable[[str], Any]) -> Value:
    """Raises NotOfType, and what `evaluate` raises."""
    default = parameter.default
    if isinstance(default, str) and "{{" in default:
        default = evaluate(default)
        if not isinstance(default, str):
            return fitting(parameter.type, default)
    elif isinstance(default, list):
        default = [evaluate(item) if isinstance(item, str) and "{{" in item else item for item in default]
    return read(parameter.type, default, zone)


def fitting(kind: Type, value: Value) -> Value:
    """A template's typed value for a parameter: text takes the text of anything, a number takes a whole number. Raises NotOfType."""
    found = type_of(value)
    if found is kind or found is None:
        return value
    if kind is Type.STRING:
        return text_of(value)
    if kind is Type.NUMBER and isinstance(value, int):
        return float(value)
    raise NotOfType(f"must be {kind.phrase}, and its default gives {found.phrase}")


def _path(name: str) -> str:
    return below("/parameters", name)


def _unknown(name: str, parameters: Sequence[Parameter]) -> Problem:
    names = [parameter.name for parameter in parameters]
    near = next(iter(get_close_matches(name[:100], names, n=1, cutoff=0.6)), None)
    hint = f"did you mean '{near}'?" if near else f"there is {', '.join(names)}" if names else "it takes none"
    return Problem("unknown_parameter", f"the pipeline has no parameter '{name[:100]}'; {hint}", _path(name), suggestion=near)
