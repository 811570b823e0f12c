"""Somebody was not let in: wrong password, missing right, secret that is not there, driver that is not installed."""

from __future__ import annotations

import re

from shared.diagnosis.case import Case
from shared.diagnosis.causes.reaching import far_side
from shared.diagnosis.findings import Confidence, Fix, Said


def login_refused(case: Case) -> Said | None:
    if case.failure is None or not case.failure.says(
        r"login was refused",
        r"password authentication failed",
        r"correct the login",
        r"access denied",
        r"correct the credentials",
        r"\b401\b",
    ):
        return None
    where = far_side(case)
    return Said(
        f"{where[0].upper()}{where[1:]} does not accept the user or the password.",
        (
            "If the password was changed there, save the new one: `penstock credentials set NAME password`. No restart is needed.",
            "Else correct the user in the connector.",
            "See that it works: `penstock connectors check NAME`; then retry the run.",
        ),
    )


_RIGHT = re.compile(r"permission denied for (?P<kind>table|relation|schema|sequence|view|database) (?P<name>[\w.\"]+)")
_GRANTS = {
    "table": "GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {user};",
    "relation": "GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {user};",
    "view": "GRANT SELECT ON {name} TO {user};",
    "schema": "GRANT USAGE, CREATE ON SCHEMA {name} TO {user};",
    "sequence": "GRANT USAGE ON SEQUENCE {name} TO {user};",
}


def right_missing(case: Case) -> Said | None:
    error = case.failure
    if error is None or not error.says(
        r"permission denied",
        r"grant ",
        r"must be owner",
        r"cannot be written",
        r"cannot be opened",
        r"not allowed",
        r"may not be read",
        r"\b403\b",
    ):
        return None
    found = _RIGHT.search(error.message)
    reads = case.type_of(case.node) == "connector_source"
    fix = None
    if found is not None and found["kind"] in _GRANTS:
        grant = _GRANTS["view" if reads and found["kind"] in ("table", "relation") else found["kind"]]
        text = grant.format(name=found["name"], user='"the user of the connector"')
        fix = Fix("sql", text, "in that database, by its owner; put the connector's user in")
    what = f"{found['kind']} {found['name']}" if found is not None else "what it was to read or write"
    return Said(
        f"The user of {far_side(case)} is let in, and has not the right to {what}.",
        ("Have the owner grant it the right.", "Retry the run from where it failed."),
        fix=fix,
    )


def outside_of_root(case: Case) -> Said | None:
    if case.failure is None or not case.failure.says(r"leaves .* root of this connector", r"is under none of the folders"):
        return None
    return Said(
        "The path leads out of the folder that the connector may read and write.",
        ("Name a path below the connector's root.", "Else have an operator make a connector whose root is that folder."),
    )


def not_let_in(case: Case) -> Said | None:
    return Said(
        f"{far_side(case)[0].upper()}{far_side(case)[1:]} did not let this run in, or not do what it asked.",
        ("Read what it says in the evidence.", "Correct the credential or the rights of the connector's user."),
        Confidence.POSSIBLE,
    )


def foreign_credential(case: Case) -> Said | None:
    found = case.failure.says(r"may not use credential (\S+);") if case.failure is not None else None
    if found is None:
        return None
    return Said(
        f"Credential {found[1]} belongs to another namespace, and is not lent.",
        (f"Save the value in this namespace as well: `penstock credentials set {case.run['namespace']}/NAME`.",),
    )


def credential_missing(case: Case) -> Said | None:
    found = case.failure.says(r"credential (\S+) (?:does not exist|has no)") if case.failure is not None else None
    if found is None and (case.failure is None or case.failure.code != "unknown_credential_field"):
        return None
    name = found[1] if found is not None else "NAME"
    return Said(
        f"The connector refers to a secret that is not there: credential {name}." if found else "The credential has no field of that name.",
        (f"Save it: `penstock credentials set {name} FIELD=VALUE`.", "Or correct the name in the connector's reference."),
        fix=Fix("setting", f"penstock credentials set {name} password", "on the command line; the value is asked for, and kept sealed"),
    )


def cannot_unseal(case: Case) -> Said | None:
    return Said(
        "A saved credential cannot be opened: it was sealed with another master key.",
        (
            "Give all services the PENSTOCK_MASTER_KEY with which it was saved.",
            "If that key is lost, save the credential again: `penstock credentials set`.",
        ),
    )


def vault_refuses(case: Case) -> Said | None:
    return Said(
        "A secret could not be read from Vault.",
        (
            "See that VAULT_ADDR and VAULT_TOKEN are set for the workers, and that the token may read that path.",
            "A namespace reads what is under its own name (secret/sales/db), or what an operator says in PENSTOCK_VAULT_PATHS.",
        ),
    )


def vault_away(case: Case) -> Said | None:
    return Said("Vault did not answer.", ("See whether it is up, and unsealed.", "Retry the run when it is back."))


def store_refuses(case: Case) -> Said | None:
    return Said(
        "A secret could not be read from the keystore or the Parameter Store.",
        (
            "See whether it is there: `penstock keystore list`, or `aws ssm get-parameters-by-path --path /…`.",
            "See that the workers have PENSTOCK_KEYSTORE and its key, or PENSTOCK_SSM_PATHS, a region and credentials of AWS.",
            "A namespace reads its own entries of the keystore, and of the Parameter Store what an operator allows it.",
        ),
    )


def store_of_secrets_away(case: Case) -> Said | None:
    return Said(
        "The keystore or the Parameter Store did not answer.",
        ("See whether the workers reach it.", "Retry the run when it is back."),
    )


def driver_missing(case: Case) -> Said | None:
    found = case.failure.says(r"no driver for ([^;]+); install (\S+)", r"no driver for (it)") if case.failure is not None else None
    if found is None:
        return None
    package = found[2] if (found.lastindex or 0) > 1 else "its driver"
    return Said(
        f"The worker has no driver for {found[1]}.",
        (
            f"Install {package} beside Penstock on the workers, and start them anew.",
            "docs/connectors.md says which driver has which licence.",
        ),
        fix=Fix("setting", f"pip install {package}", "on the machine of each worker") if package != "its driver" else None,
    )


def bucket_denied(case: Case) -> Said | None:
    return Said(
        "The object store does not let this run read or write there, or knows no credentials of it.",
        ("Give the connector accessKeyId and secretAccessKey, or the workers AWS_ACCESS_KEY_ID.", "Allow the action on that bucket."),
    )


def notification_refused(case: Case) -> Said | None:
    return Said(
        "A message could not be handed over; the run's rows are not touched by that.",
        ("Correct the address or the secret of the connector that sends it.",),
    )
