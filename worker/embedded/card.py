"""The card of the embedded model: what it was made of, how it is asked, and how exactly it reads which kind."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EMBEDDED = "embedded"
"""The name in GOUJI_MODEL that means this model."""

CARD = Path(__file__).with_name("card.json")
ADAPTER = Path(__file__).with_name("adapter.gguf")
"""The adapter that training made; an installation without it has no embedded model."""


class Strict(BaseModel):
    """Base of what the card holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Measured(Strict):
    """How many rows of gold were read, and how many of them exactly: identity, cells and nothing beyond."""

    rows: int = Field(ge=0)
    exact: int = Field(ge=0)

    @property
    def share(self) -> float:
        """Exact rows, 0 to 1; 0 where nothing was measured."""
        return self.exact / self.rows if self.rows else 0.0


class Trained(Strict):
    """How an adapter came about. `loss` is that of the answers of held-out samples, in nats a token; `began` is the
    digest of the adapter that learning went on from, if it did.
    """

    began: str | None = None
    seed: int
    samples: int
    steps: int
    minutes: float
    loss: float
    rank: int
    alpha: int
    device: str


class Card(Strict):
    """What is known of the model. `rows_per_call` lines are put to it at once, a call has `context` tokens and its
    answer at most `answer` of them; `bar` is the share of exact rows from which on it is asked for a kind.
    """

    base: str
    wire: Literal["refs"]
    rows_per_call: int = Field(ge=1)
    context: int = Field(ge=256)
    answer: int = Field(ge=64)
    bar: float = Field(ge=0, le=1)
    adapter: str | None = None
    trained: Trained | None = None
    kinds: dict[str, Measured] = {}

    def reads(self, kind: str) -> bool:
        """Whether the model reads a kind well enough to be asked."""
        return kind in self.kinds and self.kinds[kind].share >= self.bar

    @property
    def version(self) -> str:
        """A digest of base and adapter, eight hexadecimal digits: other answers, another version."""
        return sha256(f"{self.base} {self.adapter}".encode()).hexdigest()[:8]


@cache
def card(path: Path = CARD) -> Card:
    """The card as it is shipped."""
    return Card.model_validate_json(path.read_text(encoding="utf-8"))
