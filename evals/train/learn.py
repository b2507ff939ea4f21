"""Learning: a LoRA adapter on the dequantised base model, loss on the answers alone, resumable, within a time.

It needs torch, transformers, peft and gguf, the file of samples and the weights of the base model, and nothing else of
the project: it runs where no network and none of its other packages are.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

CHECKPOINT, LOSSES, RUN, MEETING = "checkpoint.pt", "losses.csv", "run.json", "meeting"
"""What a folder of learning holds: the newest state, the losses step by step, what it came to, and where several
processes find each other."""

_HELD_OUT = 32
_SAVE_EVERY_S = 60.0
_LOOK_SHARE = 0.03
"""Of the time, so much goes into the loss of held-out samples at most."""
_FIRST_LOOK = 5.0
"""Minutes after which it is first computed."""
_WARM_UP = 0.03
_LEAST_RATE = 0.05
_PATIENCE = timedelta(hours=12)
"""So long a process waits for the others, which may be stopped meanwhile."""


@dataclass(frozen=True)
class Setting:
    """How it is learned. `tokens` are those of a batch, padding included; it ends after `minutes` or `epochs`.

    Minutes on a CPU are those that it computes, not those that it waits for others. `processes`: so many learn side
    by side, each a batch a step; on CPUs they are steadier than threads. `half`: the base model in bfloat16, as
    always on a GPU.
    """

    device: str = "cpu"
    minutes: float = 25.0
    epochs: float = 1.0
    tokens: int = 4096
    rate: float = 6e-4
    rank: int = 16
    alpha: int = 32
    seed: int = 0
    threads: int = 0
    half: bool = False
    processes: int = 1


class Piece(NamedTuple):
    """A sample: its tokens, and where the answer begins."""

    tokens: list[int]
    answer: int


class State(NamedTuple):
    """What came of learning: steps, samples seen, minutes spent and the loss of held-out samples."""

    steps: int
    samples: int
    minutes: float
    loss: float


def read_samples(path: Path) -> list[Piece]:
    """The samples of a file of `evals.train.samples`."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    return [Piece([*prompt, *answer], len(prompt)) for _, _, prompt, answer in found]


def batches(pieces: Sequence[Piece], tokens: int, rng: Random) -> list[list[int]]:
    """Places of all pieces in batches of about the same length each, at most so many tokens with padding, shuffled."""
    order = sorted(range(len(pieces)), key=lambda i: len(pieces[i].tokens) + rng.random() * 32)
    made: list[list[int]] = [[]]
    longest = 0
    for i in order:
        longest = max(longest, len(pieces[i].tokens))
        if made[-1] and longest * (len(made[-1]) + 1) > tokens:
            made.append([])
            longest = len(pieces[i].tokens)
        made[-1].append(i)
    rng.shuffle(made)
    return [batch for batch in made if batch]


def rate_at(progress: float) -> float:
    """The share of the learning rate at a progress of 0 to 1: warm-up, then a cosine."""
    if progress < _WARM_UP:
        return max(progress, 0.002) / _WARM_UP
    fall = min(1.0, (progress - _WARM_UP) / (1 - _WARM_UP))
    return _LEAST_RATE + (1 - _LEAST_RATE) * (1 + math.cos(math.pi * fall)) / 2


class Learner:
    """A model with its adapter, and what it learns from."""

    def __init__(
        self,
        base: Path,
        pieces: Sequence[Piece],
        setting: Setting,
        folder: Path,
        *,
        adapter: Path | None = None,
        rank: int = 0,
    ) -> None:
        """`adapter`: a GGUF file whose weights are gone on from. `rank`: which of the processes this is."""
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM

        if setting.threads:
            torch.set_num_threads(setting.threads)
        torch.manual_seed(setting.seed)
        self._torch, self._setting, self._folder = torch, setting, folder
        self._adapter, self._rank = adapter, rank
        self._half = setting.half or setting.device != "cpu"
        kind = torch.bfloat16 if self._half else torch.float32
        # On CPUs the gradient of fused attention takes a quarter longer than that of plain products.
        attention = "eager" if setting.device == "cpu" else "sdpa"
        model = AutoModelForCausalLM.from_pretrained(base, dtype=kind, attn_implementation=attention)
        told = LoraConfig(
            r=setting.rank, lora_alpha=setting.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        )
        self._model = get_peft_model(model, told).to(setting.device)
        for module in self._model.modules():
            # The type is that of `autocast`; to and fro costs time.
            if hasattr(module, "cast_input_dtype_enabled"):
                module.cast_input_dtype_enabled = not self._half
        self._mine = {name: p for name, p in self._model.named_parameters() if p.requires_grad}
        for parameter in self._mine.values():
            parameter.data = parameter.data.float()
        self._optimiser = torch.optim.AdamW(self._mine.values(), lr=setting.rate, weight_decay=0.0)
        # Of 262 thousand tokens some ten thousand are in use: logits of the others cost half of all time.
        used = sorted({token for piece in pieces for token in piece.tokens})
        self._place = {token: i for i, token in enumerate(used)}
        weights = self._model.get_base_model().get_input_embeddings().weight
        self._head = weights[torch.tensor(used, device=setting.device)].detach()
        held = min(_HELD_OUT, len(pieces) // 10)
        self._held, self._pieces = pieces[:held], pieces[held:]
        self.steps = self.seen = 0
        self.spent = 0.0

    def _loss(self, batch: Sequence[Piece]) -> Any:
        """The mean loss of the tokens of the answers."""
        torch, device = self._torch, self._setting.device
        longest = max(len(piece.tokens) for piece in batch)
        ids = torch.zeros((len(batch), longest), dtype=torch.long)
        rows, columns, wanted = [], [], []
        for i, (tokens, answer) in enumerate(batch):
            ids[i, : len(tokens)] = torch.tensor(tokens)
            for at in range(answer, len(tokens)):
                rows.append(i)
                columns.append(at - 1)
                wanted.append(self._place[tokens[at]])
        inner = self._model.get_base_model().model
        with torch.autocast(device, dtype=torch.bfloat16, enabled=self._half):
            # What fills a batch up stands behind the samples, which see only what is before: no mask is needed.
            hidden = inner(input_ids=ids.to(device)).last_hidden_state
            logits = hidden[torch.tensor(rows), torch.tensor(columns)] @ self._head.T
        return torch.nn.functional.cross_entropy(logits.float(), torch.tensor(wanted, device=device))

    def held_out_loss(self) -> float:
        """The loss of the samples that are not learned from."""
        self._model.eval()
        with self._torch.no_grad():
            parts = batches(self._held, self._setting.tokens, Random(0))
            losses: list[float] = [
                self._loss([self._held[i] for i in part]).item() * len(part) for part in parts
            ]
        self._model.train()
        return sum(losses) / max(1, len(self._held))

    def _plan(self) -> Iterator[list[Piece]]:
        """The batches of this process from where learning stands, epoch by epoch, without end."""
        setting, epoch, before = self._setting, 0, 0
        while True:
            for batch in batches(self._pieces, setting.tokens, Random(f"{setting.seed}:{epoch}")):
                step, rank = divmod(before, setting.processes)
                before += 1
                if step >= self.steps and rank == self._rank:
                    yield [self._pieces[i] for i in batch]
            epoch += 1

    def _clock(self) -> float:
        """Minutes of a clock that stands still while others have the processor."""
        seconds = time.process_time() if self._setting.device == "cpu" else time.monotonic()
        threads = self._torch.get_num_threads() if self._setting.device == "cpu" else 1
        return seconds / threads / 60

    def _shared(self, seen: int, loss: float) -> tuple[int, float]:
        """Gradients, samples, loss and time of all processes, so that all go on alike."""
        if self._setting.processes == 1:
            return seen, loss
        torch = self._torch
        told = torch.tensor([float(seen), loss, self.spent if self._rank == 0 else 0.0])
        flat = torch.cat([told, *(p.grad.reshape(-1) for p in self._mine.values())])
        torch.distributed.all_reduce(flat)
        at = len(told)
        for parameter in self._mine.values():
            size = parameter.numel()
            parameter.grad.copy_(flat[at : at + size].view_as(parameter) / self._setting.processes)
            at += size
        self.spent = float(flat[2])
        return round(float(flat[0])), float(flat[1]) / self._setting.processes

    def run(self) -> State:
        """Learn until the time is up or all samples were seen; goes on where a checkpoint left off."""
        self._take_up()
        setting, clock = self._setting, self._clock() - self.spent
        total = setting.epochs * len(self._pieces)
        saved, look_at = time.monotonic(), self.spent + _FIRST_LOOK
        for batch in self._plan():
            progress = max(self.spent / setting.minutes, self.seen / total)
            if progress >= 1:
                break
            rate = setting.rate * rate_at(progress)
            for group in self._optimiser.param_groups:
                group["lr"] = rate
            loss = self._loss(batch)
            loss.backward()
            self.spent = self._clock() - clock
            seen, told = self._shared(len(batch), loss.item())
            self._torch.nn.utils.clip_grad_norm_(list(self._mine.values()), 1.0)
            self._optimiser.step()
            self._optimiser.zero_grad()
            self.steps += 1
            self.seen += seen
            if self._rank:
                continue
            held = ""
            if time.monotonic() - saved > _SAVE_EVERY_S:
                self.save()
                saved = time.monotonic()
            if self.spent > look_at:
                held = f"{self.held_out_loss():.4f}"
                look_at = self.spent + (self._clock() - clock - self.spent) / _LOOK_SHARE
            self._note(self.steps, self.seen, f"{self.spent:.2f}", f"{rate:.2e}", f"{told:.4f}", held)
        state = State(self.steps, self.seen, round(self.spent, 1), 0.0)
        if self._rank:
            return state
        self.save()
        state = state._replace(loss=round(self.held_out_loss(), 5))
        began = sha256(self._adapter.read_bytes()).hexdigest() if self._adapter else None
        told_run = {**asdict(setting), **state._asdict(), "pieces": len(self._pieces), "began": began}
        (self._folder / RUN).write_text(json.dumps(told_run, indent=1) + "\n", encoding="utf-8")
        return state

    def _note(self, *values: object) -> None:
        """A line of the losses."""
        path = self._folder / LOSSES
        fresh = not path.exists()
        with path.open("a", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            if fresh:
                lines.writerow(("step", "samples", "minutes", "rate", "loss", "held_out"))
            lines.writerow(values)

    def save(self) -> None:
        """Keep the state; whoever finds the file finds all of it."""
        part = self._folder / f"{CHECKPOINT}.part"
        lora = {name: parameter.detach().cpu() for name, parameter in self._mine.items()}
        at = {"steps": self.steps, "seen": self.seen, "spent": self.spent}
        state = {
            "lora": lora,
            "optimiser": self._optimiser.state_dict(),
            "setting": asdict(self._setting),
            **at,
        }
        self._torch.save(state, part)
        part.replace(self._folder / CHECKPOINT)

    def _take_up(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / CHECKPOINT
        if not path.exists():
            if self._adapter:
                self._go_on_from(self._adapter)
            return
        state = self._torch.load(path, map_location="cpu", weights_only=True)
        for name, parameter in self._mine.items():
            parameter.data.copy_(state["lora"][name])
        self._optimiser.load_state_dict(state["optimiser"])
        self.steps, self.seen, self.spent = state["steps"], state["seen"], state["spent"]

    def _go_on_from(self, adapter: Path) -> None:
        """Begin with the weights of an adapter. Raises ValueError for one of another rank or scale."""
        from gguf import GGUFReader

        from evals.train.export import ALPHA, tensor_name

        reader = GGUFReader(adapter)
        weights = {tensor.name: tensor.data for tensor in reader.tensors}
        if float(reader.fields[ALPHA].contents()) != self._setting.alpha:
            raise ValueError(f"{adapter} has another alpha than {self._setting.alpha}")
        for name, parameter in self._mine.items():
            parameter.data.copy_(self._torch.tensor(weights[tensor_name(name)]).view_as(parameter))


def dequantised(gguf: Path, folder: Path) -> Path:
    """The base model as torch loads it, made from its GGUF when it is first needed (about a minute)."""
    if not (folder / "config.json").exists():
        import torch
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
        # It would not be saved as something quantised.
        del model.config.quantization_config
        model.hf_quantizer, model.is_quantized = None, False
        model.save_pretrained(folder)
    return folder


def learn(samples: Path, gguf: Path, folder: Path, setting: Setting, adapter: Path | None = None) -> State:
    """Learn from a file of samples into a folder, beginning with the weights of an adapter if one is given."""
    base = dequantised(gguf, folder.parent / "base")
    told = base, samples, setting, folder, adapter
    if setting.processes == 1:
        return _one(0, *told)
    import torch.multiprocessing

    # They find each other by a file, which must not be left from before.
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MEETING).unlink(missing_ok=True)
    others = torch.multiprocessing.start_processes(
        _other, args=told, nprocs=setting.processes - 1, join=False, start_method="spawn"
    )
    state = _one(0, *told)
    others.join()
    return state


def _other(index: int, *told: Any) -> None:
    _one(index + 1, *told)


def _one(rank: int, base: Path, samples: Path, setting: Setting, folder: Path, adapter: Path | None) -> State:
    if setting.processes > 1:
        import torch.distributed

        meeting = (folder / MEETING).resolve().as_uri()
        torch.distributed.init_process_group(
            "gloo", init_method=meeting, rank=rank, world_size=setting.processes, timeout=_PATIENCE
        )
    return Learner(base, read_samples(samples), setting, folder, adapter=adapter, rank=rank).run()
