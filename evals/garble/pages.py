"""Scans of the pages of a PDF: rendered, and worsened as a copier worsens them, seeded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter

_POINTS = 72
_WHITE = 255


class Scan(NamedTuple):
    """How pages are scanned.

    `dpi` of the image; `skew` in degrees, to the left or to the right by chance; `blur` in points of radius;
    `noise`, the standard deviation of grey values (0..255); `quality` of the JPEG.
    """

    dpi: int
    skew: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    quality: int = 95


CLEAN = Scan(dpi=200)
DEGRADED = Scan(dpi=150, skew=1.0, blur=0.2, noise=8.0, quality=60)
POOR = Scan(dpi=60, skew=1.0, blur=0.4, noise=16.0, quality=30)


def images_of(pdf: Path, scan: Scan, seed: int) -> Iterator[Image.Image]:
    """The pages of a PDF as grey images, one by one. Raises pypdfium2.PdfiumError where it is none."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number in range(len(document)):
            page = document[number]
            image = page.render(scale=scan.dpi / _POINTS, grayscale=True).to_pil().convert("L")
            page.close()
            yield worsened(image, scan, Random(f"{seed}/{pdf.name}/{number}"))
    finally:
        document.close()


def worsened(image: Image.Image, scan: Scan, dice: Random) -> Image.Image:
    """A grey image blurred, askew and noisy; the size stays."""
    if scan.skew:
        angle = dice.choice((-scan.skew, scan.skew))
        image = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=_WHITE)
    if scan.blur:
        image = image.filter(ImageFilter.GaussianBlur(scan.blur * scan.dpi / _POINTS))
    if scan.noise:
        noise = np.random.default_rng(dice.getrandbits(64)).normal(
            0.0, scan.noise, (image.height, image.width)
        )
        image = Image.fromarray(np.clip(np.asarray(image) + noise, 0, _WHITE).astype(np.uint8))
    return image


def write_scan(pdf: Path, path: Path, scan: Scan, seed: int) -> None:
    """Write the pages of a PDF as a PDF of JPEG images, each of the size of its page."""
    first, *others = images_of(pdf, scan, seed)
    first.save(path, "PDF", save_all=True, append_images=others, resolution=scan.dpi, quality=scan.quality)
