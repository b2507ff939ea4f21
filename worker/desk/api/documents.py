"""Documents: what they are, their text and file, their tables with every cell, and what does not add up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Annotated, BinaryIO, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import StreamingResponse

from schemas import InputError
from worker.desk.api.entering import tell_workers
from worker.desk.api.once import OnceRoute
from worker.desk.api.paging import SHOWN, Cursor, Limit, Page, begins_after, page
from worker.desk.api.problems import missing, responses
from worker.desk.api.service import REPEATABLE, Id, Name, Served, Service, needs
from worker.desk.api.shapes import (
    Document,
    FindingShape,
    ListedFinding,
    Retried,
    Spent,
    Table,
    TableSummary,
)
from worker.ingest.images import ORIGINAL
from worker.steps import RAW
from worker.store.lines import DocumentLine

router = APIRouter(tags=["documents"], route_class=OnceRoute)

DocumentStatus = Literal["queued", "reading", "concluding", "done", "failed", "cancelled"]
TableStatus = Literal["accepted", "review", "corrected", "rejected", "empty", "failed"]
FindingStatus = Literal["passed", "failed", "skipped"]
Word = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Key = Annotated[str, Path(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f/]+$")]

_PIECE = 1 << 16


@router.get("/documents")
def list_documents(
    request: Request,
    response: Response,
    service: Served,
    batch: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Id of a batch.")] = None,
    status: DocumentStatus | None = None,
    name: Annotated[Name | None, Query(description="A name that it was given by.")] = None,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[Document]:
    """All documents, the latest first."""
    before = begins_after(request, cursor)
    found = service.store.listing.documents(limit + 1, before, batch_id=batch, status=status, name=name)
    return page(request, response, limit, found, lambda line: line.id, Document.of)


@router.get("/documents/{document_id}", responses=responses(404))
def get_document(service: Served, document_id: Id) -> Document:
    """One document."""
    return Document.of(_line(service, document_id))


@router.get(
    "/documents/{document_id}/text",
    response_class=Response,
    responses={**responses(404, 409), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_text(request: Request, service: Served, document_id: Id) -> Response:
    """The text of a document; offsets of cells lead into it."""
    line = _line(service, document_id)
    text = service.store.load_document(line.id).text.encode("utf-8", "replace")
    return _tagged(request, text, "text/plain; charset=utf-8")


@router.get(
    "/documents/{document_id}/original",
    response_class=Response,
    responses={
        **responses(404),
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
def get_original(service: Served, document_id: Id) -> Response:
    """The file that a document was read from, byte for byte, to be saved and not to be shown."""
    line = _line(service, document_id)
    if line.sha256 is None or (kept := _opened(service, line.sha256)) is None:
        raise missing("file of document", document_id)
    name = quote(line.name.rpartition("/")[2], safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}", "etag": f'"{line.sha256}"'}
    return StreamingResponse(_pieces(kept), 200, headers, "application/octet-stream")


@router.post(
    "/documents/{document_id}/retry",
    dependencies=[needs("submit"), REPEATABLE],
    responses=responses(400, 404, 409, 413),
)
def retry_document(service: Served, document_id: Id) -> Retried:
    """Try a document again that failed, or tables of which were given up, in the batches that it came with."""
    line = _line(service, document_id)
    files = service.store.listing.retry_document(line.id)
    if not files:
        raise InputError(line.name, "has nothing to be tried again in any batch", "hand it in again")
    tell_workers(service.app)
    return Retried(files=files)


@router.get("/documents/{document_id}/tables", responses=responses(404))
def list_tables(
    request: Request,
    response: Response,
    service: Served,
    document_id: Id,
    kind: Word = None,
    status: TableStatus | None = None,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[TableSummary]:
    """The tables of a document, in its order."""
    after = begins_after(request, cursor)
    _line(service, document_id)
    found = service.store.listing.tables(document_id, limit + 1, after, kind=kind, status=status)
    return page(
        request, response, limit, found, lambda entry: entry[0], lambda entry: TableSummary.of(entry[1])
    )


@router.get("/documents/{document_id}/tables/{table}", response_model=Table, responses=responses(404))
def get_table(request: Request, service: Served, document_id: Id, table: Key) -> Response:
    """A typed table with every cell and its place, its verdict, and the findings it takes part in."""
    _line(service, document_id)
    if (found := service.store.listing.table(document_id, table)) is None:
        raise missing(f"table in document {document_id} called", table)
    return _tagged(request, Table.of(found).model_dump_json().encode(), "application/json")


@router.get("/documents/{document_id}/findings", responses=responses(404))
def list_findings_of_document(
    request: Request,
    response: Response,
    service: Served,
    document_id: Id,
    rule: Word = None,
    status: FindingStatus | None = None,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[FindingShape]:
    """The outcome of every identity of a document, in the order of its tables."""
    after = begins_after(request, cursor)
    _line(service, document_id)
    found = service.store.listing.findings_of(document_id, limit + 1, after, rule=rule, status=status)
    return page(
        request,
        response,
        limit,
        found,
        lambda entry: entry[0],
        lambda entry: FindingShape.of(entry[1].finding),
    )


@router.get("/findings", tags=["findings"])
def list_failed_findings(
    request: Request,
    response: Response,
    service: Served,
    rule: Word = None,
    limit: Limit = SHOWN,
    cursor: Cursor = None,
) -> Page[ListedFinding]:
    """What does not add up in any document, the latest first; what does is listed by document."""
    before = begins_after(request, cursor)
    found = service.store.listing.failed_findings(limit + 1, before, rule=rule)
    return page(request, response, limit, found, lambda line: line.id, ListedFinding.of)


@router.get("/documents/{document_id}/usage", responses=responses(404))
def get_document_usage(service: Served, document_id: Id) -> Spent:
    """What calls to a model came to for a document, all its runs together."""
    return Spent.of(service.store.usage(_line(service, document_id).id))


def _line(service: Service, document_id: int) -> DocumentLine:
    if (line := service.store.listing.document(document_id)) is None:
        raise missing("document", document_id)
    return line


def _tagged(request: Request, body: bytes, media_type: str) -> Response:
    """The body with its ETag; nothing but that for who has it already."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    given = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if given & {tag, "*"}:
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, 200, {"etag": tag}, media_type)


def _opened(service: Service, digest: str) -> AbstractContextManager[BinaryIO] | None:
    blobs = service.store.blobs
    name = next((name for name in (ORIGINAL, RAW) if blobs.has(digest, name)), None)
    return blobs.opened(digest, name) if name else None


def _pieces(kept: AbstractContextManager[BinaryIO]) -> Iterator[bytes]:
    with kept as file:
        while piece := file.read(_PIECE):
            yield piece
