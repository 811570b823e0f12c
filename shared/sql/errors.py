"""What is wrong with a piece of SQL that a person wrote."""

from __future__ import annotations

from shared.errors import ConfigurationError


class SqlProblem(ConfigurationError):
    """`position` is an offset into the text, from 0; None where there is none. `missing`: a column that is not there,
    and the tables in which it was looked for."""

    code = "bad_sql"

    def __init__(
        self, message: str, position: int | None = None, *, node: str | None = None, missing: tuple[str, tuple[str, ...]] | None = None
    ) -> None:
        super().__init__(message, node=node)
        self.position, self.missing = position, missing
