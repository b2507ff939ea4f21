"""Image files → images of pages, whatever their mode, with their resolution."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageOps

from schemas import TooLarge, Unreadable
from worker.ingest.scan.engine import Pixels
from worker.ingest.scan.pieces import height_of_text
from worker.ingest.scan.upright import ink_of

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_SAVE_AGAIN = "scan it again or save it from the program that made it"
# What software writes where it knows nothing makes pages of a yard.
_DPI = (50.0, 1_200.0)
_LONGEST_INCHES = 25.0
# Sides of A4, in inches, and how far a page may be from their ratio.
_A4 = (8.27, 11.69)
_NEAR = 0.04
# What characters measure on most pages, in inches.
_EM_INCHES = 8 / 72
_WHITE = (255, 255, 255)
_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}


def frames(
    data: bytes, name: str, *, max_pixels: int, pages: Sequence[int] | None = None
) -> Iterator[tuple[Image.Image, float]]:
    """The pages of an image file, as RGB and as a viewer shows them, with their resolution in dots per inch.

    `pages` are their numbers from 0, by default all. Raises TooLarge for more than `max_pixels` on a page, as its
    header says and before anything is decoded, and Unreadable for what is no image or is damaged.
    """
    opened = _opened(data, name)
    for number in range(getattr(opened, "n_frames", 1)) if pages is None else pages:
        try:
            opened.seek(number)
            width, height = opened.size
            if width * height > max_pixels:
                problem = f"page {number + 1} has {width:,} × {height:,} pixels, the limit is {max_pixels:,}"
                raise TooLarge(name, problem, "scan it at a lower resolution or raise GOUJI_MAX_PIXELS")
            dpi = opened.info.get("dpi")
            image = _as_rgb(ImageOps.exif_transpose(opened))
        except TooLarge:
            raise
        # Each format has errors of its own.
        except Exception as error:
            raise Unreadable(name, f"page {number + 1} is damaged ({error})", _SAVE_AGAIN) from None
        yield _with_resolution(image, dpi)


def pixels_of(image: Image.Image) -> Pixels:
    """An image as OpenCV has it."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def _opened(data: bytes, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # The limit is the caller's.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise TooLarge(name, f"has too many pixels ({error})", "scan it at a lower resolution") from None
    except Exception:
        raise Unreadable(name, f"is no image that can be read ({', '.join(_FORMATS)})", _SAVE_AGAIN) from None


def _as_rgb(image: Image.Image) -> Image.Image:
    """Eight bits a colour, on white where it is transparent."""
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        values = np.asarray(image, np.float64)
        most = 65_535.0 if image.mode.startswith("I;16") else max(float(values.max()), 1.0)
        image = Image.fromarray((np.clip(values / most, 0, 1) * 255).astype(np.uint8))
    if image.mode in _ALPHA or "transparency" in image.info:
        shown = image.convert("RGBA")
        paper = Image.new("RGB", shown.size, _WHITE)
        paper.paste(shown, mask=shown.getchannel("A"))
        return paper
    return image.convert("RGB")


def _with_resolution(image: Image.Image, dpi: object) -> tuple[Image.Image, float]:
    """The image with square dots, and its resolution: what the file says where it may be true, else by its looks."""
    across, down = dpi if isinstance(dpi, tuple) and len(dpi) == 2 else (0.0, 0.0)
    across, down = float(across), float(down)
    sides = image.width / max(across, 1.0), image.height / max(down, 1.0)
    least, most = _DPI
    if not (least <= min(across, down) <= max(across, down) <= most and max(sides) <= _LONGEST_INCHES):
        return image, _guessed(image)
    finer = max(across, down)
    # Fax machines draw twice as many dots across as down.
    if finer > 1.05 * min(across, down):
        image = image.resize((round(sides[0] * finer), round(sides[1] * finer)), Image.Resampling.BICUBIC)
    return image, finer


def _guessed(image: Image.Image) -> float:
    """The resolution of a page of A4 where it has that shape, else of text of the common size."""
    short, long = sorted(image.size)
    dpi = long / _A4[1]
    if abs(long / short / (_A4[1] / _A4[0]) - 1) > _NEAR:
        dpi = height_of_text(ink_of(pixels_of(image), dpi), dpi) / _EM_INCHES
    return min(max(dpi, _DPI[0]), _DPI[1])
