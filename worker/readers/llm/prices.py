"""What calls cost: `prices.csv` holds USD per million tokens, when they were looked up, and where."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

_TABLE = Path(__file__).with_name("prices.csv")
_MILLION = Decimal(1_000_000)
BATCH_SHARE = Decimal("0.5")
"""What of its price a call costs that was made by a job of the batch API."""
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(NamedTuple):
    """USD per million tokens."""

    input: Decimal
    cached_input: Decimal
    output: Decimal


@cache
def prices() -> dict[str, Price]:
    """The table by model name."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["model"]: Price(Decimal(row["input"]), Decimal(row["cached_input"]), Decimal(row["output"]))
            for row in csv.DictReader(file)
        }


def price_of(model: str) -> Price | None:
    """The price of a model, None where it is not known.

    A provider before the name ("openai/…") and a date behind it do not matter.
    """
    return prices().get(_DATED.sub("", model.rsplit("/", 1)[-1]))


def cost_of(model: str, prompt_tokens: int, cached_tokens: int, completion_tokens: int) -> Decimal | None:
    """USD for a call; None where the price of the model is not known.

    `cached_tokens` are those of `prompt_tokens` that the endpoint had in its cache.
    """
    price = price_of(model)
    if price is None:
        return None
    fresh = prompt_tokens - cached_tokens
    total = fresh * price.input + cached_tokens * price.cached_input + completion_tokens * price.output
    return total / _MILLION
