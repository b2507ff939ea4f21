"""`gouji findings`: what holds and what does not in a document."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from worker.cli.console import Json, out, print_json
from worker.cli.stored import DOC_HELP, documents, load, opened


def findings(
    doc: Annotated[
        str,
        typer.Argument(metavar="DOC", help=DOC_HELP),
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Also the checks that pass or lack a figure.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the checks that fail in a document, with the cells under suspicion."""
    with opened() as store:
        [record] = documents(store, [doc])
        extraction = load(store, record)
    shown = [finding for finding in extraction.findings if everything or finding.status == "failed"]
    if as_json:
        print_json([finding.model_dump(mode="json") for finding in shown])
        return
    from worker.cli.lists import draw_findings

    for part in draw_findings(shown, extraction):
        out().print(part)
    count = Counter(finding.status for finding in extraction.findings)
    out().print(f"{count['passed']} checks pass, {count['failed']} fail, {count['skipped']} lack a figure.")
