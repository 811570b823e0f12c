"""What can go wrong on the operator's own machine; each message is one sentence with a remedy."""

from __future__ import annotations

from shared.errors import ConfigurationError, UnavailableError


class LocalStackRefused(ConfigurationError):
    """The machine or the environment does not allow the embedded default as asked."""

    code = "local_stack_refused"


class LocalStackFailed(UnavailableError):
    """Something was started and did not come up, or would not end."""

    code = "local_stack_failed"
