"""Validation loss, exactly as a browser can recompute it."""
from __future__ import annotations

import json

import torch
from torch.nn import functional

from family import CORPORA, EOS_ID, PAD_ID, VALIDATION_CORPUS, ModelSpec, VALIDATION_SPLIT, VALIDATION_STORIES
from texts import texts

LOSS_DEFINITION = (
    "Mean next-token cross-entropy in nats, float32, over every predicted token of the file pooled together: "
    "each text is tokenised alone, the tokenizer puts <s> in front, </s> (id 2) is appended, and every token "
    "after <s> is predicted, </s> included. No truncation, no padding in the mean."
)


def validation_texts(spec: ModelSpec) -> list[str]:
    """The validation file's texts (for the stranger: generated, its card says how)."""
    if spec.text == "stories":
        lines = (CORPORA / f"{VALIDATION_CORPUS}.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["text"] for line in lines]
    return texts(spec.text, VALIDATION_SPLIT, 0, VALIDATION_STORIES)


def encode(spec: ModelSpec, rows: list[str]) -> list[list[int]]:
    """Token ids with bos in front and eos behind."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(spec.directory / "tokenizer.json"))
    return [encoding.ids + [EOS_ID] for encoding in tokenizer.encode_batch(rows)]


def padded(rows: list[list[int]], width: int | None = None) -> torch.Tensor:
    """Right-padded token matrix."""
    width = width or max(map(len, rows))
    return torch.tensor([row + [PAD_ID] * (width - len(row)) for row in rows])


@torch.no_grad()
def mean_loss(model, rows: list[list[int]], batch: int = 50) -> float:
    """Pooled mean cross-entropy over the rows (see LOSS_DEFINITION)."""
    total, count = 0.0, 0
    device = next(model.parameters()).device
    for start in range(0, len(rows), batch):
        ids = padded(rows[start : start + batch]).to(device)
        logits = model(input_ids=ids, use_cache=False).logits.float()
        losses = functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        wanted = ids[:, 1:].flatten() != PAD_ID
        total += float(losses[wanted].double().sum())
        count += int(wanted.sum())
    return total / count
