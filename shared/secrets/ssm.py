"""AWS Systems Manager Parameter Store: `{{ssm:/sales/db#password}}` is the parameter /sales/db/password, decrypted.

A path that is itself a parameter has the field `value`, or, where that is a JSON object, the object's fields. Who reads is the worker, as
AWS' own tools find out (AWS_ variables, profile, or the role of the machine); so nothing is read unless an operator allows paths. boto3
is loaded by the first read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.secrets.allowed import SecretRefused, SecretUnavailable, is_within

CONNECT_S, READ_S = 5, 10
# Parameters below one path.
_MOST = 200
# What AWS says of a call that may be made again.
_LATER = frozenset({"ThrottlingException", "TooManyUpdates", "InternalServerError", "ServiceUnavailable", "RequestTimeout"})


@dataclass(frozen=True, slots=True)
class ParameterStore:
    """`paths`: prefixes of what may be read, {namespace} in them is the run's; none: nothing."""

    paths: tuple[str, ...] = ()

    def read(self, path: str, namespace: str) -> Mapping[str, str]:
        """The newest values under a path, for a run of that namespace. Raises SecretRefused, or SecretUnavailable."""
        if not self.paths:
            raise SecretRefused("the Parameter Store may not be read here; an operator allows paths in PENSTOCK_SSM_PATHS of the workers")
        name = f"/{path.strip('/')}"
        if any(part in ("", ".", "..") for part in name[1:].split("/")):
            raise SecretRefused(f"{path} is no path of a parameter; write it as /sales/db")
        if not is_within(name, self.paths, namespace):
            raise SecretRefused(
                f"namespace {namespace} may not read {name} of the Parameter Store; an operator allows paths in PENSTOCK_SSM_PATHS"
            )
        return self._read(name)

    def _read(self, name: str) -> Mapping[str, str]:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

        try:
            # A session of its own: boto3's default one is not for several threads.
            config = Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": 2})
            client = boto3.session.Session().client("ssm", config=config)
            return self._below(client, name) or self._itself(client, name)
        except (NoCredentialsError, NoRegionError) as error:
            raise SecretRefused(
                f"the Parameter Store cannot be asked: {error}; give the workers AWS_REGION and credentials of AWS"
            ) from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "ParameterNotFound":
                raise SecretRefused(
                    f"the Parameter Store has no {name}, and nothing below it; put it there, or correct the path"
                ) from error
            if code in _LATER:
                raise SecretUnavailable(f"the Parameter Store did not answer for {name} ({code})") from error
            raise SecretRefused(f"the Parameter Store does not let this worker read {name} ({code})") from error
        except BotoCoreError as error:
            raise SecretUnavailable(f"the Parameter Store did not answer for {name} ({type(error).__name__}); is it reachable?") from error

    def _below(self, client: Any, path: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for page in client.get_paginator("get_parameters_by_path").paginate(Path=path, WithDecryption=True):
            found |= {one["Name"].rpartition("/")[2]: one["Value"] for one in page["Parameters"]}
            if len(found) > _MOST:
                raise SecretRefused(f"the Parameter Store has more than {_MOST} parameters below {path}; name a path further down")
        return found

    def _itself(self, client: Any, name: str) -> dict[str, str]:
        value = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        try:
            held = json.loads(value)
        except ValueError:
            held = None
        fields = {str(key): one if isinstance(one, str) else json.dumps(one) for key, one in held.items()} if isinstance(held, dict) else {}
        return {**fields, "value": value}


NO_PARAMETER_STORE = ParameterStore()
