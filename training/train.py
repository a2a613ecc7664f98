"""Train one model of the family: `python train.py S|M|L|Stranger [--stories N] [--threads N] [--resume]`.

One pass over the fixed training set. S, M and L see the same stories in the same order. Stories of
similar length are batched together inside a window, and padded to one of a few widths, so that the
compiled step has few shapes. Matrices are trained with Muon, embeddings and norms with AdamW; the learning
rates warm up, stay, and decay to nothing over the last part. Evaluated and exported is a running average of
the weights.
"""
from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional
from transformers import LlamaForCausalLM

from evaluate import encode, mean_loss, validation_texts
from family import BUILD, PAD_ID, SPECS, ModelSpec, llama_config
from muon import Muon
from texts import training_tokens

BLOCK = 16  # texts that stay together in the order; a model's batch is a multiple of it
WINDOW_BLOCKS = 256
WIDTHS = (176, 216)  # every width is compiled once
WARMUP_SHARE, DECAY_SHARE = 0.02, 0.4
ORDER_SEED = 2026
AVERAGE_DECAY = 0.99
SAVE_EVERY_SECONDS = 120


def batches(ids: np.ndarray, lengths: np.ndarray, size: int, widths: tuple[int, ...]):
    """Yield right-padded int64 matrices of the whole training set, in an order fixed by ORDER_SEED."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rng = np.random.default_rng(ORDER_SEED)
    window = BLOCK * WINDOW_BLOCKS
    for start in range(0, len(lengths), window):
        rows = np.arange(start, min(start + window, len(lengths)))
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        groups = [rows[i : i + size] for i in range(0, len(rows), size)]
        for k in rng.permutation(len(groups)):
            group = groups[k]
            if len(group) < size:
                continue
            width = next(w for w in widths if w >= lengths[group].max())
            matrix = np.full((size, width), PAD_ID, dtype=np.int64)
            for row, story in enumerate(group):
                matrix[row, : lengths[story]] = ids[offsets[story] : offsets[story + 1]]
            yield torch.from_numpy(matrix)


def moved(matrix: torch.Tensor, device: str) -> torch.Tensor:
    """The matrix on the device; to a GPU without waiting for the work that it already has."""
    return matrix.pin_memory().to(device, non_blocking=True) if device == "cuda" else matrix


def rate_share(progress: float) -> float:
    """Share of the top learning rate at a progress in [0, 1]: warm-up, plateau, then linear decay to zero."""
    return min(1.0, progress / WARMUP_SHARE, (1 - progress) / DECAY_SHARE)


def save(spec: ModelSpec, model, average: list, optimizers: list, record: dict) -> None:
    """Write weights, averaged weights, optimisers and record; an interrupted run leaves the last complete state."""
    state = model.state_dict()
    averaged = dict(zip((name for name, _ in model.named_parameters()), average))
    temporary = spec.checkpoint.with_suffix(".tmp")
    torch.save({
        "raw": state, "model": {name: averaged.get(name, averaged["model.embed_tokens.weight"] if name == "lm_head.weight" else value)
                                for name, value in state.items()},
        "optimizers": [optimizer.state_dict() for optimizer in optimizers], "record": record,
    }, temporary)
    os.replace(temporary, spec.checkpoint)
    (BUILD / f"{spec.id}.curve.json").write_text(json.dumps(record, indent=1) + "\n")


def averaged_loss(model, average: list, validation: list) -> float:
    """Validation loss of the averaged weights; the model's own are put back afterwards."""
    own = [p.detach().clone() for p in model.parameters()]
    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        torch._foreach_copy_(list(model.parameters()), average)
        loss = mean_loss(model, validation)
        torch._foreach_copy_(list(model.parameters()), own)
    return loss


def train(spec: ModelSpec, options: argparse.Namespace) -> None:
    """Train a model from its seed, or on from its checkpoint, and leave the checkpoint in the build folder."""
    device, report_every, limit = options.device, options.report_every, options.time_limit
    torch.set_num_threads(options.threads)
    torch.manual_seed(spec.seed)
    ids, lengths = training_tokens(spec, options.workers or options.threads)
    model = LlamaForCausalLM._from_config(llama_config(spec), attn_implementation="eager" if device == "cpu" else "sdpa")
    model.to(device, torch.float32)
    parameters = list(model.parameters())
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.dim() != 2 or "embed" in name]
    optimizers = [
        Muon(matrices, lr=spec.muon_lr),
        torch.optim.AdamW(others, lr=spec.adam_lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]
    tops = [spec.muon_lr, spec.adam_lr]
    average = [p.detach().clone() for p in parameters]

    def head_loss(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        logits = functional.linear(hidden, weight)
        return functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=PAD_ID)

    if not options.no_compile:
        # Block by block: all blocks share one compiled graph a width, which compiles ten times faster than the whole model.
        torch._dynamo.config.recompile_limit = 64
        for layer in model.model.layers:
            layer.compile(dynamic=False)
        head_loss = torch.compile(head_loss, dynamic=False)

    def step_loss(matrix: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16):
            hidden = model.model(input_ids=matrix, use_cache=False).last_hidden_state
            return head_loss(hidden[:, :-1], model.lm_head.weight, matrix[:, 1:])

    validation = encode(spec, validation_texts(spec))
    steps = sum(min(BLOCK * WINDOW_BLOCKS, len(lengths) - start) // spec.batch for start in range(0, len(lengths), BLOCK * WINDOW_BLOCKS))
    tokens, curve, first_step, seconds_before = 0, [], 0, 0.0
    if options.resume and spec.checkpoint.exists():
        state = torch.load(spec.checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["raw"])
        average = [state["model"][name].clone() for name, _ in model.named_parameters()]
        for optimizer, values in zip(optimizers, state["optimizers"]):
            optimizer.load_state_dict(values)
        record = state["record"]
        tokens, curve, first_step, seconds_before = record["tokens"], record["curve"], record["steps"], record["seconds"]
    started = saved = time.time()
    tokens_before, next_report = tokens, tokens + min(report_every, 250_000)
    for step, matrix in enumerate(batches(ids, lengths, spec.batch, options.widths)):
        if step < first_step:
            continue
        # A time limit shortens the schedule where the planned texts would take longer.
        used = (seconds_before + time.time() - started) / limit if limit else 0.0
        share = max(0.0, rate_share(max((step + 0.5) / steps, used)))
        for optimizer, top in zip(optimizers, tops):
            for group in optimizer.param_groups:
                group["lr"] = top * share
        loss = step_loss(moved(matrix, device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(average, parameters, 1 - min(AVERAGE_DECAY, (step + 1) / (step + 10)))
        tokens += int((matrix != PAD_ID).sum())
        finished = step + 1 == steps or used >= 1
        report = tokens >= next_report or finished
        if report:
            next_report = tokens + report_every
            curve.append([tokens, round(averaged_loss(model, average, validation), 6)])
            rate = (tokens - tokens_before) / (time.time() - started)
            print(f"{time.strftime('%H:%M:%S')} {spec.id} {tokens} tokens of {int(lengths.sum())} train {loss.item():.4f} "
                  f"validation {curve[-1][1]:.4f} {rate:.0f} tokens/s", flush=True)
        if report or time.time() - saved > SAVE_EVERY_SECONDS:
            saved = time.time()
            save(spec, model, average, optimizers, {
                "id": spec.id, "tokens": tokens, "steps": step + 1, "stories": (step + 1) * spec.batch, "curve": curve,
                "seconds": round(seconds_before + time.time() - started, 1), "finished": finished, "plannedSteps": steps, "timeLimit": limit})
        if finished:
            break


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=SPECS)
    parser.add_argument("--stories", type=int, help="another length of the training set, and of the schedule")
    parser.add_argument("--batch", type=int, help="texts of one optimiser step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, help="processes that generate the texts (the threads by default)")
    parser.add_argument("--time-limit", type=float, help="seconds of training, all runs together; the schedule fits into them")
    parser.add_argument("--widths", type=lambda text: tuple(map(int, text.split(","))), default=WIDTHS, help="paddings, each compiled once")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--report-every", type=int, default=1_000_000, help="tokens between two validations")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    arguments = parser.parse_args()
    spec = SPECS[arguments.role]
    if arguments.stories:
        spec = replace(spec, train_stories=arguments.stories)
    if arguments.batch:
        spec = replace(spec, batch=arguments.batch)
    BUILD.mkdir(parents=True, exist_ok=True)
    train(spec, arguments)


if __name__ == "__main__":
    main()
