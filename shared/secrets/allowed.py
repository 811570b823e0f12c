"""What a namespace may read of a store that others share: the paths that an operator allows, and what is said where it may not."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import ConfigurationError, UnavailableError


class SecretRefused(ConfigurationError):
    """The store answered, and there is nothing to be had: no such secret, no right, no such store here."""

    code = "secret_refused"


class SecretUnavailable(UnavailableError):
    """The store did not answer; nothing was read."""

    code = "secret_unavailable"
    retry_on = "connection"


def is_within(path: str, prefixes: Sequence[str], namespace: str) -> bool:
    """Whether a path lies under one of the prefixes, in which {namespace} is the run's. By whole parts: `app` holds `app/x`, not `apps`."""
    held = f"{path.strip('/')}/"
    return any(held.startswith(f"{prefix.replace('{namespace}', namespace).strip('/')}/".lstrip("/")) for prefix in prefixes)
