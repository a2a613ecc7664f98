"""What the bundled family is: sizes, data splits and file places. Every other script reads this."""
from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ROOT / "public"
# Intermediate files; LRT_BUILD puts them elsewhere, so that checkpoints outlive a checkout.
BUILD = Path(os.environ.get("LRT_BUILD") or ROOT / "training" / "build")
MODELS = PUBLIC / "models"
CORPORA = PUBLIC / "corpora"
PRESETS = PUBLIC / "presets"
WEIGHTS = ROOT / "training" / "weights"  # of the trained models, in git

PAD, BOS, EOS, UNK = "<pad>", "<s>", "</s>", "<unk>"
PAD_ID, BOS_ID, EOS_ID, UNK_ID = 0, 1, 2, 3
MAX_POSITIONS = 512
MAX_TOKENS = 216  # longest training sequence, bos and eos included; of the stories 3 % are longer and cut

TRAIN_SPLIT, VALIDATION_SPLIT, CORPUS_SPLIT, PRESET_SPLIT = "train", "validation", "map-corpus", "preset"
VALIDATION_STORIES = 200
CORPUS_STORIES = 1000
TOKENIZER_STORIES = 20_000
MAP_CORPUS, VALIDATION_CORPUS = "tales", "tales-validation"  # ids, and files under public/corpora


@dataclass(frozen=True)
class ModelSpec:
    """One trained model.

    `text` names its generator, `batch` the texts of one optimiser step, `muon_lr` and `adam_lr` the tops of
    the two learning rates. `history` tells what befell the published run.
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
    seed: int
    batch: int = 64
    muon_lr: float = 0.02
    adam_lr: float = 4e-3
    history: str = ""

    @property
    def directory(self) -> Path:
        """Where the hub-style repository of this model lies."""
        return MODELS / self.id

    @property
    def checkpoint(self) -> Path:
        """Weights and optimiser state of the latest step."""
        return BUILD / f"{self.id}.pt"

    @property
    def weights(self) -> Path:
        """The averaged weights in float16 and the training record; what is exported (weights.py)."""
        return WEIGHTS / f"{self.id}.npz"


STORY_VOCABULARY = 4608
STORIES = 655_360
SPECS = {
    "S": ModelSpec("lrt-tales-s", "S", "Tales S", "stories", 128, 5, 4, 344, STORY_VOCABULARY, 262_144, 11,
                   history="stopped by its time limit, the learning rate decayed to zero by then"),
    "M": ModelSpec("lrt-tales-m", "M", "Tales M", "stories", 160, 6, 5, 432, STORY_VOCABULARY, STORIES, 12),
    "L": ModelSpec("lrt-tales-l", "L", "Tales L", "stories", 256, 9, 8, 688, STORY_VOCABULARY, STORIES, 13,
                   history="stopped by its time limit, the learning rate decayed to zero by then"),
    "Stranger": ModelSpec("lrt-stranger-2", "Stranger", "Stranger", "recipes", 96, 4, 3, 256, 1856, STORIES, 14),
}
PLAIN_ID = "lrt-tales-s-plain"


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
