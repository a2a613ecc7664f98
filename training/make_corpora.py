"""Write public/corpora: the validation stories and the corpus on which maps are fitted."""
from __future__ import annotations

import hashlib
import json

from family import CORPORA, CORPUS_SPLIT, CORPUS_STORIES, VALIDATION_SPLIT, VALIDATION_STORIES
from generator.stories import render, seed_of


def main() -> None:
    """Write validation.jsonl, stories.jsonl and index.json."""
    CORPORA.mkdir(parents=True, exist_ok=True)
    entries = []
    for identifier, file, split, count, title, description in (
        ("stories", "stories.jsonl", CORPUS_SPLIT, CORPUS_STORIES, "Bilingual stories",
         "Fresh stories for fitting maps, with their hidden attributes; none occurs in training or validation."),
        ("validation", "validation.jsonl", VALIDATION_SPLIT, VALIDATION_STORIES, "Validation stories",
         "The stories over which the validation losses of the model cards are computed."),
    ):
        lines = []
        for index in range(count):
            story = render(seed_of(split, index))
            row = {"text": story.text()}
            if identifier == "stories":
                row["attributes"] = story.attributes
            lines.append(json.dumps(row, ensure_ascii=False))
        data = ("\n".join(lines) + "\n").encode()
        (CORPORA / file).write_bytes(data)
        entries.append({"id": identifier, "title": title, "path": f"corpora/{file}", "count": count,
                        "sha256": hashlib.sha256(data).hexdigest(), "description": description})
    (CORPORA / "index.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
