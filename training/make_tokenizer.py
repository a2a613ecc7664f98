"""Train a byte-level BPE tokenizer and write it as an ordinary hub tokenizer."""
from __future__ import annotations

import json
import sys
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from family import BOS, BOS_ID, EOS, MAX_POSITIONS, PAD, SPECS, TOKENIZER_STORIES, UNK
from texts import texts


def train_tokenizer(kind: str, vocab_size: int) -> Tokenizer:
    """Byte-level BPE over the first training texts; bos is added by the template, eos is not."""
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in (PAD, BOS, EOS, UNK)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(kind, "train", 0, TOKENIZER_STORIES), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, BOS_ID)]
    )
    return tokenizer


def write_tokenizer(tokenizer: Tokenizer, directory: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and special_tokens_map.json."""
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    special = {"bos_token": BOS, "eos_token": EOS, "pad_token": PAD, "unk_token": UNK}
    added = {
        str(index): {"content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
        for index, token in enumerate((PAD, BOS, EOS, UNK))
    }
    config = {
        "added_tokens_decoder": added,
        **special,
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": MAX_POSITIONS,
        "padding_side": "right",
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    for name, value in (("tokenizer_config.json", config), ("special_tokens_map.json", special)):
        (directory / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main(kinds: list[str]) -> None:
    """Train one tokenizer for each kind of text and write it into every model that uses it."""
    for kind in kinds:
        specs = [spec for spec in SPECS.values() if spec.text == kind]
        sizes = {spec.vocab_size for spec in specs}
        assert len(sizes) == 1, "models of one kind of text share a tokenizer"
        tokenizer = train_tokenizer(kind, sizes.pop())
        for spec in specs:
            write_tokenizer(tokenizer, spec.directory)
            assert tokenizer.get_vocab_size() == spec.vocab_size, tokenizer.get_vocab_size()


if __name__ == "__main__":
    main(sys.argv[1:] or ["stories", "recipes"])
