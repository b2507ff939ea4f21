"""Files and jobs of the batch API of an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Literal, NamedTuple

import openai
from openai.types import Batch

from schemas.errors import GoujiError, Refused
from worker.readers.llm.failures import error_of
from worker.settings import Settings

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
LONGEST_LINE = 16_000_000
"""The longest line, in bytes, of an output that is looked at."""

_MARK = "gouji_job"
_PAGE = 100
_MOST_PAGES = 100
_SLACK_S = 3_600
_NO_API = frozenset({404, 405, 501})


class NoBatchApi(Refused):
    """The endpoint has no batch API."""


class Gone(Refused):
    """The endpoint does not know the file or the job any more."""


class RemoteJob(NamedTuple):
    """A job as the endpoint tells it. `problem` is why it failed as a whole, `code` the same in a word."""

    id: str
    status: str
    outputs: tuple[str, ...]
    problem: str
    code: str

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in {"completed", "failed", "expired", "cancelled"}


class BatchApi:
    """The batch API of the endpoint that the settings name. Close it.

    All raise Transient and Throttled where trying again may help, Refused and ConfigError where it will not.
    """

    def __init__(self, settings: Settings) -> None:
        key = settings.openai_api_key
        self._sdk = openai.OpenAI(
            api_key=key.get_secret_value() if key else "none",
            base_url=settings.openai_base_url,
            timeout=settings.timeout_s,
            max_retries=0,
        )

    def close(self) -> None:
        """Close the connections."""
        self._sdk.close()

    def find_file(self, name: str, since: float) -> str | None:
        """The id of the file of this name, made after `since` (seconds since the epoch), None if there is none."""
        files = _listed(lambda: self._sdk.files.list(purpose="batch", order="desc", limit=_PAGE), since)
        return next((str(file.id) for file in files if file.filename == name), None)

    def upload(self, name: str, content: BinaryIO) -> str:
        """Send a file of requests; its id. Raises NoBatchApi."""
        try:
            return self._sdk.files.create(file=(name, content, "application/jsonl"), purpose="batch").id
        except Exception as error:
            raise _mapped(error, NoBatchApi) from None

    def find(self, token: str, since: float) -> RemoteJob | None:
        """The job that was created with `token` after `since`, None if there is none."""
        batches = _listed(lambda: self._sdk.batches.list(limit=_PAGE), since)
        return next((_job(each) for each in batches if (each.metadata or {}).get(_MARK) == token), None)

    def create(self, file_id: str, token: str) -> RemoteJob:
        """Begin a job over a file. Raises NoBatchApi."""
        try:
            return _job(
                self._sdk.batches.create(
                    input_file_id=file_id,
                    endpoint=ENDPOINT,
                    completion_window="24h",
                    metadata={_MARK: token},
                )
            )
        except Exception as error:
            raise _mapped(error, NoBatchApi) from None

    def look(self, job_id: str) -> RemoteJob:
        """How far a job is. Raises Gone."""
        try:
            return _job(self._sdk.batches.retrieve(job_id))
        except Exception as error:
            raise _mapped(error, Gone) from None

    def cancel(self, job_id: str) -> None:
        """Have a job stopped; what it has answered so far is still to be had. Raises Gone."""
        try:
            self._sdk.batches.cancel(job_id)
        except Exception as error:
            raise _mapped(error, Gone) from None

    def lines(self, file_id: str) -> Iterator[bytes | None]:
        """The lines of an output as they come, None for one that is too long. Raises Gone."""
        try:
            with self._sdk.files.with_streaming_response.content(file_id) as response:
                yield from _lines(response.iter_bytes())
        except GoujiError:
            raise
        except Exception as error:
            raise _mapped(error, Gone) from None


def _listed(ask: Callable[[], Any], since: float) -> Iterator[Any]:
    """What an endpoint lists, the newest first; nothing where it has no lists."""
    try:
        page = ask()
        for _ in range(_MOST_PAGES):
            yield from page.data or ()
            times = [each.created_at for each in page.data or ()]
            # Some list the oldest first.
            if not times or (times[0] >= times[-1] and times[-1] < since - _SLACK_S):
                return
            if not page.has_next_page():
                return
            page = page.get_next_page()
    except Exception as error:
        mapped = _mapped(error, NoBatchApi)
        if not isinstance(mapped, NoBatchApi):
            raise mapped from None


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes | None]:
    held = bytearray()
    too_long = False
    for piece in pieces:
        first, *rest = piece.split(b"\n")
        for end, part in enumerate((first, *rest)):
            if end:
                yield None if too_long else bytes(held)
                held.clear()
                too_long = False
            too_long = too_long or len(held) + len(part) > LONGEST_LINE
            held = bytearray() if too_long else held + part
    if held or too_long:
        yield None if too_long else bytes(held)


def _job(batch: Batch) -> RemoteJob:
    """Fields are looked at with care: nothing of what an endpoint answers is checked on the way."""
    found = (batch.output_file_id, batch.error_file_id)
    said = [error for error in (batch.errors.data if batch.errors else None) or () if error.message]
    return RemoteJob(
        id=str(batch.id),
        status=str(batch.status),
        outputs=tuple(str(each) for each in found if each),
        problem="; ".join(str(error.message) for error in said[:3]),
        code=str(said[0].code or "") if said else "",
    )


def _mapped(error: Exception, missing: type[Refused]) -> GoujiError:
    if isinstance(error, openai.APIStatusError) and error.status_code in _NO_API:
        said = str(error.message)[:200]
        words = {
            NoBatchApi: "the endpoint has no batch API",
            Gone: "the endpoint does not know the job any more",
        }
        return missing(f"{words[missing]} (HTTP {error.status_code}: {said})")
    return error_of(error)
