"""The far side was not reached, or did not answer, or asked to be left alone."""

from __future__ import annotations

from shared.diagnosis.case import Case, Failure
from shared.diagnosis.findings import Confidence, Evidence, Fix, Said


def connection_refused(case: Case) -> Said | None:
    error = _failure(case)
    if not error.says(r"connection refused", r"errno 111", r"can't connect to", r"cannot connect to", r"actively refused"):
        return None
    where = far_side(case)
    return Said(
        f"Nothing listens at {where}: the machine answered, and refused the connection.",
        (
            f"See whether the server behind {where} is up, and listens on the port that the connector names.",
            "Correct host or port of the connector if it has moved, then `penstock connectors check`.",
            "Retry the run from where it failed: `penstock retry RUN`.",
        ),
        evidence=breaker_evidence(case),
    )


def host_unknown(case: Case) -> Said | None:
    error = _failure(case)
    if not error.says(r"no such host", r"resolve host", r"name or service not known", r"name resolution", r"getaddrinfo", r"nodename nor"):
        return None
    return Said(
        f"The name of the host of {far_side(case)} is not known to the name server.",
        (
            "Look for a slip of the pen in the connector's host, and correct it.",
            "If the name is right, see on the worker's machine whether it is known there; inner names often are known in one network only.",
        ),
    )


def unencrypted_or_untrusted(case: Case) -> Said | None:
    error = _failure(case)
    if not error.says(r"\bssl\b", r"\btls\b", r"certificate", r"hostkey", r"no encryption", r"no pg_hba\.conf entry"):
        return None
    if error.says(r"no encryption", r"ssl off"):
        return Said(
            f"{far_side(case)} takes encrypted connections only, or none from this address and user.",
            ("Set sslmode: require in the connector.", "Else have the server's pg_hba.conf let this user in from the worker's address."),
            fix=Fix("setting", "sslmode: require", "to the config of the connector; its connections are encrypted then"),
        )
    if error.says(r"server does not support ssl", r"does not support ssl"):
        return Said(
            f"The connector asks for an encrypted connection, and {far_side(case)} offers none.",
            ("Switch TLS on at the server.", "In a network you trust, set sslmode: prefer in the connector."),
        )
    return Said(
        f"No encrypted connection could be agreed on with {far_side(case)}: its certificate or key is not the one that is expected.",
        (
            "See whether the server's certificate has expired, or was made for another host name.",
            "Where its issuer is your own, put it among the authorities that the worker trusts.",
            "Do not switch the check off: somebody may stand between.",
        ),
        Confidence.LIKELY,
    )


def no_answer_in_time(case: Case) -> Said | None:
    return Said(
        f"{far_side(case)} was asked, and nothing came back in time.",
        (
            "See whether a firewall drops the packets: a port that is closed refuses at once, one that is filtered says nothing.",
            "See whether the server is overloaded, or the query takes longer than usual.",
            "Retry the run; raise retries and retryDelay if this happens at certain hours.",
        ),
        Confidence.LIKELY,
        breaker_evidence(case),
    )


def too_many_connections(case: Case) -> Said | None:
    if not _failure(case).says(r"too many (clients|connections)", r"remaining connection slots", r"connection limit exceeded"):
        return None
    return Said(
        f"{far_side(case)} has no connection left to give.",
        (
            "Set maxConnections on the connector, so that Penstock takes its turn instead of being refused.",
            "See who else holds connections there, and raise the server's limit if it is too small.",
        ),
        fix=Fix("setting", "maxConnections: 4", "to the spec of the connector; its stages then wait for one another"),
    )


def overloaded(case: Case) -> Said | None:
    return Said(
        f"{far_side(case)} says that it cannot serve anybody now.",
        ("Wait until it is back; the run is tried again by its retry policy.", "Run it at a quieter hour, or with fewer nodes at once."),
        evidence=breaker_evidence(case),
    )


def over_rate(case: Case) -> Said | None:
    return Said(
        f"{far_side(case)} works, and was asked too often.",
        (
            "Set maxConnections on the connector, or maxParallelNodes in the recipe, to ask less at once.",
            "Have the limit raised by whoever runs it.",
        ),
    )


def server_short_of_means(case: Case) -> Said | None:
    return Said(
        f"{far_side(case)} works, and had not the memory or room for what this statement asked.",
        ("Ask for less at once: a narrower where, or incremental reading.", "Have memory raised there (PostgreSQL: work_mem)."),
    )


def connection_broke(case: Case) -> Said | None:
    return Said(
        f"The connection to {far_side(case)} could not be made, or broke; what was being written was rolled back.",
        (
            "See in the server's own log whether it restarted or ended the session.",
            "Try the connector: `penstock connectors check NAME`.",
            "Retry the run; nothing is written twice.",
        ),
        Confidence.POSSIBLE,
        breaker_evidence(case),
    )


def breaker_open(case: Case) -> Said | None:
    where = far_side(case)
    return Said(
        f"{where} has failed several times in a row, so it is left alone for a while; nothing was tried.",
        (
            "Read the last error of the connector, and mend that first.",
            "When it works again, close the breaker: `penstock circuit-breakers reset NAME`; else one attempt tries it by itself.",
        ),
        evidence=breaker_evidence(case),
    )


def store_away(case: Case) -> Said | None:
    return Said(
        "Penstock's own database did not answer; that is no fault of this pipeline.",
        ("See with `penstock doctor` what is down.", "Retry the run when it is back."),
    )


def git_away(case: Case) -> Said | None:
    return Said(
        "The Git repository in which versions are shown could not be read or written; runs do not depend on it.",
        ("Read what it says in the evidence, and mend the repository or the remote.", "See `penstock doctor`."),
    )


def far_side(case: Case) -> str:
    """The connector that an error is about, as far as it is known, for the middle of a sentence."""
    return f"connector {case.connector}" if case.connector is not None else "the far side"


def breaker_evidence(case: Case) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(f"breaker {one['state']}, {one['failures']} failures in a row; last: {one['error'] or 'none'}", f"connector {name}")
        for name, one in case.breakers.items()
        if one["failures"] or one["state"] != "closed"
    )


def _failure(case: Case) -> Failure:
    return case.failure or Failure("", "")
