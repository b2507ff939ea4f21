"""Which documents may be looked at for what: all documents of an issuing body are in one split."""

from __future__ import annotations

import hashlib

from evals.cases import Split

# Of ten issuing bodies: those to develop with, and those to calibrate with beside them; the rest are for tests.
_DEVELOP, _CALIBRATE = 3, 8


def split_of(body: str, salt: str = "") -> Split:
    """The split of an issuing body, real or made, the same for all time; another `salt` is another drawing."""
    drawn = int.from_bytes(hashlib.sha256(f"{salt}:{body}".encode()).digest()[:8]) % 10
    return "develop" if drawn < _DEVELOP else "calibrate" if drawn < _CALIBRATE else "test"
