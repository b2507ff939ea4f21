"""The benchmarks of cost and of peers, in a small form: they measure what they say."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import httpx2
import pytest

from evals.baselines import langextract_form as form
from evals.bench.archives import cases, write_archive
from evals.bench.cost import measure
from evals.simulate import SimulatedModel
from schemas import squeeze


def test_an_archive_holds_as_many_documents_as_asked_and_no_two_alike(tmp_path: Path) -> None:
    write_archive(tmp_path / "made.zip", 25, seed=3)
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        texts = {archive.read(name) for name in archive.namelist()}
    assert len(texts) == 25


def test_cost_is_told_for_every_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOUJI_HOME")
    cost = measure(8, seed=1, early=4)
    assert (cost.documents, cost.failed) == (8, 0)
    assert cost.tables >= 8
    assert cost.memory_early
    assert 0 < cost.cpu_ms_a_document < 60_000


def test_a_prompt_of_langextract_is_answered_row_by_row() -> None:
    case = next(iter(cases(1, seed=1)))
    lines = case.text.splitlines()
    piece = "\n".join(lines[len(lines) // 4 :])
    prompt = f"{form.DESCRIPTION}\n\nExamples\nQ: {form.EXAMPLE}\nA: {{}}\n\nQ: {piece}\nA: "
    with SimulatedModel([case], latency_s=0.01) as model:
        body = {"model": "any", "messages": [{"role": "user", "content": prompt}]}
        answer = httpx2.post(f"{model.url}/chat/completions", json=body, trust_env=False).json()
    rows = json.loads(answer["choices"][0]["message"]["content"])["extractions"]
    assert rows
    assert all(squeeze(row["row"]) in squeeze(case.text) for row in rows)
    assert model.written == answer["usage"]["completion_tokens"]
