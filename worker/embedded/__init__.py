"""The model of our own: a small one in a process beside the workers, one for a machine, started when first asked.

`card` says what it reads well enough to be asked; `installed` what of it is here, `server` finds or
starts its process, `serve` is that process.
"""

from __future__ import annotations

from worker.embedded.card import EMBEDDED, Card, card

__all__ = ["EMBEDDED", "Card", "card"]
