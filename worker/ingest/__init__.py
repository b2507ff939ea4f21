"""bytes → Document: text with pages and provenance, out of every kind of file that holds text.

`discover` finds the files, `load` makes a Document of one. What cannot be used raises an InputError.
"""

from worker.ingest.files import ENDINGS, MAX_BYTES, discover, load

__all__ = ["ENDINGS", "MAX_BYTES", "discover", "load"]
