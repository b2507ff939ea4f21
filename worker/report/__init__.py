"""A report on documents for people who check accounts: what contradicts itself, what waits, what nobody checked."""

from worker.report.gather import SCOPES, VERDICTS, Contradiction, DocumentReport, report_of
from worker.report.page import page
from worker.report.sheets import ReportBook

__all__ = ["SCOPES", "VERDICTS", "Contradiction", "DocumentReport", "ReportBook", "page", "report_of"]
