"""What the steering check is made of: a model that can be read and steered, ridge maps, measures of a text."""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import torch
from torch.nn import functional

from family import EOS_ID, PAD_ID, SPECS
from make_presets import words_of
from weights import load_model

NEW_TOKENS = 48
TEMPERATURE = 0.8
RIDGE = 10.0
OPERATIONS = ("clamp", "add")


class Lens:
    """A model whose residual stream can be read, and steered at the output of one block."""

    def __init__(self, role: str):
        from tokenizers import Tokenizer

        self.spec = SPECS[role]
        self.model = load_model(self.spec)
        self.tokenizer = Tokenizer.from_file(str(self.spec.directory / "tokenizer.json"))
        self.layers = self.model.model.layers

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Token ids of each text, bos in front."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    @torch.no_grad()
    def residuals(self, rows: list[list[int]]) -> list[torch.Tensor]:
        """For each row, resid_post of every block: [blocks, tokens, width]."""
        result = []
        for row in rows:
            taps: list[torch.Tensor] = []
            handles = [layer.register_forward_hook(lambda _m, _i, out: taps.append(first(out)[0])) for layer in self.layers]
            self.model.model(input_ids=torch.tensor([row]), use_cache=False)
            for handle in handles:
                handle.remove()
            result.append(torch.stack(taps))
        return result

    def steer(self, block: int, vector: torch.Tensor, amount: float, operation: str):
        """Hook on a block's output at all positions: add `amount` unit vectors, or set the projection to `amount`."""
        unit = (vector / vector.norm()).float()

        def change(_module, _inputs, output):
            states = first(output)
            if operation == "clamp":
                return replace_first(output, states + (amount - states @ unit)[..., None] * unit)
            return replace_first(output, states + amount * unit)

        return self.layers[block].register_forward_hook(change)

    @torch.no_grad()
    def continuations(self, prompts: list[str], seed: int) -> tuple[list[str], list[list[int]], list[int]]:
        """Sampled continuations at TEMPERATURE (left-padded batch, KV cache), with all ids and where they begin."""
        rows = self.ids(prompts)
        width = max(map(len, rows))
        ids = torch.tensor([[PAD_ID] * (width - len(row)) + row for row in rows])
        mask = (ids != PAD_ID).long()
        generator = torch.Generator().manual_seed(seed)
        past, step, produced = None, ids, []
        finished = torch.zeros(len(rows), dtype=torch.bool)
        for _ in range(NEW_TOKENS):
            positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -step.shape[1]:]
            out = self.model(input_ids=step, attention_mask=mask, position_ids=positions, past_key_values=past, use_cache=True)
            past = out.past_key_values
            chances = torch.softmax(out.logits[:, -1] / TEMPERATURE, -1)
            chosen = torch.multinomial(chances, 1, generator=generator)
            chosen[finished] = PAD_ID
            finished |= chosen[:, 0] == EOS_ID
            produced.append(chosen)
            step, mask = chosen, torch.cat([mask, torch.ones_like(chosen)], 1)
        new = torch.cat(produced, 1).tolist()
        texts = self.tokenizer.decode_batch(new, skip_special_tokens=True)
        return texts, [row + [k for k in more if k != PAD_ID] for row, more in zip(rows, new)], list(map(len, rows))

    @torch.no_grad()
    def perplexity(self, rows: list[list[int]], starts: list[int]) -> float:
        """Perplexity of the rows from their starts on, under the model as it stands, tokens pooled."""
        width = max(map(len, rows))
        ids = torch.tensor([row + [PAD_ID] * (width - len(row)) for row in rows])
        logits = self.model(input_ids=ids, use_cache=False).logits[:, :-1]
        losses = functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
        places = torch.arange(1, width)[None]
        wanted = (places >= torch.tensor(starts)[:, None]) & (places < torch.tensor([len(row) for row in rows])[:, None])
        return float(losses[wanted].mean().exp())


def first(output):
    """Hidden states of a block's output."""
    return output[0] if isinstance(output, tuple) else output


def replace_first(output, value):
    """A block's output with other hidden states."""
    return (value, *output[1:]) if isinstance(output, tuple) else value


@dataclass
class RidgeMap:
    """Affine map on standardised coordinates; `vector` maps a difference (no bias)."""

    weights: torch.Tensor
    source_std: torch.Tensor
    target_std: torch.Tensor
    r2: float

    def vector(self, v: torch.Tensor) -> torch.Tensor:
        """A difference of source states, carried over."""
        return (v / self.source_std) @ self.weights * self.target_std


def fit_map(x: torch.Tensor, y: torch.Tensor) -> RidgeMap:
    """Ridge of standardised y on standardised x; R² on the held-out last fifth of the rows."""
    x, y = x.double(), y.double()
    cut = len(x) * 4 // 5
    mean_x, std_x, mean_y, std_y = x[:cut].mean(0), x[:cut].std(0), y[:cut].mean(0), y[:cut].std(0)
    a, b = (x - mean_x) / std_x, (y - mean_y) / std_y
    weights = torch.linalg.solve(a[:cut].T @ a[:cut] + RIDGE * torch.eye(x.shape[1]), a[:cut].T @ b[:cut])
    predicted = a[cut:] @ weights * std_y + mean_y
    r2 = 1 - float(((y[cut:] - predicted) ** 2).sum() / ((y[cut:] - mean_y) ** 2).sum())
    return RidgeMap(weights, std_x, std_y, r2)


def difference_of_means(states: list[torch.Tensor]) -> torch.Tensor:
    """Vectors [blocks, width] from residuals ordered positive, negative, positive, …; the mean of all tokens but <s>."""
    readings = [state[:, 1:].mean(1) for state in states]
    return torch.stack(readings[0::2]).mean(0).double() - torch.stack(readings[1::2]).mean(0).double()


def known_words(corpus: list[str]) -> set[str]:
    """Lower-case words of a corpus."""
    return {word for text in corpus for word in words_of(text)}


def rep3(texts: list[str]) -> float:
    """Mean over texts of 1 − distinct three-word sequences / all of them."""
    shares = []
    for text in texts:
        words = text.split()
        triples = Counter(tuple(words[k : k + 3]) for k in range(len(words) - 2))
        if triples:
            shares.append(1 - len(triples) / sum(triples.values()))
    return sum(shares) / max(1, len(shares))
