"""Synthetic documents: whole disclosures from a seed, whose every identity holds by construction."""

from evals.synthetic.draft import FAMILIES, Draft, draft, drafts, large_draft
from evals.synthetic.plant import plant_fault, plant_source

__all__ = ["FAMILIES", "Draft", "draft", "drafts", "large_draft", "plant_fault", "plant_source"]
