"""What is wrong with the templates of a text, and of what type they are, before anything has a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from shared.pipelines.language.templates.functions import ENV, FUNCTIONS, check_pattern
from shared.pipelines.language.templates.grammar import Call, Literal, Name, Tree, parse
from shared.pipelines.language.templates.names import NAMES
from shared.pipelines.language.templates.problems import TemplateProblem
from shared.pipelines.language.templates.scan import Template, templates, whole
from shared.pipelines.value_types import Type, type_of
from shared.secrets.references import Reference, reference_in


@dataclass(frozen=True, slots=True)
class Finding:
    """A template and what it is: a secret's `reference`, or an expression of that `type`; or what is wrong with it.

    The offset of `problem` counts in the whole text.
    """

    template: Template
    type: Type | None = None
    reference: Reference | None = None
    problem: TemplateProblem | None = None


def findings(text: str, parameters: Mapping[str, Type]) -> list[Finding]:
    """Each template of the text, in order. Raises TemplateProblem for one that is not closed."""
    return [_finding(template, parameters) for template in templates(text)]


def type_of_text(text: str, found: list[Finding]) -> Type | None:
    """Text, unless it is nothing but one template. None: not known (a secret, or something wrong)."""
    only = whole(text, [finding.template for finding in found])
    return Type.STRING if only is None else found[0].type


def _finding(template: Template, parameters: Mapping[str, Type]) -> Finding:
    try:
        reference = reference_in(template.body)
        if reference is not None:
            return Finding(template, reference=reference)
        return Finding(template, type=_type(parse(template.body), parameters))
    except TemplateProblem as problem:
        return Finding(template, problem=problem.moved(template.at))
    except ValueError as error:
        return Finding(template, problem=TemplateProblem(str(error), template.at))


def _type(tree: Tree, parameters: Mapping[str, Type]) -> Type:
    if isinstance(tree, Literal):
        kind = type_of(tree.value)
        assert kind is not None
        return kind
    if isinstance(tree, Name):
        names = {**NAMES, **parameters}
        if tree.word not in names:
            if tree.word in FUNCTIONS:
                raise TemplateProblem(f"{tree.word} is a function; call it: {_signature(tree.word)}", tree.at, suggestion=f"{tree.word}(…)")
            raise _unknown("no parameter, and no name that every template has", tree.word, names, tree.at)
        return names[tree.word]
    return _called(tree, parameters)


def _called(call: Call, parameters: Mapping[str, Type]) -> Type:
    if call.function == ENV:
        variable(call)
        return Type.STRING
    function = FUNCTIONS.get(call.function)
    if function is None:
        raise _unknown("no function of templates", call.function, (*FUNCTIONS, ENV), call.at)
    types = [_type(argument, parameters) for argument in call.arguments]
    if len(types) != len(function.takes):
        takes = f"{len(function.takes)} argument{'s' if len(function.takes) > 1 else ''}"
        raise TemplateProblem(f"{call.function} takes {takes}, not {len(types)}: {_signature(call.function)}", call.at)
    for argument, given, (name, allowed) in zip(call.arguments, types, function.takes, strict=True):
        if given not in allowed:
            wanted = " or ".join(kind.phrase for kind in allowed)
            message = f"'{name}' of {call.function} must be {wanted}, not {given.phrase}: {_signature(call.function)}"
            raise TemplateProblem(message, argument.at)
    pattern = call.arguments[1] if call.function == "format_date" else None
    if isinstance(pattern, Literal):
        try:
            check_pattern(str(pattern.value))
        except TemplateProblem as problem:
            raise problem.moved(pattern.at) from problem
    return function.gives or types[0]


def variable(call: Call) -> str:
    """The NAME of env(NAME), which may be quoted. Raises TemplateProblem."""
    if len(call.arguments) == 1:
        (argument,) = call.arguments
        if isinstance(argument, Name):
            return argument.word
        if isinstance(argument, Literal) and isinstance(argument.value, str) and argument.value:
            return argument.value
    raise TemplateProblem("env takes the name of one environment variable: env(NAME)", call.at)


def _signature(function: str) -> str:
    return f"{function}({', '.join(name for name, _ in FUNCTIONS[function].takes)})"


def _unknown(what: str, word: str, there: Mapping[str, Type] | tuple[str, ...], at: int) -> TemplateProblem:
    by_folded = {one.casefold(): one for one in there}
    near = get_close_matches(word.casefold()[:100], by_folded, n=1, cutoff=0.6)
    hint = f"did you mean '{by_folded[near[0]]}'?" if near else f"there is {', '.join(sorted(there)[:20])}"
    message = f"'{word}' in a template is {what}: {hint}"
    return TemplateProblem(message, at, kind="unknown_template_name", suggestion=by_folded[near[0]] if near else None)
