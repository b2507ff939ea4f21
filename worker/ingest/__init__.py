"""bytes → Document: text with pages and provenance, out of every kind of file that holds text.

`discover` finds the files, `load` makes a Document of one. What cannot be used raises an InputError.
"""

from worker.ingest.files import MAX_BYTES, File, discover, open_file
from worker.ingest.media import ENDINGS
from worker.ingest.notes import notes_of, unread_pages
from worker.ingest.reading import load
from worker.limits import Limits

__all__ = [
    "ENDINGS",
    "MAX_BYTES",
    "File",
    "Limits",
    "discover",
    "load",
    "notes_of",
    "open_file",
    "unread_pages",
]
