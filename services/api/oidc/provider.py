"""The provider itself, by OpenID Connect Discovery and the authorization code flow with PKCE (S256).

Asked lazily: its document when somebody first logs in, its keys when a token is first checked; both are kept for an hour, the keys
asked for again where a token is signed with one that is not among them. Of what it says only ID tokens count whose signature, issuer,
audience, nonce and times are right.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.api.oidc.roles import Rule
from shared.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
# Of its document and its keys.
KEPT_S = 3600.0
# After it did not answer it is left alone for so long, and keys are asked for anew this often at most: logins come from strangers.
ALONE_S = 5.0
# Between its clock and ours.
LEEWAY_S = 30
# Signed with a key that only the provider has. What is signed with the secret that we share (HS…) or with nothing is refused.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LONGEST_SUBJECT = 255


class ProviderUnavailable(UnavailableError):
    """It did not answer, or not with what the standard says."""

    code = "oidc_unavailable"


class NotVouchedFor(ConfigurationError):
    """What it answered lets nobody in: the code was none, or the ID token is not right."""

    code = "oidc_refused"


@dataclass(frozen=True, slots=True)
class Registration:
    """What an operator has agreed on with the provider. `label`: as the button calls it. `redirect_uri`: as it is registered there.
    `client_secret`: None of a public client, which PKCE alone protects.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    redirect_uri: str
    rules: tuple[Rule, ...]
    label: str = "OpenID"
    scope: str = "openid profile email"


def is_safe(address: str) -> bool:
    """https, or this machine: secrets and codes go there."""
    try:
        url = urlsplit(address)
        return bool(url.hostname) and (url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOOPBACK))
    except ValueError:
        return False


class Provider:
    """`clock`: seconds that only go on. `now`: seconds since 1970."""

    def __init__(
        self, registration: Registration, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        self.registration = registration
        self._clock, self._now = clock, now
        self._lock = threading.Lock()
        self._document: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._alone_until = float("-inf")

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent. Raises ProviderUnavailable."""
        endpoint = self._discovered()["authorization_endpoint"]
        with self._client() as client:
            made, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        return str(made)

    def claims(self, code: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        """Of whom it sent back with that code. Raises NotVouchedFor, or ProviderUnavailable."""
        from authlib.integrations.base_client import OAuthError
        from requests import RequestException

        endpoint = self._discovered()["token_endpoint"]
        try:
            with self._client() as client:
                answer = client.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                )
        except OAuthError as error:
            raise NotVouchedFor(f"the provider does not take the code: {error}") from error
        except (RequestException, ValueError) as error:
            raise self._away(endpoint, error) from error
        token = answer.get("id_token") if isinstance(answer, Mapping) else None
        if not isinstance(token, str):
            raise NotVouchedFor("the provider's answer has no ID token; is openid among the scopes that this client may ask for?")
        return self._checked(token, nonce)

    def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError

        asked_at = self._clock()
        try:
            try:
                decoded = jwt.decode(token, self._key_set(), algorithms=list(ALGORITHMS))
            except InvalidKeyIdError:
                decoded = jwt.decode(token, self._key_set(newer_than=asked_at - ALONE_S), algorithms=list(ALGORITHMS))
            agreed = self.registration
            jwt.JWTClaimsRegistry(
                now=lambda: int(self._now()),
                leeway=LEEWAY_S,
                iss={"essential": True, "value": agreed.issuer},
                aud={"essential": True, "value": agreed.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(decoded.claims)
        except (JoseError, ValueError, TypeError) as error:
            raise NotVouchedFor(f"the ID token is not right: {error}") from error
        claims: dict[str, Any] = decoded.claims
        audience, subject = claims["aud"], claims["sub"]
        if claims.get("azp", agreed.client_id) != agreed.client_id or (
            isinstance(audience, list) and len(audience) > 1 and "azp" not in claims
        ):
            raise NotVouchedFor("the ID token was made for another client")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise NotVouchedFor("the ID token names nobody")
        return claims

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            if self._document is None or self._clock() - self._document[0] > KEPT_S:
                found = self._fetched(f"{self.registration.issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self.registration.issuer:
                    raise ProviderUnavailable(
                        f"the provider calls itself {found.get('issuer')!r}, and PENSTOCK_OIDC_ISSUER is {self.registration.issuer!r};"
                        " write it as it does"
                    )
                wrong = [name for name in _ENDPOINTS if not is_safe(str(found.get(name, "")))]
                if wrong:
                    raise ProviderUnavailable(f"the provider's {' and '.join(wrong)} must be https:// addresses")
                self._document = (self._clock(), found)
            return self._document[1]

    def _key_set(self, newer_than: float | None = None) -> KeySet:
        """`newer_than`: keys that were asked for before then do not do."""
        from joserfc.errors import JoseError
        from joserfc.jwk import JWKRegistry, KeySet

        address = self._discovered()["jwks_uri"]
        with self._lock:
            kept = self._keys
            if kept is None or self._clock() - kept[0] > KEPT_S or (newer_than is not None and kept[0] < newer_than):
                usable = []
                for one in self._fetched(address).get("keys", ()):
                    try:
                        usable.append(JWKRegistry.import_key(one))
                    except (JoseError, ValueError, TypeError, KeyError) as error:
                        log.info("a key of the OpenID provider cannot be used: %s", error)
                kept = self._keys = (self._clock(), KeySet(usable))
            return kept[1]

    def _fetched(self, address: str) -> dict[str, Any]:
        import requests

        if self._clock() < self._alone_until:
            raise ProviderUnavailable("the OpenID provider did not answer a moment ago")
        try:
            answer = requests.get(address, timeout=TIMEOUT_S, headers={"Accept": "application/json"}, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            self._alone_until = self._clock() + ALONE_S
            raise self._away(address, error) from error
        if not isinstance(found, dict):
            raise ProviderUnavailable(f"{address} is no JSON object")
        return found

    def _away(self, address: str, error: Exception) -> ProviderUnavailable:
        return ProviderUnavailable(f"the OpenID provider did not answer at {address} ({type(error).__name__}); is it up?")

    def _client(self) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        agreed = self.registration
        ways = self._discovered().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        with_secret = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        return OAuth2Session(
            agreed.client_id,
            agreed.client_secret,
            token_endpoint_auth_method=with_secret if agreed.client_secret else "none",
            scope=agreed.scope,
            redirect_uri=agreed.redirect_uri,
            code_challenge_method="S256",
        )
