"""The naive baseline: a document in pieces, one prompt, row objects out of `instructor`, and nothing checked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import instructor
import openai
from instructor.core import InstructorRetryException
from openai.types import CompletionUsage

from evals.baselines import BaselineReading, naive_form
from evals.baselines.naive_form import NaiveTables
from evals.cases import Case
from evals.typed import document_of
from prompts.build import fence_for
from schemas import Document
from worker.readers.llm.modes import MODES
from worker.settings import Settings

PIECE = 6_000
"""Characters of a document that are put to the model at once, about five pages."""


class Naive:
    """Reads a case by the model of the settings, as one does without this project.

    Of the settings it uses `model`, `openai_api_key`, `openai_base_url`, `mode` ("auto": instructor's own
    default), `temperature` and `timeout_s`.
    """

    name = naive_form.NAME

    def __init__(self, settings: Settings) -> None:
        key = settings.openai_api_key
        self._settings = settings
        self._sdk = openai.OpenAI(
            api_key=key.get_secret_value() if key else "none",
            base_url=settings.openai_base_url,
            timeout=settings.timeout_s,
        )
        mode = MODES.get(settings.mode, instructor.Mode.TOOLS)
        self._client = instructor.from_openai(self._sdk, mode=mode)

    def close(self) -> None:
        """Close the connections to the endpoint."""
        self._sdk.close()

    def read(self, case: Case) -> BaselineReading:
        """The tables of a case; a piece that brings no answer is named in `failed`."""
        answers, failed = [], []
        calls = prompt = cached = completion = 0
        for number, piece in enumerate(pieces(document_of(case)), start=1):
            try:
                answer, raw = self._client.chat.completions.create_with_completion(
                    model=self._settings.model or "",
                    temperature=self._settings.temperature,
                    response_model=NaiveTables,
                    messages=[
                        {"role": "system", "content": naive_form.SYSTEM},
                        {"role": "user", "content": naive_form.asked(piece, fence_for(piece))},
                    ],
                )
                answers.append(answer)
                spent = raw.usage
            except InstructorRetryException as error:
                failed.append(f"piece {number}: {type(error).__name__}")
                spent = error.total_usage
            except openai.OpenAIError as error:
                failed.append(f"piece {number}: {type(error).__name__}")
                spent = None
            calls += 1
            if isinstance(spent, CompletionUsage):
                details = spent.prompt_tokens_details
                prompt += spent.prompt_tokens
                cached += (details and details.cached_tokens) or 0
                completion += spent.completion_tokens
        tables = naive_form.read(answers)
        return BaselineReading(tables, calls, prompt, cached, completion, tuple(failed))


def pieces(document: Document) -> Iterator[str]:
    """A document in pieces of whole lines: pages together up to PIECE characters, longer pages cut."""
    pages = [*document.page_starts, len(document.text)]
    piece = ""
    for start, end in pairwise(pages):
        page = document.text[start:end]
        whole = [page] if len(page) <= PIECE else page.splitlines(keepends=True)
        for text in whole:
            if piece.strip() and len(piece) + len(text) > PIECE:
                yield piece
                piece = ""
            piece += text
    if piece.strip():
        yield piece
