"""Keeps documents, chunks, readings and verdicts. The only place that knows the database.

`Store.open(settings)` gives the store; its methods take and give types of `schemas` and `worker.pipeline`.
"""

from worker.store.blobs import BlobStore
from worker.store.records import (
    Added,
    BatchRecord,
    Claim,
    DocumentRecord,
    Entry,
    ItemRecord,
    Progress,
    ReadChunks,
    Stuck,
    Unsent,
    Usage,
)
from worker.store.store import Store

__all__ = [
    "Added",
    "BatchRecord",
    "BlobStore",
    "Claim",
    "DocumentRecord",
    "Entry",
    "ItemRecord",
    "Progress",
    "ReadChunks",
    "Store",
    "Stuck",
    "Unsent",
    "Usage",
]
