"""From a checkpoint to the adapter that llama.cpp loads: a GGUF file in half precision."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

ALPHA = "adapter.lora.alpha"

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_NAME = re.compile(r".*\.layers\.(\d+)\.(\w+\.\w+)\.lora_([AB])\..*")


def tensor_name(parameter: str) -> str:
    """The name that llama.cpp gives a parameter of the adapter. Raises ValueError for one that it does not know."""
    match = _NAME.fullmatch(parameter)
    if match is None or match[2] not in _NAMES:
        raise ValueError(f"{parameter} is no part of an adapter that llama.cpp knows")
    return f"blk.{match[1]}.{_NAMES[match[2]]}.weight.lora_{match[3].lower()}"


def export(checkpoint: Path, path: Path) -> str:
    """Write the adapter of a checkpoint; the SHA-256 of the file."""
    import gguf
    import torch

    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "gemma3")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32(ALPHA, float(state["setting"]["alpha"]))
    for name, tensor in sorted(state["lora"].items()):
        writer.add_tensor(tensor_name(name), tensor.to(torch.float16).contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)
    return sha256(path.read_bytes()).hexdigest()
