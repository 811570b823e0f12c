"""Templates, `{{…}}`: names, literals and calls of a short list of functions, and nothing else.

A grammar of our own rather than a general template engine behind a sandbox: what cannot be written cannot be escaped from, every
mistake has its place, and the type of every template is known before it has a value.

`scan` finds them in a text, `grammar` reads one, `names` and `functions` say what there is, `check` says what is wrong and what type
comes out, `evaluate` computes, `quoting` tells how an unquoted one is written. Pure throughout: the time comes in as a `Moment`.
"""

from shared.pipelines.language.templates.check import Finding, findings, type_of_text
from shared.pipelines.language.templates.evaluate import evaluated, text_of
from shared.pipelines.language.templates.names import Moment
from shared.pipelines.language.templates.problems import TemplateProblem
from shared.pipelines.language.templates.quoting import has_bare_template, quoted_line
from shared.pipelines.language.templates.scan import Template, templates
from shared.pipelines.value_types import Type, Value

__all__ = [
    "Finding",
    "Moment",
    "Template",
    "TemplateProblem",
    "Type",
    "Value",
    "evaluated",
    "findings",
    "has_bare_template",
    "quoted_line",
    "templates",
    "text_of",
    "type_of_text",
]
