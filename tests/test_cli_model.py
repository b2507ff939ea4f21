"""`gouji extract` with a model: which tables it closed that layout did not."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.simulate import SimulatedModel
from schemas import Chunk, Reading
from tests.test_simulate import CASE
from worker.cli import app
from worker.readers.layout import LayoutReader

read_by_layout = LayoutReader.read


def short_sighted(self: LayoutReader, chunk: Chunk) -> Reading:
    """What layout reads, without the last row of figures."""
    reading = read_by_layout(self, chunk)
    return reading.model_copy(
        update={"table": reading.table.model_copy(update={"rows": reading.table.rows[:-1]})}
    )


@pytest.mark.parametrize("poor", [True, False])
def test_tables_that_close_by_the_model_alone_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poor: bool
) -> None:
    path = tmp_path / "small.txt"
    path.write_text(CASE.text, encoding="utf-8")
    if poor:
        monkeypatch.setattr(LayoutReader, "read", short_sighted)
    with SimulatedModel([CASE]) as model:
        named = {"GOUJI_MODEL": "simulated", "OPENAI_BASE_URL": model.url}
        done = CliRunner().invoke(app, ["extract", str(path)], env=named)
        shown = CliRunner().invoke(app, ["show", "small.txt", "t01"], env=named)
    assert done.exit_code == 0, done.output
    told = "1 table accepted as read by the model (simulated)"
    assert (told in done.stderr, "small.txt t01" in done.stderr) == (poor, poor)
    assert f"read by {'the model' if poor else 'layout'}" in shown.output
