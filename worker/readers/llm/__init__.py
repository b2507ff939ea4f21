"""The reader that asks a model: typed answers through instructor, held against the source before they count."""

from __future__ import annotations

from worker.readers.llm.reader import LlmReader

__all__ = ["LlmReader"]
