"""How the far side can fail, in our words. Every driver translates into these and nothing else.

transient      Unavailable, TimedOut, Overloaded (these three count against the circuit breaker), OverRate, Busy, Overtaxed, Deadlocked,
               SerializationFailed
data           RejectedData
configuration  Denied, NotFound, Misconfigured, BadQuery, SourceChanged
bug            whatever else comes out of a driver
"""

from __future__ import annotations

from shared.errors import ConfigurationError, DataError, Fault, PenstockError, UnavailableError


class Unavailable(UnavailableError):
    """The far side did not answer, or the connection broke; what it was doing was rolled back or is unknown to us."""

    code = "connector_unavailable"
    retry_on = "connection"
    breaks = True


class TimedOut(UnavailableError):
    """It was reached, or should have been, and nothing came back in time."""

    code = "connector_timeout"
    retry_on = "timeout"
    breaks = True


class Overloaded(UnavailableError):
    """It says by itself that it cannot serve anybody now."""

    code = "connector_overloaded"
    retry_on = "503"
    breaks = True


class Overtaxed(Unavailable):
    """It works, and had not the means for what this statement asked."""

    code = "connector_overtaxed"
    breaks = False


class OverRate(UnavailableError):
    """It serves others, and we have asked too often."""

    code = "connector_over_rate"
    retry_on = "429"


class Busy(Unavailable):
    """It works, and what we wanted is held by somebody else, or took longer than it lets a statement take."""

    code = "connector_busy"
    retry_on = "timeout"
    breaks = False


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
