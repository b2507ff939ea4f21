"""How a chunk and its schema are put to a model, and how its answer is decoded."""

from __future__ import annotations

from prompts.build import Prompt, build, version
from prompts.wire import BRIEF, WIRES, Answer, Decoded, Wire

__all__ = ["BRIEF", "WIRES", "Answer", "Decoded", "Prompt", "Wire", "build", "version"]
