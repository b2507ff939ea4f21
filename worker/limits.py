"""How much of a file is read, and how images of text are."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field

Ocr = Literal["auto", "always", "never"]
Engine = Literal["rapidocr", "tesseract"]
_NEEDED: dict[Engine, tuple[str, ...]] = {
    "rapidocr": ("rapidocr", "onnxruntime"),
    "tesseract": ("pytesseract",),
}


class Limits(BaseModel):
    """Limits for one file.

    `max_bytes` of the file; `max_pages`; `max_pixels` of an image; `page_timeout_s` for each page and for opening
    the file; `memory` of the process that reads it. `ocr`: of pages whose text layer is no good (auto), of
    all pages (always), of none (never); `engine` is who recognises.
    """

    model_config = ConfigDict(frozen=True)

    max_bytes: ByteSize = Field(default=ByteSize(50_000_000), gt=0)
    max_pages: int = Field(default=2000, ge=1)
    max_pixels: int = Field(default=100_000_000, ge=1)
    page_timeout_s: float = Field(default=120.0, gt=0, le=3600)
    memory: ByteSize = Field(default=ByteSize(4_000_000_000), gt=0)
    ocr: Ocr = "auto"
    engine: Engine = "rapidocr"


def missing_for_ocr(engine: Engine) -> list[str]:
    """The packages that recognising text on images lacks; none of them is loaded to find out."""
    return [name for name in ("numpy", "cv2", *_NEEDED[engine]) if find_spec(name) is None]
