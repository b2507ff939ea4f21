"""Baselines: what others would do, on the same documents and with a result of the same form.

`naive`: one prompt, row objects, no validators, through the endpoint of the settings (`evals.baselines.naive`).
`lines`: tables as a text extractor gives them, split by separators (`evals.baselines.lines`).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from evals.cases import Case, GoldTable

__all__ = ["Baseline", "BaselineReading"]


class BaselineReading(NamedTuple):
    """What a baseline finds in a document, and what it took.

    Tables are numbered within their kind; there is no status, everything counts as given. `failed` says why
    pieces of the document brought nothing. `cached_tokens` are those of the prompt that the endpoint had in its cache.
    """

    tables: tuple[GoldTable, ...]
    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    failed: tuple[str, ...] = ()


class Baseline(Protocol):
    """Case → BaselineReading. It looks at the text of the case alone."""

    @property
    def name(self) -> str:
        """The name in reports."""

    def read(self, case: Case) -> BaselineReading: ...
