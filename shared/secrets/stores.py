"""The stores that only workers read, beside the database: which there are, and one way to all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.secrets.keystore import NO_KEYSTORE, Keystore
from shared.secrets.ssm import NO_PARAMETER_STORE, ParameterStore
from shared.secrets.vault import NO_VAULT, Vault


@dataclass(frozen=True, slots=True)
class Stores:
    vault: Vault = NO_VAULT
    keystore: Keystore = NO_KEYSTORE
    ssm: ParameterStore = NO_PARAMETER_STORE

    def read(self, store: str, path: str, namespace: str) -> Mapping[str, str]:
        """The fields of one secret, as they are now, for a run of that namespace. `store`: of `references.ELSEWHERE`.

        Raises what says why not, and whether trying again may help.
        """
        if store == "vault":
            return self.vault.read(path, namespace)
        if store == "keystore":
            return self.keystore.read(path, namespace)
        return self.ssm.read(path, namespace)


NO_STORES = Stores()
