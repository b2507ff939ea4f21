"""A small provider of OpenID Connect: real HTTP, tokens signed by RS256, and as wrong as a test wants it."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "gouji-desk", "s3cret/+ of the client"


def _part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Provider:
    """What it says of who signs in: `claims` over the right ones; `unsigned` and `forged` spoil the signature."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    unsigned: bool = False
    forged: bool = False
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def sign_in(self, query: dict[str, str]) -> str:
        """The address that the browser is sent back to, as soon as it came."""
        code = f"code{len(self.asked)}"
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, str] | None:
        """The answer to a code, given once and only to who began."""
        query = self.asked.pop(form["code"], None)
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        challenge = _part(sha256(form["code_verifier"].encode()).digest())
        if query is None or (unquote(user), unquote(password)) != (CLIENT, SECRET):
            return None
        if (challenge, form["redirect_uri"]) != (query["code_challenge"], query["redirect_uri"]):
            return None
        moment = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "subject-1",
            "nonce": query["nonce"],
            "iat": moment,
            "exp": moment + 300,
            "preferred_username": "zhang.min",
            **self.claims,
        }
        return {"id_token": self._signed(claims), "access_token": "none", "token_type": "Bearer"}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.unsigned:
            header = _part(json.dumps({"alg": "none"}).encode())
            return f"{header}.{_part(json.dumps(claims).encode())}."
        kid = self.key.kid or ""
        key = RSAKey.generate_key(2048, {"kid": kid}) if self.forged else self.key
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider on a free port of this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing: its requests are no news."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/.well-known/openid-configuration":
                ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
                self._tell({"issuer": provider.issuer, **{k: f"{base}/{v}" for k, v in ends.items()}})
            elif parts.path == "/keys":
                self._tell({"keys": [provider.key.as_dict(private=False)]})
            else:
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("location", provider.sign_in(query))
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {key: values[0] for key, values in parse_qs(body).items()}
            self._tell(provider.redeem(form, self.headers.get("authorization", "")))

        def _tell(self, told: object) -> None:
            self.send_response(200 if told else 400)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
