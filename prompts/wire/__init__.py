"""Wire formats: the forms in which a table crosses to a model and back."""

from __future__ import annotations

from prompts.wire.base import Answer, Decoded, Wire
from prompts.wire.brief import BriefWire
from prompts.wire.records import RecordsWire
from prompts.wire.refs import RefsWire
from prompts.wire.rows import RowsWire

__all__ = ["BRIEF", "WIRES", "Answer", "Decoded", "Wire"]

WIRES: dict[str, Wire] = {wire.name: wire for wire in (RowsWire(), RefsWire(), RecordsWire())}
"""The formats by name."""

BRIEF: Wire = BriefWire()
"""The format that the embedded model is asked in, with brief prompts."""
