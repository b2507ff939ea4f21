"""Simulated models: a local OpenAI-compatible server that errs by a seeded error model.

    with SimulatedModel(cases, ErrorModel(cell=0.02, structure=0.05), seed=7) as model:
        settings = load_settings(model="simulated", openai_base_url=model.url, readers="llm")

It exists to measure what the validators let through. It is no model, and what is got with it is never to be
presented as a model's accuracy.
"""

from __future__ import annotations

from evals.simulate.batches import Batches
from evals.simulate.errors import ErrorModel, Injected
from evals.simulate.faults import CELL_FAULTS, STRUCTURE_FAULTS
from evals.simulate.model import SimulatedModel, count_tokens
from evals.simulate.server import Asked, Reply, Script, ScriptedServer

__all__ = [
    "CELL_FAULTS",
    "STRUCTURE_FAULTS",
    "Asked",
    "Batches",
    "ErrorModel",
    "Injected",
    "Reply",
    "Script",
    "ScriptedServer",
    "SimulatedModel",
    "count_tokens",
]
