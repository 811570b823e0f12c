"""Why a recipe cannot be planned in the world as it is."""

from __future__ import annotations

from shared.errors import ConfigurationError


class PlanProblem(ConfigurationError):
    """`node` is the node it is charged to; the message says what to do."""

    code = "plan"
