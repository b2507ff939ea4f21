"""The kinds that come with the project, one module for each family of official forms.

Titles and columns follow the forms of the Ministry of Finance for departmental final accounts (公开01–09表)
and the budget forms in use since 2016; aliases are header words seen in print.
"""

from schemas.kinds.economic import BasicExpenditureByEconomic
from schemas.kinds.functions import (
    ExpenditureByFunction,
    GeneralBudgetExpenditure,
    GovernmentFund,
    IncomeByFunction,
    StateCapital,
)
from schemas.kinds.generic import Generic
from schemas.kinds.narrative import NarrativeFacts
from schemas.kinds.performance import PerformanceSelfEvaluation, PerformanceTarget
from schemas.kinds.projects import ProjectExpenditure
from schemas.kinds.summaries import FiscalAppropriationSummary, IncomeExpenditureSummary
from schemas.kinds.three_public import ThreePublic
from schemas.kinds.units import IncomeByUnit

__all__ = [
    "BasicExpenditureByEconomic",
    "ExpenditureByFunction",
    "FiscalAppropriationSummary",
    "GeneralBudgetExpenditure",
    "Generic",
    "GovernmentFund",
    "IncomeByFunction",
    "IncomeByUnit",
    "IncomeExpenditureSummary",
    "NarrativeFacts",
    "PerformanceSelfEvaluation",
    "PerformanceTarget",
    "ProjectExpenditure",
    "StateCapital",
    "ThreePublic",
]
