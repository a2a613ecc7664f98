"""Make a byte-level BPE tokenizer in which frequent words are one token, and write it as an ordinary hub tokenizer.

The vocabulary is the bytes, a few hundred merges for words that the texts do not know, and the most frequent
words whole. `ignore_merges` lets a word of the vocabulary be one token without the merges that would build it.
"""
from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from family import BOS, BOS_ID, EOS, MAX_POSITIONS, PAD, SPECS, TOKENIZER_STORIES, UNK
from texts import texts


MERGES = 240


def pre_tokenizer():
    """Splits into words with the space in front, digits and punctuation, as GPT-2 does."""
    return pre_tokenizers.ByteLevel(add_prefix_space=False)


def train_tokenizer(kind: str, vocab_size: int) -> Tokenizer:
    """Byte-level BPE and whole words of the first training texts; bos is added by the template, eos is not."""
    rows = texts(kind, "train", 0, TOKENIZER_STORIES)
    pieces = Tokenizer(models.BPE(unk_token=None))
    pieces.pre_tokenizer = pre_tokenizer()
    special = (PAD, BOS, EOS, UNK)
    trainer = trainers.BpeTrainer(
        vocab_size=len(special) + 256 + MERGES,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator(rows, trainer)
    model = json.loads(pieces.to_str())["model"]
    vocabulary = dict(model["vocab"])
    words = Counter(word for row in rows for word, _ in pre_tokenizer().pre_tokenize_str(row))
    for word, _ in sorted(words.items(), key=lambda item: (-item[1], item[0])):
        if len(vocabulary) < vocab_size and word not in vocabulary:
            vocabulary[word] = len(vocabulary)
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token=None, ignore_merges=True))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.pre_tokenizer = pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, BOS_ID)]
    )
    return tokenizer


def one_token_shares(kind: str, tokenizer: Tokenizer) -> tuple[float, float]:
    """Shares of the words of fresh texts that are one token: of different words, and of words as they occur."""
    words = Counter(word for row in texts(kind, "vocabulary-check", 0, 2000)
                    for word, _ in pre_tokenizer().pre_tokenize_str(row) if word.strip("Ġ").isalpha())
    whole = {word for word in words if tokenizer.token_to_id(word) is not None}
    return len(whole) / len(words), sum(words[word] for word in whole) / sum(words.values())


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
        different, running = one_token_shares(kind, tokenizer)
        print(f"{kind}: {different:.4f} of the different words are one token, {running:.4f} of the words of a text")
        for spec in specs:
            write_tokenizer(tokenizer, spec.directory)
            assert tokenizer.get_vocab_size() == spec.vocab_size, tokenizer.get_vocab_size()


if __name__ == "__main__":
    main(sys.argv[1:] or ["stories", "recipes"])
