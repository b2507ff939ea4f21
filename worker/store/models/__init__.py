"""The tables of the database. Payloads are JSON as pydantic writes it, as text: every figure stays exact."""

from worker.store.models import access, desk, exports, jobs
from worker.store.models.access import (
    ReplyRow,
    TokenRow,
)
from worker.store.models.base import (
    Base,
    Dollars,
    Exact,
    Moment,
)
from worker.store.models.desk import (
    EventRow,
    IdentityRow,
    LinkRow,
    ReviewRow,
    SessionRow,
    TryRow,
    UserRow,
)
from worker.store.models.exports import DeliveryRow, ExportRow, HookRow
from worker.store.models.service import (
    CanaryRow,
    PaceRow,
)
from worker.store.models.work import (
    BatchRow,
    CallRow,
    ChunkRow,
    DocumentRow,
    FindingRow,
    ItemRow,
    NameRow,
    ReadingRow,
    TableRow,
    TallyRow,
)

__all__ = [
    "Base",
    "BatchRow",
    "CallRow",
    "CanaryRow",
    "ChunkRow",
    "DeliveryRow",
    "DocumentRow",
    "Dollars",
    "EventRow",
    "Exact",
    "ExportRow",
    "FindingRow",
    "HookRow",
    "IdentityRow",
    "ItemRow",
    "LinkRow",
    "Moment",
    "NameRow",
    "PaceRow",
    "ReadingRow",
    "ReplyRow",
    "ReviewRow",
    "SessionRow",
    "TableRow",
    "TallyRow",
    "TokenRow",
    "TryRow",
    "UserRow",
    "access",
    "desk",
    "exports",
    "jobs",
]
