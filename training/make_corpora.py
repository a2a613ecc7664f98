"""Write public/corpora: the validation stories and the corpus on which maps are fitted."""
from __future__ import annotations

import hashlib
import json

from family import CORPORA, CORPUS_SPLIT, CORPUS_STORIES, MAP_CORPUS, VALIDATION_CORPUS, VALIDATION_SPLIT, VALIDATION_STORIES
from generator.stories import render, seed_of


def main() -> None:
    """Write the two files and index.json."""
    CORPORA.mkdir(parents=True, exist_ok=True)
    entries = []
    index = CORPORA / "index.json"
    known = json.loads(index.read_text(encoding="utf-8")) if index.exists() else []
    for identifier, file, split, count, title, description in (
        (MAP_CORPUS, f"{MAP_CORPUS}.jsonl", CORPUS_SPLIT, CORPUS_STORIES, "Bilingual tales",
         "Fresh stories for fitting maps, with their hidden attributes; none occurs in training or validation."),
        (VALIDATION_CORPUS, f"{VALIDATION_CORPUS}.jsonl", VALIDATION_SPLIT, VALIDATION_STORIES, "Validation tales",
         "The stories over which the validation losses of the model cards are computed."),
    ):
        lines = []
        for number in range(count):
            story = render(seed_of(split, number))
            row = {"text": story.text()}
            if identifier == MAP_CORPUS:
                row["attributes"] = story.attributes
            lines.append(json.dumps(row, ensure_ascii=False))
        data = ("\n".join(lines) + "\n").encode()
        (CORPORA / file).write_bytes(data)
        entries.append({"id": identifier, "title": title, "path": f"corpora/{file}", "count": count,
                        "sha256": hashlib.sha256(data).hexdigest(), "description": description})
    # Corpora that were written by hand stay.
    made = {entry["id"] for entry in entries}
    index.write_text(json.dumps(entries + [entry for entry in known if entry["id"] not in made], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
