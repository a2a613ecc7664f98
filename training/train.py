"""Train one model of the family: `python train.py S|M|L|Stranger [--stories N] [--threads N]`.

One pass over the fixed training set. S, M and L see the same stories in the same order. Stories of
similar length are batched together inside a window, and padded to one of a few widths, so that the
compiled step has few shapes.
"""
from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional
from transformers import LlamaForCausalLM

from evaluate import encode, mean_loss, validation_texts
from family import BUILD, PAD_ID, SPECS, ModelSpec, llama_config
from texts import training_tokens

BLOCK = 32  # stories that stay together in the order; a model's batch divides it
WINDOW_BLOCKS = 128
WIDTHS = (88, 104, 120, 160)
WARMUP_BLOCKS = 200
ORDER_SEED = 2026
FINAL_LR_SHARE = 0.02


def batches(ids: np.ndarray, lengths: np.ndarray):
    """Yield right-padded int64 matrices of the whole training set, in an order fixed by ORDER_SEED."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rng = np.random.default_rng(ORDER_SEED)
    window = BLOCK * WINDOW_BLOCKS
    for start in range(0, len(lengths), window):
        rows = np.arange(start, min(start + window, len(lengths)))
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        groups = [rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)]
        for k in rng.permutation(len(groups)):
            group = groups[k]
            if len(group) < BLOCK:
                continue
            width = next(w for w in WIDTHS if w >= lengths[group].max())
            matrix = np.full((BLOCK, width), PAD_ID, dtype=np.int64)
            for row, story in enumerate(group):
                matrix[row, : lengths[story]] = ids[offsets[story] : offsets[story + 1]]
            yield torch.from_numpy(matrix)


def learning_rate(spec: ModelSpec, block: int) -> float:
    """Linear warm-up, then cosine decay to FINAL_LR_SHARE of the top, in each cycle of the schedule."""
    for texts, share, warmup in spec.cycles or ((spec.train_stories, 1.0, WARMUP_BLOCKS),):
        blocks = texts // BLOCK
        if block < blocks:
            break
        block -= blocks
    if block < warmup:
        return spec.peak_lr * share * (block + 1) / warmup
    progress = (block - warmup) / max(1, blocks - warmup)
    return spec.peak_lr * share * (FINAL_LR_SHARE + (1 - FINAL_LR_SHARE) * 0.5 * (1 + math.cos(math.pi * progress)))


def save(spec: ModelSpec, model, optimizer, record: dict) -> None:
    """Write weights, optimiser and record so that an interrupted run leaves the last complete state."""
    temporary = spec.checkpoint.with_suffix(".tmp")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "record": record}, temporary)
    os.replace(temporary, spec.checkpoint)
    (BUILD / f"{spec.id}.curve.json").write_text(json.dumps(record, indent=1) + "\n")


def train(spec: ModelSpec, threads: int, use_compile: bool, resume: bool) -> None:
    """Train a model from its seed, or on from its checkpoint, and leave the checkpoint in training/build/."""
    torch.set_num_threads(threads)
    torch.manual_seed(spec.seed)
    ids, lengths = training_tokens(spec, threads)
    model = LlamaForCausalLM._from_config(llama_config(spec), attn_implementation="eager")
    decayed = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=spec.peak_lr, betas=(0.9, 0.98), fused=True,
    )

    def loss_of(matrix: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(input_ids=matrix, use_cache=False).logits
        return functional.cross_entropy(
            logits[:, :-1].float().flatten(0, 1), matrix[:, 1:].flatten(), ignore_index=PAD_ID
        )

    step_loss = torch.compile(loss_of, dynamic=False) if use_compile else loss_of
    validation = encode(spec, validation_texts(spec))
    blocks = len(lengths) // BLOCK
    tokens, curve, started, first_block = 0, [], time.time(), 0
    next_report = 100_000
    if resume and spec.checkpoint.exists():
        state = torch.load(spec.checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        if "optimizer" in state:
            optimizer.load_state_dict(state["optimizer"])
        tokens, curve = state["record"]["tokens"], state["record"]["curve"]
        first_block = state["record"]["stories"] // BLOCK
        next_report = tokens + 1_000_000
    for block, matrix in enumerate(batches(ids, lengths)):
        if block < first_block:
            continue
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(spec, block)
        for part in matrix.split(spec.batch):
            loss = step_loss(part)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        tokens += int((matrix != PAD_ID).sum())
        finished = block + 1 == blocks
        if tokens >= next_report or finished:
            next_report = tokens + (250_000 if tokens < 1_000_000 else 1_000_000)
            curve.append([tokens, round(mean_loss(model, validation), 6)])
            stories = (block + 1) * BLOCK
            seconds = round(time.time() - started, 1)
            save(spec, model, optimizer, {"id": spec.id, "tokens": tokens, "steps": stories // spec.batch, "stories": stories,
                                          "curve": curve, "seconds": seconds, "finished": finished})
            print(f"{spec.id} {tokens} tokens of {int(lengths.sum())} train {loss.item():.4f} "
                  f"validation {curve[-1][1]:.4f} {tokens / seconds:.0f} tokens/s", flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=SPECS)
    parser.add_argument("--stories", type=int, help="shorten the training set (drafts)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    arguments = parser.parse_args()
    spec = SPECS[arguments.role]
    if arguments.stories:
        spec = replace(spec, train_stories=arguments.stories, cycles=())
    BUILD.mkdir(parents=True, exist_ok=True)
    train(spec, arguments.threads, not arguments.no_compile, arguments.resume)


if __name__ == "__main__":
    main()
