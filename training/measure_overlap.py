"""How much of the validation texts was seen in training: whole texts, sentences, 8-word sequences."""
from __future__ import annotations

import json
import re

from evaluate import validation_texts
from family import BUILD, CORPORA, MAP_CORPUS, SPECS
from texts import texts

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
CHUNK = 10_000


def sentences(text: str) -> list[str]:
    """Sentences, without the header line of two names."""
    return [part for part in _SENTENCE.split(text) if part and " & " not in part]


def eight_grams(text: str) -> set[tuple[str, ...]]:
    """Sequences of eight white-space separated words."""
    words = text.split()
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


def measure(role: str) -> dict:
    """Overlap of one kind of text with the training set of a role; L has seen the most stories."""
    spec = SPECS[role]
    held_out = validation_texts(spec)
    fresh = {json.loads(line)["text"] for line in (CORPORA / f"{MAP_CORPUS}.jsonl").read_text().splitlines()} if spec.text == "stories" else set()
    held_sentences = [s for text in held_out for s in sentences(text)]
    held_grams = [g for text in held_out for g in eight_grams(text)]
    wanted_sentences, wanted_grams, wanted_texts = set(held_sentences), set(held_grams), set(held_out)
    seen_sentences, seen_grams, seen_texts, seen_corpus = set(), set(), set(), 0
    for start in range(0, spec.train_stories, CHUNK):
        for text in texts(spec.text, "train", start, min(start + CHUNK, spec.train_stories)):
            if text in wanted_texts:
                seen_texts.add(text)
            seen_corpus += text in fresh
            seen_sentences.update(wanted_sentences.intersection(sentences(text)))
            seen_grams |= wanted_grams & eight_grams(text)
    return {
        "trainingTexts": spec.train_stories, "validationTexts": len(held_out), "exactTexts": len(seen_texts),
        "sentenceShare": round(sum(s in seen_sentences for s in held_sentences) / len(held_sentences), 4),
        "eightGramShare": round(sum(g in seen_grams for g in held_grams) / len(held_grams), 4),
        "mapCorpusTextsInTraining": seen_corpus, "mapCorpusTextsInValidation": len(fresh & wanted_texts),
    }


def load_overlap() -> dict:
    """Measured overlap by kind of text; empty where it has not been measured yet."""
    path = BUILD / "overlap.json"
    return json.loads(path.read_text()) if path.exists() else {}


def main() -> None:
    """Measure both kinds of text and fail if a validation text occurs in training."""
    result = {"stories": measure("L"), "recipes": measure("Stranger")}
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "overlap.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))
    if any(value["exactTexts"] for value in result.values()) or result["stories"]["mapCorpusTextsInTraining"]:
        raise RuntimeError("a held-out text occurs in training")


if __name__ == "__main__":
    main()
