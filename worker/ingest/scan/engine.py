"""Engines that recognise text: they find lines on an image and read crops of lines; nothing else is asked of them.

Nothing is fetched: models come with the installed packages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas import ConfigError
from worker.limits import Engine as EngineName

Pixels = NDArray[np.uint8]
"""An image, height × width × 3, its channels in the order of OpenCV: blue, green, red."""
Region = tuple[int, int, int, int]
"""(x0, top, x1, bottom) in pixels."""

_INSTALL = "pip install 'gouji[ocr]'"
_DET = "PP-OCRv6_det_small.onnx"
_REC = "PP-OCRv6_rec_small.onnx"
_THREADS = 2


class Line(NamedTuple):
    """What a crop says: its characters, the centre of each as a share of the crop's width, the score of each, 0..1."""

    text: str
    places: tuple[float, ...]
    scores: tuple[float, ...]


class Engine(Protocol):
    """What recognition needs of an engine."""

    def find(self, image: Pixels) -> list[Region]:
        """Where lines of text, or parts of lines, stand on an image."""
        ...

    def read(self, crops: Sequence[Pixels]) -> list[Line]:
        """The text of crops of one line each, in their order."""
        ...


@cache
def engine_named(name: EngineName) -> Engine:
    """The engine of that name, one for the process. Raises ConfigError where it is not installed."""
    if name == "rapidocr":
        return RapidOcr()
    from worker.ingest.scan.tesseract import Tesseract

    return Tesseract()


class RapidOcr:
    """PP-OCRv6 by RapidOCR on ONNX Runtime."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finder = _rapid(_THREADS)
        # A crop at a time on each thread: a batch saves nothing on processors and pays for its widest member.
        self._reader = _rapid(1)

    def find(self, image: Pixels) -> list[Region]:
        """Where text stands."""
        with self._lock:
            boxes = self._finder(image, use_cls=False, use_rec=False).boxes
        return [_region(np.asarray(box)) for box in (() if boxes is None else boxes)]

    def read(self, crops: Sequence[Pixels]) -> list[Line]:
        """The text of crops."""
        if crops:
            # The model is loaded by the first call.
            first = self._read(crops[0])
            with ThreadPoolExecutor(_THREADS) as pool:
                return [first, *pool.map(self._read, crops[1:])]
        return []

    def _read(self, crop: Pixels) -> Line:
        out = self._reader(crop, use_det=False, use_cls=False, use_rec=True)
        if not out.txts or not out.txts[0]:
            return Line("", (), ())
        text, info = out.txts[0], out.word_results[0]
        columns = iter([column for word in info.word_cols for column in word])
        places = [0.0]
        for char in text:
            # Blanks have no column of their own.
            places.append(places[-1] if char.isspace() else min(1.0, next(columns) / info.line_txt_len))
        return Line(text, tuple(places[1:]), tuple(info.confs))


def _rapid(threads: int) -> Callable[..., Any]:
    if missing := [name for name in ("rapidocr", "onnxruntime") if find_spec(name) is None]:
        raise ConfigError(f"text on images cannot be recognised without {' and '.join(missing)}: {_INSTALL}")
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    if missing := [name for name in (_DET, _REC) if not (models / name).is_file()]:
        raise ConfigError(f"{models} lacks {', '.join(missing)}: {_INSTALL}")
    engine: Callable[..., Any] = rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "Global.text_score": 0.0,
            # Whoever asks has scaled the image and cut the crops.
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "Det.limit_type": "max",
            "Det.limit_side_len": 10_000,
            # Crops are not padded beyond a square.
            "Rec.rec_img_shape": [3, 48, 48],
            # By its path a model is opened; by its name it may be fetched.
            "Det.model_path": str(models / _DET),
            "Rec.model_path": str(models / _REC),
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        }
    )
    return engine


def _region(box: NDArray[Any]) -> Region:
    (x0, top), (x1, bottom) = box.min(axis=0), box.max(axis=0)
    return int(x0), int(top), int(x1) + 1, int(bottom) + 1
