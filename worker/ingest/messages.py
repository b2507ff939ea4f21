"""What goes between the process that reads files and its child: one JSON object a line, in each direction."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from schemas import EmptyInput, InputError, TooLarge, Unreadable, Unsupported
from schemas.source import Page
from worker.ingest.page import Sheet
from worker.limits import Limits

_ERRORS: dict[str, type[InputError]] = {
    error.__name__: error for error in (Unreadable, EmptyInput, TooLarge, Unsupported)
}


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(_Message):
    """What the child is to do with the file of `size` bytes that follows.

    `sheets`: the pages numbered in `pages` (None: all) as Sheets; `text`: all of it as Sections;
    `picture`: the first of `pages` at `dpi`, turned by so many degrees clockwise; `extent` is then its width
    and height in points.
    """

    task: Literal["sheets", "text", "picture"]
    name: str
    media_type: str
    size: int
    limits: Limits
    pages: tuple[int, ...] | None = None
    dpi: int = 150
    turned: int = 0
    extent: tuple[float, float] = (0, 0)


class Opened(_Message):
    """The file could be opened; it has so many pages."""

    type: Literal["opened"] = "opened"
    pages: int


class Turned(_Message):
    """A page was read; `number` is 1-based."""

    type: Literal["turned"] = "turned"
    number: int
    sheet: Sheet


class Section(_Message):
    """A stretch of text that has no place on a page: a sheet of a workbook, a page of flowing text.

    `notes` say what of it was left out.
    """

    type: Literal["section"] = "section"
    text: str
    notes: tuple[str, ...] = ()


class Picture(_Message):
    """A page as PNG, in base64."""

    type: Literal["picture"] = "picture"
    png: str


class Refused(_Message):
    """The file cannot be used: the class of the InputError, and its words."""

    type: Literal["refused"] = "refused"
    error: str
    problem: str
    remedy: str

    @classmethod
    def by(cls, error: InputError) -> Refused:
        """The message for an error."""
        return cls(error=type(error).__name__, problem=error.problem, remedy=error.remedy)

    def error_for(self, file: str) -> InputError:
        """The error to raise for a message."""
        return _ERRORS.get(self.error, InputError)(file, self.problem, self.remedy)


class Done(_Message):
    """Nothing more follows."""

    type: Literal["done"] = "done"


Reply = Annotated[Opened | Turned | Section | Picture | Refused | Done, Field(discriminator="type")]
REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)
"""Parses a line of the child."""


def unread_sheet(problem: str) -> Sheet:
    """A page of which nothing could be read, not even its size."""
    return Sheet(page=Page(width=0, height=0, source="none", problem=problem))
