"""What an answer by reference may have got wrong though every id of it stands in the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prompts.wire.assign import Want
from prompts.wire.base import Given
from prompts.wire.pieces import Piece, Pieces, pieces_of
from schemas.source import Chunk


def doubts_of(wants: Sequence[Want], chunk: Chunk) -> Iterator[str]:
    """Names given to two rows, and rows named by what stands before the figures of another.

    A slip in an id names another label of the source: unlike a slip in a word, it would pass unseen.
    """
    named: dict[int, Want] = {}
    for want in wants:
        if not isinstance(given := want.draft.name, Given):
            continue
        if holder := named.get(given.pieces[0].id):
            yield f"{want.say} has the same name as {holder.say}: {given} ({given.text})"
        for piece in given.pieces:
            named.setdefault(piece.id, want)
    if not named:
        return
    pieces = pieces_of(chunk)
    for want in wants:
        given, beside = want.draft.name, _before(want, pieces, named)
        if isinstance(given, Given) and beside and beside not in given.pieces:
            yield (
                f"{want.say} has the name {given} ({given.text}), but {beside.id} ({pieces.text(beside)}), the name"
                f" of {named[beside.id].say}, stands before its figures"
            )


def _before(want: Want, pieces: Pieces, named: dict[int, Want]) -> Piece | None:
    """The name of another row that stands nearest before the first figure of a row, on its line."""
    places = [item.place for item in want.figures if item.place and item.place.numeral]
    if not places:
        return None
    first = min(places, key=lambda place: place.start)
    piece = pieces.of(first.numeral.id) if first.numeral else None
    while piece and (piece := pieces.get(piece.id - 1)) and piece.line == first.line:
        if piece.numeral is None or piece.id in named:
            return piece if piece.id in named and named[piece.id] is not want else None
    return None
