"""HashiCorp Vault, or whatever speaks its HTTP API: secrets of a KV store, version 2, read when a worker is about to use them.

hvac is loaded by the first read: most workers never do one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.errors import ConfigurationError, UnavailableError
from shared.secrets.allowed import is_within

TIMEOUT_S = 10


class VaultRefused(ConfigurationError):
    """It answered, and there is nothing to be had: no such secret, no right, no such key."""

    code = "vault_refused"


class VaultUnavailable(UnavailableError):
    code = "vault_unavailable"
    retry_on = "connection"


@dataclass(frozen=True, slots=True)
class Vault:
    """`url` without a path. `paths`: prefixes of what may be read, {namespace} in them is the run's; empty: of any store what lies under
    the namespace's own name.
    """

    url: str | None
    token: str = field(repr=False, default="")
    vault_namespace: str | None = None
    paths: tuple[str, ...] = ()

    def read(self, path: str, namespace: str) -> Mapping[str, str]:
        """The newest version of a secret, `{mount}/{path}`, for a run of that namespace.

        Raises VaultRefused, or VaultUnavailable where trying again may help.
        """
        if self.url is None:
            raise VaultRefused(
                f"{{{{vault:{path}#…}}}} cannot be read: no Vault is known here; set VAULT_ADDR and VAULT_TOKEN for the workers"
            )
        mount, _, rest = path.strip("/").partition("/")
        if not rest or any(part in ("", ".", "..") for part in rest.split("/")):
            raise VaultRefused(f"{path} is no path of a secret in Vault; write it as secret/path, the name of the store first")
        # The workers' token reads for all namespaces.
        if not is_within(f"{mount}/{rest}", self.paths or (f"{mount}/{{namespace}}",), namespace):
            own = "" if self.paths else f" keep it under {mount}/{namespace}/, or"
            raise VaultRefused(f"namespace {namespace} may not read {path} in Vault;{own} an operator allows paths in PENSTOCK_VAULT_PATHS")
        return self._read(mount, rest)

    def _read(self, mount: str, rest: str) -> Mapping[str, str]:
        import hvac
        from hvac import exceptions
        from requests import RequestException

        client = hvac.Client(url=self.url, token=self.token, namespace=self.vault_namespace, timeout=TIMEOUT_S)
        try:
            reply = client.secrets.kv.v2.read_secret_version(path=rest, mount_point=mount, raise_on_deleted_version=True)
        except exceptions.InvalidPath as error:
            raise VaultRefused(f"Vault has no secret {mount}/{rest}; put it there, or correct the path") from error
        except (exceptions.Forbidden, exceptions.Unauthorized) as error:
            raise VaultRefused(
                f"Vault does not let this token read {mount}/{rest}; allow it, or give the workers another VAULT_TOKEN"
            ) from error
        except (exceptions.VaultError, RequestException, ValueError) as error:
            if isinstance(error, exceptions.InvalidRequest):
                raise VaultRefused(f"Vault refuses to read {mount}/{rest}; is {mount} a KV store of version 2?") from error
            raise VaultUnavailable(
                f"Vault at {self.url} did not answer for {mount}/{rest} ({type(error).__name__}); is it up, and unsealed?"
            ) from error
        values = reply["data"]["data"]
        return {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


NO_VAULT = Vault(None)
