"""How good an extraction is: `score` holds one case to its gold, `summarise` adds scores up with their uncertainty."""

from evals.metrics.scorer import Trace, failed_score, score
from evals.metrics.scores import CaseScore, PlantedScore, TableScore, WrongCell
from evals.metrics.summary import Estimate, Summary, by_group, summarise

__all__ = [
    "CaseScore",
    "Estimate",
    "PlantedScore",
    "Summary",
    "TableScore",
    "Trace",
    "WrongCell",
    "by_group",
    "failed_score",
    "score",
    "summarise",
]
