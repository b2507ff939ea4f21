"""Signing in by a provider of OpenID Connect: authorization code with PKCE, state and nonce."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from schemas import ConfigError, GoujiError
from worker.settings import Settings
from worker.users import ROLES, Role

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a public key alone: a secret that both know proves nothing about who signed."""
_SCOPES = "openid profile email"
_TIMEOUTS = httpx2.Timeout(10.0, connect=5.0)
_LARGEST = 1_000_000
_LEEWAY_S = 60
_KEPT_S = 3600.0
_KEYS_AGAIN_S = 60.0
_HERE = {"127.0.0.1", "::1", "localhost"}


class OidcRefused(GoujiError):
    """What came back from the provider does not sign anyone in; the message is for the log, not for who asks."""


class Begun(NamedTuple):
    """A sign-in that was begun: kept by the browser until it comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Begun:
        """One of random values, 256 bits each."""
        return cls(*(secrets.token_urlsafe(32) for _ in cls._fields))


class Person(NamedTuple):
    """Who signed in. `subject` is unique among those of `issuer`; `role` is None where no claim speaks of one."""

    issuer: str
    subject: str
    name: str
    role: Role | None


class _Provider(NamedTuple):
    authorize: str
    token: str
    keys: str
    basic: bool


class Oidc:
    """One provider, found by its issuer when it is first needed. Safe for threads."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigError where the settings are not complete."""
        self._issuer = settings.oidc_issuer or ""
        self._client = settings.oidc_client_id or ""
        secret = settings.oidc_client_secret
        self._secret = secret.get_secret_value() if secret else ""
        self._claim = settings.oidc_role_claim
        if not self._client:
            raise ConfigError(
                "GOUJI_OIDC_ISSUER needs GOUJI_OIDC_CLIENT_ID, the client as the provider knows it"
            )
        _secure(self._issuer, "GOUJI_OIDC_ISSUER")
        self._lock = threading.Lock()
        self._found: tuple[float, _Provider] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def address(self, begun: Begun, back: str) -> str:
        """Where the browser goes to sign in; it comes back to `back`. Raises OidcRefused."""
        challenge = base64.urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": back,
            "scope": _SCOPES,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        authorize = self._provider().authorize
        return f"{authorize}{'&' if urlsplit(authorize).query else '?'}{urlencode(asked)}"

    def person(self, code: str, begun: Begun, back: str) -> Person:
        """Who signed in, by the code that the browser brought back. Raises OidcRefused."""
        claims = self._claims(self._redeem(code, begun, back), begun.nonce)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise OidcRefused("the token names no subject")
        named = (claims.get(key) for key in ("preferred_username", "email", "name"))
        name = next((each for each in named if isinstance(each, str) and each.strip()), subject)
        return Person(self._issuer, subject, name, self._role(claims))

    def _role(self, claims: Mapping[str, Any]) -> Role | None:
        if not self._claim:
            return None
        found = claims.get(self._claim)
        given = found if isinstance(found, list) else [found]
        return next((role for role in reversed(ROLES) if role in given), "reader")

    def _redeem(self, code: str, begun: Begun, back: str) -> str:
        provider = self._provider()
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": begun.verifier,
        }
        auth: tuple[str, str] | None = None
        if self._secret and provider.basic:
            # As the standard has it, both are form-encoded first.
            auth = quote(self._client, safe=""), quote(self._secret, safe="")
        else:
            data["client_id"] = self._client
            if self._secret:
                data["client_secret"] = self._secret
        answer = self._asked("POST", provider.token, data=data, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcRefused("the provider gave no id token")
        return token

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of a token that the provider signed for us, now, and for this sign-in."""
        try:
            try:
                found = jwt.decode(token, self._key_set(), algorithms=_ALGORITHMS)
            except JoseError:
                # The provider may have changed its keys since.
                found = jwt.decode(token, self._key_set(_KEYS_AGAIN_S), algorithms=_ALGORITHMS)
            jwt.JWTClaimsRegistry(
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client},
                nonce={"essential": True, "value": nonce},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
            ).validate(found.claims)
        except (JoseError, ValueError, TypeError) as error:
            raise OidcRefused(f"the id token is not valid ({type(error).__name__})") from None
        party = found.claims.get("azp")
        several = isinstance(found.claims["aud"], list) and len(found.claims["aud"]) > 1
        if party != self._client and (several or party is not None):
            raise OidcRefused("the id token was made for another client")
        return found.claims

    def _provider(self) -> _Provider:
        with self._lock:
            if self._found is None or self._found[0] + _KEPT_S < time.monotonic():
                self._found = time.monotonic(), self._discovered()
            return self._found[1]

    def _discovered(self) -> _Provider:
        told = self._asked("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self._issuer:
            raise OidcRefused("the provider calls itself otherwise than GOUJI_OIDC_ISSUER")
        ends = [told.get(f"{name}_endpoint") for name in ("authorization", "token")] + [told.get("jwks_uri")]
        authorize, token, keys = (_secure(str(end or ""), "an address of the provider") for end in ends)
        ways = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return _Provider(authorize, token, keys, "client_secret_basic" in ways)

    def _key_set(self, oldest_s: float = _KEPT_S) -> KeySet:
        """The keys that the provider signs with, as they were so many seconds ago or later."""
        address = self._provider().keys
        with self._lock:
            if self._keys is None or self._keys[0] + oldest_s < time.monotonic():
                told = self._asked("GET", address)
                self._keys = time.monotonic(), KeySet.import_key_set(told)  # type: ignore[arg-type]
            return self._keys[1]

    def _asked(self, method: str, url: str, **given: Any) -> dict[str, Any]:
        """The JSON object at an address. What else it says, a secret perhaps, is not repeated."""
        try:
            with (
                httpx2.Client(timeout=_TIMEOUTS, follow_redirects=False) as client,
                client.stream(method, url, headers={"accept": "application/json"}, **given) as answer,
            ):
                body = bytearray()
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > _LARGEST:
                        raise OidcRefused("the provider answers at length")
                if answer.status_code != 200:
                    raise OidcRefused(f"the provider answers {answer.status_code}")
            told = httpx2.Response(200, content=bytes(body)).json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
            raise OidcRefused(f"the provider does not answer as it should ({type(error).__name__})") from None
        if not isinstance(told, dict):
            raise OidcRefused("the provider does not answer with an object")
        return told


def _secure(url: str, called: str) -> str:
    """An address that may be asked: by TLS, or on this machine. Raises ConfigError."""
    parts = urlsplit(url)
    fine = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if not fine or not parts.hostname or parts.username or parts.fragment:
        raise ConfigError(f"{called}: an https:// address is expected")
    return url
