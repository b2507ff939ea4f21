"""The way to the adapter: samples that hold what the gold says, batches, names of tensors, and what counts as exact."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from evals.cases import CellKey
from evals.garble import case_of
from evals.paper import PrintedTable
from evals.synthetic import draft
from evals.train.__main__ import main
from evals.train.exact import measured, renewed, report
from evals.train.export import export, tensor_name
from evals.train.learn import (
    CHECKPOINT,
    LOSSES,
    RUN,
    Learner,
    Piece,
    Setting,
    batches,
    learn,
    rate_at,
    read_samples,
)
from evals.train.lossy import lossy
from evals.train.samples import (
    FIRST_TEST_SEED,
    Question,
    Sample,
    answer_to,
    questions,
    rows_of,
    samples,
    write,
    written,
)
from prompts import BRIEF
from worker.embedded import card

with_torch = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "peft", "transformers")),
    reason="the extra `train` is not installed",
)


class Characters:
    """A tokenizer to which a character is a token."""

    def tokens(self, text: str, *, whole: bool = False) -> tuple[int, ...]:
        """Code points, behind a 2 for a whole prompt."""
        return (*(2,) * whole, *map(ord, text))


class Scripted:
    """A model that gives a fixed answer to each question."""

    def __init__(self, answers: Callable[[str], str]) -> None:
        self._answers = answers

    def answer(self, text: str, schema: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
        """The answer, as if it had taken ten tokens."""
        assert schema is None or schema["type"] == "object"
        return self._answers(text), {"prompt_n": 100, "predicted_n": 10}


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    """The questions about two documents that have an answer."""
    cases = (case_of(draft(FIRST_TEST_SEED, index), "mild", 1) for index in range(2))
    return [q for case in cases for q in questions(case, BRIEF) if answer_to(q, BRIEF)]


def test_samples_follow_from_the_seed_and_none_comes_twice() -> None:
    one, again = (list(islice(samples(3, "brief", Characters()), 12)) for _ in range(2))
    assert one == again
    assert len({sample.prompt for sample in one}) == 12
    assert all(sample.prompt[0] == 2 and sample.answer[-1] == 1 for sample in one)
    text = "".join(map(chr, one[0].prompt[1:]))
    assert text.startswith(f"{one[0].kind}\n")
    assert json.loads("".join(map(chr, one[0].answer[:-1]))).keys() == {"columns", "rows"}


def test_what_a_text_layer_loses_is_never_a_figure() -> None:
    for index in range(6):
        made = draft(2, index)
        worse = lossy(made, Random(index))
        tables = [
            [block for block in each.paper.blocks if isinstance(block, PrintedTable)]
            for each in (made, worse)
        ]
        assert [_figures(table) for table in tables[0]] == [_figures(table) for table in tables[1]]
        assert any(a.header != b.header for a, b in zip(*tables, strict=True))
        assert any(a.body != b.body for a, b in zip(*tables, strict=True))


def _figures(table: PrintedTable) -> dict[CellKey, str]:
    return {key: table.body[spot.row][spot.column] for spot, key in table.cells.items()}


def test_codes_and_names_that_a_part_has_lost_are_not_asked_for() -> None:
    case = case_of(lossy(draft(2, 0), Random(1)), "clean", 2)
    found = [question for question in questions(case, BRIEF) if answer_to(question, BRIEF)]
    rows = [(row, question.part.text) for question in found for row in question.table.rows]
    assert any(row.code is None for row, _ in rows)
    assert all(row.code in text for row, text in rows if row.code)


def test_seeds_of_tests_make_no_samples() -> None:
    with pytest.raises(ValueError, match="kept for tests"):
        next(samples(FIRST_TEST_SEED, "brief", Characters()))


def test_parts_have_as_many_lines_as_the_card_says_or_as_chance_draws() -> None:
    case = case_of(draft(1, 0), "clean", 1)
    whole = [len(q.table.rows) for q in questions(case, BRIEF)]
    drawn = [len(q.table.rows) for q in questions(case, BRIEF, Random(1))]
    assert max(drawn) <= max(whole)
    assert len(drawn) > len(whole)


def test_the_answer_of_a_sample_means_the_gold(asked: list[Question]) -> None:
    assert len(asked) > 10
    for question in asked:
        model = BRIEF.response_model(question.part.kind, question.part)
        answer = answer_to(question, BRIEF)
        assert answer is not None
        decoded = BRIEF.decode(model.model_validate_json(written(answer)), question.part)
        assert rows_of(decoded.table) == rows_of(question.table)


def test_exact_rows_are_counted(asked: list[Question]) -> None:
    answers = {q.text: written(a) for q in asked if (a := answer_to(q, BRIEF))}
    right = report(measured(asked, Scripted(answers.__getitem__), BRIEF))["mild"]
    assert (right["exact_percent"], right["extra"], right["whole"]) == (100.0, 0, len(asked))
    wrong = report(measured(asked, Scripted(lambda _: "no answer"), BRIEF, grammar=False))["mild"]
    assert (wrong["exact"], wrong["valid"], wrong["rows"]) == (0, 0, right["rows"])


def test_a_row_in_the_wrong_place_is_not_exact(asked: list[Question]) -> None:
    question = next(q for q in asked if q.kind == "basic_expenditure_by_economic" and len(q.table.rows) > 2)
    answer = json.loads(written(answer_to(question, BRIEF)))  # type: ignore[arg-type]
    first, second = (row.split(" ") for row in answer["rows"][:2])
    first[-1], second[-1] = second[-1], first[-1]
    answer["rows"][:2] = [" ".join(first), " ".join(second)]
    (count,) = measured([question], Scripted(lambda _: json.dumps(answer)), BRIEF).values()
    assert (count.exact, count.extra) == (count.rows - 2, 2)


def test_a_card_is_renewed_by_what_was_measured(asked: list[Question], tmp_path: Path) -> None:
    answers = {q.text: written(a) for q in asked if (a := answer_to(q, BRIEF))}
    counts = measured(asked, Scripted(answers.__getitem__), BRIEF)
    run = {"seed": 1, "samples": 2, "steps": 3, "minutes": 4.0, "loss": 0.5, "rank": 16, "alpha": 32}
    (tmp_path / RUN).write_text(json.dumps({**run, "device": "cpu", "rate": 1e-4, "began": "abc"}))
    told = renewed(card(), counts, "digest", tmp_path)
    assert told.trained is not None
    assert (told.adapter, told.trained.began, told.trained.steps) == ("digest", "abc", 3)
    assert told.reads("basic_expenditure_by_economic")
    assert not told.reads("no_such_kind")


def test_batches_hold_every_piece_once_and_no_more_than_they_may() -> None:
    pieces = [Piece([1] * length, 1) for length in (5, 90, 7, 40, 41, 200, 6)]
    found = batches(pieces, 100, Random(0))
    assert sorted(i for batch in found for i in batch) == list(range(7))
    assert all(len(b) * max(len(pieces[i].tokens) for i in b) <= 100 for b in found if len(b) > 1)


def test_the_rate_warms_up_and_falls() -> None:
    rates = [rate_at(i / 100) for i in range(101)]
    assert rates.index(max(rates)) == 3
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] == pytest.approx(0.05)


def test_tensors_have_the_names_of_llama_cpp() -> None:
    begin = "base_model.model.model.layers.7."
    assert tensor_name(f"{begin}self_attn.o_proj.lora_A.default.weight") == "blk.7.attn_output.weight.lora_a"
    assert tensor_name(f"{begin}mlp.gate_proj.lora_B.default.weight") == "blk.7.ffn_gate.weight.lora_b"
    with pytest.raises(ValueError, match="no part of an adapter"):
        tensor_name("base_model.model.lm_head.lora_A.default.weight")


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.gguf"
    assert main(["learn", "--work", str(tmp_path), "--gguf", str(path)]) == 2
    assert "torch is missing: pip install 'gouji[embedded,train]'" in capsys.readouterr().err


@with_torch
@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft and transformers move at different speeds
def test_learning_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    base = _tiny(tmp_path / "base")
    rng = Random(0)
    told = [[rng.randrange(3, 60) for _ in range(12)] for _ in range(60)]
    found = [Sample("k", "clean", tuple(text), (text[3], text[5], 1)) for text in told]
    write(tmp_path / "samples.gz", iter(found), 60)
    pieces = read_samples(tmp_path / "samples.gz")
    folder = tmp_path / "run"
    setting = Setting(minutes=5, epochs=4, tokens=128, rate=1e-2, threads=1)
    first = Learner(base, pieces, setting, folder).run()
    again = Learner(base, pieces, Setting(**{**vars(setting), "epochs": 12}), folder).run()
    assert again.steps > first.steps > 10
    with (folder / LOSSES).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["step"]) for line in lines] == list(range(1, again.steps + 1))
    assert float(lines[-1]["loss"]) < float(lines[0]["loss"])
    assert json.loads((folder / RUN).read_text())["steps"] == again.steps


@with_torch
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_learning_begins_with_an_adapter(tmp_path: Path) -> None:
    base = _tiny(tmp_path / "base")
    pieces = [Piece([3 + (i + j) % 50 for j in range(12)], 6) for i in range(60)]
    setting = Setting(minutes=5, epochs=2, tokens=128, rate=1e-2, threads=1)
    learned = Learner(base, pieces, setting, tmp_path / "one").run().loss
    export(tmp_path / "one" / CHECKPOINT, tmp_path / "adapter.gguf")
    fresh = Learner(base, pieces, setting, tmp_path / "two").held_out_loss()
    again = Setting(**{**vars(setting), "rate": 0.0})
    told = Learner(base, pieces, again, tmp_path / "three", adapter=tmp_path / "adapter.gguf").run().loss
    assert told == pytest.approx(learned, rel=0.01) != pytest.approx(fresh, rel=0.01)
    runs = [json.loads((tmp_path / name / RUN).read_text())["began"] for name in ("one", "three")]
    assert runs == [None, sha256((tmp_path / "adapter.gguf").read_bytes()).hexdigest()]
    other = Setting(**{**vars(setting), "alpha": 8})
    with pytest.raises(ValueError, match="another alpha than 8"):
        Learner(base, pieces, other, tmp_path / "four", adapter=tmp_path / "adapter.gguf").run()


@with_torch
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_processes_learn_alike(tmp_path: Path) -> None:
    _tiny(tmp_path / "base")
    pieces = 40
    found = [Sample("k", "clean", tuple(range(3, 9)), (i % 50 + 3, 1)) for i in range(pieces)]
    write(tmp_path / "samples.gz", iter(found), pieces)
    setting = Setting(minutes=5, epochs=1, tokens=32, rate=1e-3, threads=1, processes=2)
    state = learn(tmp_path / "samples.gz", tmp_path / "no.gguf", tmp_path / "run", setting)
    assert state.samples >= pieces - pieces // 10
    assert state.steps * 2 * (32 // 8) >= state.samples


def _tiny(folder: Path) -> Path:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    config = Gemma3TextConfig(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
    )
    Gemma3ForCausalLM(config).save_pretrained(folder)
    return folder


def test_samples_are_kept_packed(tmp_path: Path) -> None:
    sample = Sample("k", "clean", (2, 3), (4, 1))
    assert write(tmp_path / "s.gz", iter([sample] * 5), 3) == 3
    with gzip.open(tmp_path / "s.gz", "rt") as file:
        assert len(file.readlines()) == 3
    assert read_samples(tmp_path / "s.gz")[0] == Piece([2, 3, 4, 1], 2)
