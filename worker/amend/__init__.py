"""What people changed, over what was read: the log of a document folded over its tables, and held together again.

Nothing that was read is overwritten: the present state is the stored reading with the log folded over it.
"""

from worker.amend.fold import Folded, fold_readings, folded
from worker.amend.log import LABELS, VERDICTS, Action, At, Entry, Put, Rows, digest_of, printed, shown
from worker.amend.settled import amended, changes_of, corrected
from worker.amend.typing import typed_cell, typed_figure

__all__ = [
    "LABELS",
    "VERDICTS",
    "Action",
    "At",
    "Entry",
    "Folded",
    "Put",
    "Rows",
    "amended",
    "changes_of",
    "corrected",
    "digest_of",
    "fold_readings",
    "folded",
    "printed",
    "shown",
    "typed_cell",
    "typed_figure",
]
