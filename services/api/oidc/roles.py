"""Who may do what, of those that a provider vouches for: a list of rules, of which the first that fits decides. None fits: nothing.

Pure. A rule says a claim of the ID token and the value it must have, or hold where it is a list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.api.schemas.sessions import ROLES
from shared.pipelines.fields import NAME
from shared.process.settings import BadSetting

SETTING = "PENSTOCK_OIDC_ROLES"
EXAMPLE = '[{"claim": "groups", "value": "data-team", "role": "editor", "namespaces": ["sales"]}]'
_KEYS = {"claim", "value", "role", "namespaces"}


@dataclass(frozen=True, slots=True)
class Rule:
    """`claim`: its name, or the names on the way to it in objects. `namespaces`: None: all."""

    claim: tuple[str, ...]
    value: str
    role: str
    namespaces: tuple[str, ...] | None

    def fits(self, claims: Mapping[str, Any]) -> bool:
        if self.claim == ("email",) and claims.get("email_verified") is not True:
            # At some providers anybody may write any address there.
            return False
        found: Any = claims
        for name in self.claim:
            found = found.get(name) if isinstance(found, Mapping) else None
        return self.value in found if isinstance(found, list) else found == self.value


def granted(rules: Sequence[Rule], claims: Mapping[str, Any]) -> Rule | None:
    """The first rule that fits; None: whoever this is may do nothing."""
    return next((rule for rule in rules if rule.fits(claims)), None)


def read(text: str) -> tuple[Rule, ...]:
    """The rules of the setting, JSON as in EXAMPLE. Raises BadSetting, also where there are none."""
    try:
        said = json.loads(text)
    except ValueError as error:
        raise BadSetting(f"{SETTING} is no JSON ({error}); write it like {EXAMPLE}") from None
    if not isinstance(said, list) or not said:
        raise BadSetting(f"{SETTING} must be a list of rules, and without one nobody may log in; write it like {EXAMPLE}")
    return tuple(_rule(one, at) for at, one in enumerate(said, start=1))


def _rule(said: Any, at: int) -> Rule:
    if not isinstance(said, dict) or not {"claim", "value", "role"} <= said.keys() <= _KEYS:
        raise BadSetting(f"rule {at} of {SETTING} must have claim, value and role, and may have namespaces; write it like {EXAMPLE}")
    claim = [said["claim"]] if isinstance(said["claim"], str) else said["claim"]
    if not _texts(claim) or not _texts([said["value"]]):
        raise BadSetting(f"rule {at} of {SETTING}: claim is a name, or a list of names one in the other, and value a text")
    if said["role"] not in ROLES:
        raise BadSetting(f"rule {at} of {SETTING}: role is {said['role']!r}; it must be one of {', '.join(ROLES)}")
    namespaces = said.get("namespaces")
    if namespaces is not None and not (_texts(namespaces) and all(re.fullmatch(NAME, one) for one in namespaces)):
        raise BadSetting(f"rule {at} of {SETTING}: namespaces is a list of names of namespaces; leave it out for all of them")
    return Rule(tuple(claim), said["value"], said["role"], tuple(namespaces) if namespaces is not None else None)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)
