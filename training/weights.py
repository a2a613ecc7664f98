"""The trained weights as they are kept in git: `python weights.py ROLE …` packs the checkpoints of the build folder.

A checkpoint also holds the optimisers and the raw weights, eight times as much. Kept are the averaged weights in
float16, tied ones once, and the training record. What is exported, measured and compared with is these rounded weights
in float32, so that everything in `public/models` can be made again from a clone, without training.
"""
from __future__ import annotations

import json
import sys

import numpy as np
import torch
from transformers import LlamaForCausalLM

from family import SPECS, WEIGHTS, ModelSpec, llama_config

TIED = "lm_head.weight"


def pack(spec: ModelSpec) -> None:
    """Write the weights file of a spec from its checkpoint."""
    state = torch.load(spec.checkpoint, weights_only=True, map_location="cpu")
    arrays = {name: value.half().numpy() for name, value in state["model"].items() if name != TIED}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise RuntimeError(f"{spec.id}: a weight does not fit float16")
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(spec.weights, record=np.frombuffer(json.dumps(state["record"]).encode(), dtype=np.uint8), **arrays)


def load_model(spec: ModelSpec) -> LlamaForCausalLM:
    """The trained model of a spec in float32, ready for inference."""
    with np.load(spec.weights) as arrays:
        state = {name: torch.from_numpy(arrays[name]).float() for name in arrays.files if name != "record"}
    state[TIED] = state["model.embed_tokens.weight"]
    model = LlamaForCausalLM(llama_config(spec))
    model.load_state_dict(state)
    return model.eval()


def record_of(spec: ModelSpec) -> dict:
    """Tokens, steps, seconds and losses of the training."""
    with np.load(spec.weights) as arrays:
        return json.loads(arrays["record"].tobytes())


if __name__ == "__main__":
    for role in sys.argv[1:] or SPECS:
        pack(SPECS[role])
