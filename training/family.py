"""What the bundled family is: sizes, data splits and file places. Every other script reads this."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ROOT / "public"
BUILD = ROOT / "training" / "build"
MODELS = PUBLIC / "models"
CORPORA = PUBLIC / "corpora"
PRESETS = PUBLIC / "presets"

PAD, BOS, EOS, UNK = "<pad>", "<s>", "</s>", "<unk>"
PAD_ID, BOS_ID, EOS_ID, UNK_ID = 0, 1, 2, 3
MAX_POSITIONS = 512
MAX_TOKENS = 160  # longest training sequence, bos and eos included

TRAIN_SPLIT, VALIDATION_SPLIT, CORPUS_SPLIT, PRESET_SPLIT = "train", "validation", "map-corpus", "preset"
VALIDATION_STORIES = 200
CORPUS_STORIES = 1000
TOKENIZER_STORIES = 20_000


@dataclass(frozen=True)
class ModelSpec:
    """One trained model.

    `text` names its generator, `peak_lr` is the learning rate's top, `batch` the texts of one optimiser
    step, `cycles` the cosine cycles of the schedule (empty: one over all texts).
    `history` tells what befell the published run.
    """

    id: str
    role: str
    title: str
    text: str
    hidden_size: int
    layers: int
    heads: int
    ffn: int
    vocab_size: int
    train_stories: int
    peak_lr: float
    seed: int
    batch: int = 32
    history: str = ""
    cycles: tuple[tuple[int, float, int], ...] = ()

    @property
    def directory(self) -> Path:
        """Where the hub-style repository of this model lies."""
        return MODELS / self.id

    @property
    def checkpoint(self) -> Path:
        """Weights and optimiser state of the latest step."""
        return BUILD / f"{self.id}.pt"


# Cosine cycles of the stories' training: texts (whole windows of the order, see train.py), share of the
# peak rate, warm-up in blocks of 32 texts.
STORY_CYCLES = ((30 * 4096, 1.0, 200), (16 * 4096, 0.5, 102))
STORY_COUNT = sum(cycle[0] for cycle in STORY_CYCLES)
SPECS = {
    "S": ModelSpec("lrt-stories-s", "S", "Stories S", "stories", 64, 3, 4, 176, 2048, STORY_COUNT, 5e-3, 11, 16,
                   cycles=STORY_CYCLES),
    "M": ModelSpec("lrt-stories-m", "M", "Stories M", "stories", 128, 4, 4, 256, 2048, STORY_COUNT, 3e-3, 12, 32,
                   "interrupted at 5,114,561 tokens (until there on one cycle laid out over 200,000 texts), and "
                   "went on with fresh optimiser moments", STORY_CYCLES),
    "L": ModelSpec("lrt-stories-l", "L", "Stories L", "stories", 192, 5, 6, 448, 2048, STORY_COUNT, 2e-3, 13, 32,
                   "interrupted at 4,113,436 tokens (until there on one cycle laid out over 200,000 texts), and "
                   "went on with fresh optimiser moments", STORY_CYCLES),
    "Stranger": ModelSpec("lrt-stranger", "Stranger", "Stranger", "recipes", 64, 3, 4, 176, 1024, 40_000, 5e-3, 14, 16),
}
PLAIN_ID = "lrt-stories-s-plain"


def llama_config(spec: ModelSpec):
    """The ordinary `LlamaConfig` of a spec (embeddings tied, no grouped heads)."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=spec.vocab_size,
        hidden_size=spec.hidden_size,
        intermediate_size=spec.ffn,
        num_hidden_layers=spec.layers,
        num_attention_heads=spec.heads,
        num_key_value_heads=spec.heads,
        head_dim=spec.hidden_size // spec.heads,
        max_position_embeddings=MAX_POSITIONS,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        tie_word_embeddings=True,
        bos_token_id=BOS_ID,
        eos_token_id=EOS_ID,
        pad_token_id=PAD_ID,
        initializer_range=0.04,
        attention_bias=False,
        mlp_bias=False,
    )
