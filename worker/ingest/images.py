"""Images of pages: how many an image file has, and what a page of a document looks like."""

from __future__ import annotations

import base64
import binascii
import io
from typing import TYPE_CHECKING

from PIL import Image

from schemas import Document, EmptyInput, InputError, TooLarge, Unreadable, Unsupported
from worker.ingest.apart import Lost, ask
from worker.ingest.media import PAGED
from worker.ingest.messages import Picture, Refused, Request
from worker.limits import Limits

if TYPE_CHECKING:
    from worker.store import BlobStore

ORIGINAL = "original"
"""Under what a store keeps the bytes of a file."""

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAVE_AGAIN = "save it again from the program that made it"


def frame_count(data: bytes, name: str, most: int) -> int:
    """How many pages an image file has; counted no further than one beyond `most`. Raises Unreadable."""
    image = _opened(data, name)
    if image.format != "TIFF":
        return 1
    count = 1
    while count <= most:
        try:
            image.seek(count)
        except EOFError:
            break
        # A directory of a page that is damaged; the pages before it are sound.
        except Exception:
            break
        count += 1
    return count


def _opened(data: bytes, name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise TooLarge(name, f"has too many pixels ({error})", "scan it at a lower resolution") from None
    # Each format has errors of its own.
    except Exception:
        raise Unreadable(name, "is no sound image, its header is damaged", _SAVE_AGAIN) from None


def page_image(
    blobs: BlobStore, document: Document, number: int, dpi: int = 150, limits: Limits | None = None
) -> bytes:
    """Page `number` (from 1) of a document as PNG, upright: x points from its left are x · dpi / 72 pixels.

    Made once, from the original file that the store keeps. Raises InputError where there is none, no such page, or the
    page cannot be drawn.
    """
    name = document.name
    if document.media_type not in PAGED:
        raise Unsupported(name, "has no pages to look at", "look at its text")
    if not 1 <= number <= len(document.pages):
        raise InputError(name, f"has no page {number}", f"name one of its {len(document.pages)} pages")
    kept = f"page-{number}-{dpi}.png"
    if (found := blobs.kept(document.sha256, kept)) is not None:
        return found
    original = blobs.kept(document.sha256, ORIGINAL)
    if original is None:
        raise EmptyInput(name, "its original file is not kept", "extract it again")
    made = _drawn(document, original, number, dpi, limits or Limits())
    blobs.keep(document.sha256, kept, made)
    return made


def _drawn(document: Document, original: bytes, number: int, dpi: int, limits: Limits) -> bytes:
    page = document.pages[number - 1]
    request = Request(
        task="picture",
        name=document.name,
        media_type=document.media_type,
        size=len(original),
        limits=limits,
        pages=(number,),
        dpi=dpi,
        turned=page.turned,
        extent=(page.width, page.height),
    )
    made = b""
    try:
        for reply in ask(request, original):
            if isinstance(reply, Refused):
                raise reply.error_for(document.name)
            if isinstance(reply, Picture):
                made = base64.b64decode(reply.png, validate=True)
    except (Lost, binascii.Error) as error:
        raise Unreadable(document.name, f"page {number} {error}", _SAVE_AGAIN) from None
    if not made.startswith(_SIGNATURE):
        raise Unreadable(document.name, f"page {number} gives no image", _SAVE_AGAIN)
    return made
