"""What is wrong with a template."""

from __future__ import annotations

from shared.errors import ConfigurationError


class TemplateProblem(ConfigurationError):
    """`offset` counts from the start of the text that was read; `kind` is the code of the validation problem it becomes."""

    code = "bad_template"

    def __init__(self, message: str, offset: int = 0, *, kind: str = "invalid_template", suggestion: str | None = None) -> None:
        super().__init__(message)
        self.offset, self.kind, self.suggestion = offset, kind, suggestion

    def moved(self, by: int) -> TemplateProblem:
        """The same, in a text in which what was read begins at `by`."""
        return TemplateProblem(self.message, self.offset + by, kind=self.kind, suggestion=self.suggestion)
