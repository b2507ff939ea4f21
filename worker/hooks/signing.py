"""Signatures after the Standard Webhooks specification: who has the secret can tell that a message is ours.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import secrets

_PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret for one webhook, as the specification writes it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed(secret: str, message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message: its id, when it is sent (seconds since 1970), the signature over both and `body`."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
