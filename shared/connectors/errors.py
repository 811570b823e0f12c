"""How the far side can fail, in our words. Every driver translates into these and nothing else."""

from __future__ import annotations

from shared.errors import ConfigurationError, DataError, Fault, PenstockError, UnavailableError


class Unavailable(UnavailableError):
    """The far side did not answer, or the connection broke; what it was doing was rolled back or is unknown to us."""

    code = "connector_unavailable"
    retry_on = "connection"


class TimedOut(UnavailableError):
    code = "connector_timeout"
    retry_on = "timeout"


class OverRate(UnavailableError):
    code = "connector_over_rate"
    retry_on = "429"


class Deadlocked(UnavailableError):
    code = "connector_deadlock"
    retry_on = "deadlock"


class SerializationFailed(UnavailableError):
    code = "connector_serialization"
    retry_on = "serialization"


class Denied(ConfigurationError):
    """Wrong password, missing right."""

    code = "connector_denied"


class NotFound(ConfigurationError):
    """A file, table, column or database that is not there."""

    code = "connector_not_found"


class Misconfigured(ConfigurationError):
    code = "connector_misconfigured"


class BadQuery(ConfigurationError):
    """The far side refuses the SQL itself."""

    code = "connector_bad_query"


class RejectedData(DataError):
    """The destination does not take these rows: a constraint, a type, a length."""

    code = "connector_rejected_data"


class SourceChanged(PenstockError):
    """The source no longer looks as it was surveyed; the run must be planned again on fresh facts."""

    code = "source_changed"
    fault = Fault.CONFIGURATION
