"""The texts of each split, in order, and their token arrays."""
from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from family import BUILD, EOS_ID, MAX_TOKENS, ModelSpec
from generator.recipes import render_text
from generator.stories import render, seed_of


def text_of(kind: str, split: str, index: int) -> str:
    """Text `index` of a split; `kind` is "stories" or "recipes"."""
    if kind == "recipes":
        return render_text(seed_of("recipes:" + split, index))
    return render(seed_of(split, index)).text()


def texts(kind: str, split: str, start: int, stop: int) -> list[str]:
    """Texts `start` to `stop` (exclusive) of a split."""
    return [text_of(kind, split, index) for index in range(start, stop)]


def _encode_chunk(task: tuple[str, str, str, int, int]) -> tuple[np.ndarray, np.ndarray]:
    from tokenizers import Tokenizer

    tokenizer_file, kind, split, start, stop = task
    encodings = Tokenizer.from_file(tokenizer_file).encode_batch(texts(kind, split, start, stop))
    rows = [(encoding.ids + [EOS_ID])[:MAX_TOKENS] for encoding in encodings]
    return np.concatenate([np.asarray(row, dtype=np.uint16) for row in rows]), np.asarray([len(row) for row in rows])


def training_tokens(spec: ModelSpec, workers: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Flat token ids of the training set in order, and the length of each story.

    Every row begins with bos (the tokenizer adds it) and ends with eos, but where it was cut at MAX_TOKENS. The result is cached under
    `training/build/`.
    """
    cache = BUILD / f"tokens-{spec.text}-{spec.train_stories}.npz"
    if cache.exists():
        with np.load(cache) as arrays:
            return arrays["ids"], arrays["lengths"]
    tokenizer_file = str(spec.directory / "tokenizer.json")
    step = 5000
    tasks = [(tokenizer_file, spec.text, "train", i, min(i + step, spec.train_stories)) for i in range(0, spec.train_stories, step)]
    with ProcessPoolExecutor(workers) as pool:
        parts = list(pool.map(_encode_chunk, tasks))
    ids, lengths = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    BUILD.mkdir(parents=True, exist_ok=True)
    temporary = cache.with_suffix(".tmp.npz")
    np.savez(temporary, ids=ids, lengths=lengths)
    temporary.rename(cache)
    return ids, lengths
