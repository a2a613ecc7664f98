"""Write public/presets: contrast pairs, prompts and scorers of the six attributes.

A scorer is data. Lexicons are derived, not written by hand: words that occur in stories of one side
only. Their accuracy on fresh stories is measured here and goes into every preset.
"""
from __future__ import annotations

import json
import re
from collections import Counter

from family import PRESETS, PRESET_SPLIT
from generator.stories import ATTRIBUTES, Story, draw_attributes, render, seed_of
from generator.templates import GIVE_PATTERNS, OLDER_PATTERNS

PAIRS, PROMPTS, NEUTRAL = 128, 96, 32
LEXICON_STORIES, TEST_STORIES = 16_000, 4_000
LEXICON_MIN_COUNT = 12
LEXICON_MAX_WORDS = 400
LEXICON_MIN_LETTERS = 3

# id: (title, description, positive value, negative value, prompt kind, expectation)
PRESET_TABLE = {
    "mood": ("Mood: cheerful ↔ gloomy", "Whether the story's weather, feelings and deeds are bright or sad.",
             "cheerful", "gloomy", "age", "steers"),
    "language": ("Language: English ↔ Spanish", "Which of the two languages the story is told in.",
                 "english", "spanish", "header", "steers"),
    "tense": ("Tense: past ↔ present", "Whether the story is told in the past or in the present tense.",
              "past", "present", "title", "steers"),
    "speech": ("Speech: dialogue ↔ narration", "Whether the characters speak aloud or their thoughts are told.",
               "dialogue", "narration", "setting", "steers"),
    "place": ("Place: sea ↔ farm", "Whether the story happens by the sea or on a farm.",
              "sea", "farm", "age", "fails"),
    "relation": ("Relation: the older gives ↔ the younger gives",
                 "Whether the older or the younger of the two characters gives the present: a relation between "
                 "two sentences, which no single direction carries.",
                 "older-gives", "younger-gives", "give", "fails"),
}
_WORD = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """Lower-case whole words."""
    return _WORD.findall(text.lower())


def body(story: Story) -> str:
    """Story without its header line."""
    return story.text()[len(story.header):]


def two_sided_stories(attribute: str, sides: tuple[str, str], split: str, count: int):
    """Stories of a split whose attribute is one of two sides, drawn anew when it is another value."""
    for index in range(count):
        seed = seed_of(f"{PRESET_SPLIT}:{attribute}:{split}", index)
        attributes = draw_attributes(seed)
        if attributes[attribute] not in sides:
            attributes[attribute] = sides[index % 2]
        yield seed, attributes


def lexicon_scorer(attribute: str, sides: tuple[str, str]) -> dict:
    """Words found on one side only, the most frequent first."""
    counts = {side: Counter() for side in sides}
    for seed, attributes in two_sided_stories(attribute, sides, "lexicon", LEXICON_STORIES):
        counts[attributes[attribute]].update(words_of(body(render(seed, attributes))))
    lists = {}
    for side, other in (sides, sides[::-1]):
        pure = [(count, word) for word, count in counts[side].items()
                if count >= LEXICON_MIN_COUNT and len(word) >= LEXICON_MIN_LETTERS and not counts[other][word]]
        lists[side] = sorted(word for _, word in sorted(pure, reverse=True)[:LEXICON_MAX_WORDS])
    return {"type": "lexicon", "positive": lists[sides[0]], "negative": lists[sides[1]]}


def python_pattern(regex: str) -> re.Pattern:
    """JavaScript pattern (u flag) as a Python one."""
    upper = "A-ZÁÉÍÓÚÑ"
    return re.compile(regex.replace(r"\p{Lu}", f"[{upper}]").replace(r"\p{L}", f"[{upper}a-záéíóúñü]"))


_COMPILED: dict[str, re.Pattern] = {}


def _find(patterns: list[dict], text: str) -> tuple[dict, re.Match] | None:
    """The earliest match of any pattern."""
    found = []
    for pattern in patterns:
        compiled = _COMPILED.setdefault(pattern["regex"], python_pattern(pattern["regex"]))
        match = compiled.search(text)
        if match:
            found.append((match.start(), len(found), pattern, match))
    return min(found)[2:] if found else None


def score(scorer: dict, prompt: str, continuation: str) -> int:
    """+1 positive, −1 negative, 0 undecided."""
    if scorer["type"] == "lexicon":
        positive, negative = set(scorer["positive"]), set(scorer["negative"])
        hits = sum((word in positive) - (word in negative) for word in words_of(continuation))
        return (hits > 0) - (hits < 0)
    text = prompt + continuation
    older, give = _find(scorer["olderPatterns"], text), _find(scorer["givePatterns"], text)
    if not older or not give:
        return 0
    ages = {key: older[1][older[0][key]] for key in ("older", "younger")}
    giver = give[1][give[0]["giver"]]
    return {ages["older"]: 1, ages["younger"]: -1}.get(giver, 0)


def accuracy(attribute: str, sides: tuple[str, str], scorer: dict) -> float:
    """Share of fresh stories that the scorer puts on their true side."""
    right = 0
    for seed, attributes in two_sided_stories(attribute, sides, "test", TEST_STORIES):
        story = render(seed, attributes)
        wanted = 1 if attributes[attribute] == sides[0] else -1
        right += score(scorer, story.header, body(story)) == wanted
    return right / TEST_STORIES


def prompt_of(story: Story, kind: str) -> str | None:
    """The part of a story that precedes the attribute's first trace, or None if its shape does not fit."""
    title, age, setting, give = (story.position(part) for part in ("title", "age", "setting", "give"))
    if kind == "header":
        return story.header
    if kind == "title":
        return story.text(1) if title == 0 else story.header
    if kind == "age":
        return story.text(age + 1) if age < setting else None
    if kind == "setting":
        return story.text(max(age, setting) + 1)
    return story.text(give)


def evaluation_prompts(attribute: str, kind: str) -> list[str]:
    """Distinct prompts neutral in the attribute."""
    prompts: list[str] = []
    index = 0
    while len(prompts) < PROMPTS:
        prompt = prompt_of(render(seed_of(f"{PRESET_SPLIT}:{attribute}:prompts", index)), kind)
        index += 1
        if prompt and prompt not in prompts:
            prompts.append(prompt)
    return prompts


def contrast_pairs(attribute: str, sides: tuple[str, str]) -> list[dict[str, str]]:
    """Stories in two versions that differ in this attribute alone."""
    pairs = []
    for index in range(PAIRS):
        seed = seed_of(f"{PRESET_SPLIT}:{attribute}:pairs", index)
        attributes = draw_attributes(seed)
        positive, negative = (render(seed, {**attributes, attribute: side}) for side in sides)
        pairs.append({"positive": positive.text(), "negative": negative.text()})
    return pairs


def preset(attribute: str) -> dict:
    """One preset as it is written to its file."""
    title, description, positive, negative, kind, expect = PRESET_TABLE[attribute]
    sides = (positive, negative)
    assert set(sides) <= set(ATTRIBUTES[attribute])
    if attribute == "relation":
        scorer = {"type": "relation", "olderPatterns": OLDER_PATTERNS, "givePatterns": GIVE_PATTERNS}
    else:
        scorer = lexicon_scorer(attribute, sides)
    neutral = [render(seed_of(f"{PRESET_SPLIT}:neutral", index)).text() for index in range(NEUTRAL)]
    return {
        "schema": 1,
        "id": attribute,
        "title": title,
        "description": description,
        "concept": {"positive": positive.replace("-", " "), "negative": negative.replace("-", " ")},
        "pairs": contrast_pairs(attribute, sides),
        "evaluationPrompts": evaluation_prompts(attribute, kind),
        "neutralPrompts": neutral,
        "scorer": scorer,
        "scorerAccuracy": round(accuracy(attribute, sides, scorer), 4),
        "expect": expect,
    }


def main() -> None:
    """Write the presets and their index."""
    PRESETS.mkdir(parents=True, exist_ok=True)
    for attribute in PRESET_TABLE:
        value = preset(attribute)
        if value["scorerAccuracy"] < 0.97:
            raise RuntimeError(f"{attribute}: the scorer is right on {value['scorerAccuracy']} of true stories only")
        (PRESETS / f"{attribute}.json").write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(attribute, value["scorerAccuracy"], len(json.dumps(value)))
    # Presets that were written by hand stay.
    others = [path.stem for path in sorted(PRESETS.glob("*.json")) if path.stem not in (*PRESET_TABLE, "index")]
    (PRESETS / "index.json").write_text(json.dumps([*PRESET_TABLE, *others]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
