"""The process that parses. It reads a request and a file from its input, and answers line by line.

    python -P -m worker.ingest.child

It starts without secrets in its environment, takes limits upon itself before it looks at the file, and ends when
its parent does. See `worker.ingest.messages` for what goes to and fro, `worker.ingest.apart` for the other side.
"""

from __future__ import annotations

import base64
import io
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from schemas import ConfigError, InputError, TooLarge, Unreadable, Unsupported
from worker.ingest.media import HTML, OFFICE, PDF
from worker.ingest.messages import (
    Done,
    Opened,
    Picture,
    Refused,
    Reply,
    Request,
    Section,
    Turned,
    unread_sheet,
)
from worker.ingest.page import Sheet
from worker.limits import Limits, missing_for_ocr

if TYPE_CHECKING:
    from PIL.Image import Image

_SAVE_AGAIN = "save it again from the program that made it"
_LARGEST_FILE = 100_000_000
_POINTS = 72
_LONGEST_WORDS = 200
# How libraries say that there is no more memory, beside MemoryError.
_NO_MEMORY = ("bad_alloc", "nsufficient memory", "annot allocate memory", "failed to map segment")


def main() -> None:
    """Serve one request."""
    source = sys.stdin.buffer
    request = Request.model_validate_json(source.readline())
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _limit(request.limits)
    data = source.read(request.size)
    threading.Thread(target=_end_with_parent, args=(source,), daemon=True).start()
    for reply in _answers(request, data):
        answers.write(reply.model_dump_json().encode() + b"\n")
        answers.flush()
        _grant(request.limits)
    # At once: what libraries do at their end may take long or crash.
    os._exit(0)


def _end_with_parent(source: BinaryIO) -> None:
    source.read(1)
    os._exit(1)


def _limit(limits: Limits) -> None:
    """Bound what this process can take; its threads and children inherit it."""
    if os.name != "posix":
        return
    import resource

    for what, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, int(limits.memory)),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
    ):
        _, hard = resource.getrlimit(what)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))
    _grant(limits)


def _grant(limits: Limits) -> None:
    """Allow for one more step, in seconds of processor time on all cores."""
    if os.name != "posix":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(time.process_time() + limits.page_timeout_s * (os.cpu_count() or 1)) + 1
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def _answers(request: Request, data: bytes) -> Iterator[Reply]:
    try:
        if request.task == "sheets":
            yield from _sheets(request, data)
        elif request.task == "text":
            yield from _sections(request, data)
        else:
            yield _picture(request, data)
    # A file can be broken in more ways than can be listed; none may end this process without a word.
    except Exception as error:
        yield Refused.by(_in_words(request, error))
    yield Done()


def _in_words(request: Request, error: Exception) -> InputError:
    if isinstance(error, InputError):
        return error
    if isinstance(error, ConfigError):
        return Unsupported(request.name, "cannot be read here", str(error))
    told = next((line for line in reversed(str(error).splitlines()) if line.strip(" )")), "")[:_LONGEST_WORDS]
    if isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY):
        needed = f"needs more than {request.limits.memory:,} bytes of memory"
        return TooLarge(request.name, needed, "split it or raise GOUJI_INGEST_MEMORY")
    what = ": ".join(filter(None, [type(error).__name__, told]))
    return Unreadable(request.name, f"cannot be read ({what})", _SAVE_AGAIN)


# Text


def _sections(request: Request, data: bytes) -> Iterator[Section]:
    if request.media_type == HTML:
        from worker.ingest.markup import text_of_html

        yield Section(text=text_of_html(data.decode(), request.name))
    elif request.media_type in OFFICE:
        from worker.ingest.office import sections_of

        yield from sections_of(data, request.name, request.media_type)


# Pages


def _sheets(request: Request, data: bytes) -> Iterator[Opened | Turned]:
    limits = request.limits
    if request.media_type == PDF:
        from worker.ingest.pdf import page_count

        total = page_count(data, request.name)
    else:
        from worker.ingest.images import frame_count

        total = frame_count(data, request.name, limits.max_pages)
    if total > limits.max_pages:
        raise TooLarge(
            request.name,
            f"has {total:,} pages, the limit is {limits.max_pages:,}",
            "split it or raise GOUJI_MAX_PAGES",
        )
    yield Opened(pages=total)
    numbers = request.pages or tuple(range(1, total + 1))
    done = 0
    while done < len(numbers):
        try:
            for sheet in _read_pages(request, data, numbers[done:]):
                yield Turned(number=numbers[done], sheet=sheet)
                done += 1
            break
        # One bad page is no reason to give up the others.
        except Exception as error:
            problem = _in_words(request, error)
            if total == 1:
                raise problem from error
            yield Turned(number=numbers[done], sheet=unread_sheet(f"{problem.problem}; {problem.remedy}"))
            done += 1


def _read_pages(request: Request, data: bytes, numbers: Sequence[int]) -> Iterator[Sheet]:
    limits = request.limits
    recognise, why_not = _recogniser(limits)
    if request.media_type != PDF:
        if recognise is None:
            raise Unsupported(request.name, "is an image", why_not)
        from worker.ingest.scan import engine_named, sheets_of_image

        yield from sheets_of_image(
            data,
            request.name,
            max_pixels=limits.max_pixels,
            engine=engine_named(limits.engine),
            pages=[number - 1 for number in numbers],
        )
        return
    from worker.ingest.pdf import sheets_of_pdf

    for sheet in sheets_of_pdf(
        data,
        request.name,
        recognise=recognise,
        pages=[number - 1 for number in numbers],
        max_pixels=limits.max_pixels,
        always=limits.ocr == "always",
    ):
        if sheet.page.problem and why_not:
            page = sheet.page.model_copy(update={"problem": f"{sheet.page.problem}; {why_not}"})
            sheet = sheet.model_copy(update={"page": page})
        yield sheet


def _recogniser(limits: Limits) -> tuple[Callable[[Image, float], Sheet] | None, str]:
    """Who recognises text on images, or why no one does and what would help."""
    if limits.ocr == "never":
        return None, "GOUJI_OCR=auto lets text on images be recognised"
    if missing := missing_for_ocr(limits.engine):
        return None, f"{', '.join(missing)} is missing, install it with pip install 'gouji[ocr]'"

    def recognise(image: Image, dpi: float) -> Sheet:
        from worker.ingest import scan

        return scan.recognise(image, dpi, scan.engine_named(limits.engine))

    return recognise, ""


def _picture(request: Request, data: bytes) -> Picture:
    [number] = request.pages or (1,)
    if request.media_type == PDF:
        from worker.ingest.pdf import render

        image = render(data, request.name, number - 1, request.dpi, turned=request.turned)
    else:
        from worker.ingest.scan.frames import frames

        [(image, _)] = frames(data, request.name, max_pixels=request.limits.max_pixels, pages=[number - 1])
        image = image.rotate(-request.turned, expand=True)
    if all(request.extent):
        width, height = (max(1, round(side * request.dpi / _POINTS)) for side in request.extent)
        image = image.resize((width, height))
    out = io.BytesIO()
    image.save(out, "PNG")
    return Picture(png=base64.b64encode(out.getvalue()).decode())


if __name__ == "__main__":
    main()
