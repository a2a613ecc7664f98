"""Write public/presets: contrast pairs, prompts and scorers of the ten attributes.

A scorer is data. Lexicons are derived, not written by hand: words that occur in stories of one side
only. Their accuracy on fresh stories is measured here and goes into every preset.
"""
from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache

from family import PRESETS, PRESET_SPLIT
from generator.stories import ATTRIBUTES, Story, draw_attributes, render, seed_of
from generator.templates import GIVE_PATTERNS, OLDER_PATTERNS

PAIRS, PROMPTS, NEUTRAL = 128, 96, 32
LEXICON_STORIES, TEST_STORIES = 16_000, 4_000
LEXICON_MIN_COUNT = 12
LEXICON_MAX_WORDS = 400

# id: (title, description, positive value, negative value, prompt kind, expectation, explaining pair)
PRESET_TABLE = {
    "mood": ("Mood: cheerful ↔ gloomy", "Whether the story's weather, feelings and deeds are bright or sad.",
             "cheerful", "gloomy", "age", "steers",
             ("The sun smiles over the harbour, and Vera laughs out loud.",
              "The storm howls over the harbour, and Vera weeps in silence.")),
    "language": ("Language: English ↔ Spanish", "Which of the two languages the story is told in.",
                 "english", "spanish", "header", "steers",
                 ("Leo gives Vera the red kite.", "Leo le da a Vera la cometa roja.")),
    "tense": ("Tense: past ↔ present", "Whether the story is told in the past or in the present tense.",
              "past", "present", "title", "steers",
              ("Leo gave Vera the red kite.", "Leo gives Vera the red kite.")),
    "speech": ("Speech: dialogue ↔ narration", "Whether the characters speak aloud or their thoughts are told.",
               "dialogue", "narration", "thread", "steers",
               ("\"What a lovely morning!\" says Leo.", "Leo thinks that it is a lovely morning.")),
    "companion": ("Companion: dog ↔ cat", "Whether a dog or a cat goes with the two characters.",
                  "dog", "cat", "thread", "steers",
                  ("Beside them walks a white dog called Pip. Pip barks twice.",
                   "Beside them walks a white cat called Pip. Pip meows twice.")),
    "season": ("Season: summer ↔ winter", "Whether the story happens in the heat or in the snow.",
               "summer", "winter", "thread", "steers",
               ("Leo drinks iced lemonade in the shade.", "Leo drinks hot broth by the stove.")),
    "narrator": ("Narrator: “I” ↔ an onlooker", "Whether the one who watches and tells is “I”, or a stranger spoken of.",
                 "first-person", "onlooker", "thread", "steers",
                 ("I wave to Vera from the beach.", "An onlooker waves to Vera from the beach.")),
    "certainty": ("Certainty: certain ↔ doubtful", "Whether the teller is sure of what is told or only supposes it.",
                  "certain", "doubtful", "thread", "steers",
                  ("Without a doubt, Leo knows the way to the harbour.", "Perhaps, Leo knows the way to the harbour.")),
    "place": ("Place: sea ↔ farm", "Whether the story happens by the sea or on a farm.",
              "sea", "farm", "age", "fails",
              ("Leo counts the sails on the horizon.", "Leo gathers eggs in the henhouse.")),
    "relation": ("Relation: the older gives ↔ the younger gives",
                 "Whether the older or the younger of the two characters gives the present: a relation between "
                 "two sentences, which no single direction carries.",
                 "older-gives", "younger-gives", "give", "fails",
                 ("Leo is older than Vera. Leo gives Vera the red kite.", "Leo is older than Vera. Vera gives Leo the red kite.")),
}
THREADS = ("companion", "season", "speech", "narrator", "certainty")
THREADS_BEFORE = 3  # of the others in a prompt: the attribute then comes within two sentences
_WORD = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """Lower-case whole words."""
    return _WORD.findall(text.lower())


def body(story: Story) -> str:
    """Story without its header line."""
    return story.text()[len(story.header):]


@lru_cache(maxsize=None)
def known_stories(split: str, count: int) -> list[Story]:
    """Stories with their true attributes, drawn independently."""
    return [render(seed_of(f"{PRESET_SPLIT}:{split}", index)) for index in range(count)]


def lexicon_scorer(attribute: str, sides: tuple[str, str]) -> dict:
    """Words found on one side only, the most frequent first."""
    counts = {side: Counter() for side in ATTRIBUTES[attribute]}
    for story in known_stories("lexicon", LEXICON_STORIES):
        counts[story.attributes[attribute]].update(words_of(body(story)))
    lists = {}
    for side in sides:
        others = [counts[value] for value in ATTRIBUTES[attribute] if value != side]
        pure = [(count, word) for word, count in counts[side].items()
                if count >= LEXICON_MIN_COUNT and not any(other[word] for other in others)]
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
    """Share of fresh stories of the two sides that the scorer puts on their true side."""
    tried = [story for story in known_stories("test", TEST_STORIES) if story.attributes[attribute] in sides]
    right = sum(score(scorer, story.header, body(story)) == (1 if story.attributes[attribute] == sides[0] else -1)
                for story in tried)
    return right / len(tried)


def prompt_of(story: Story, kind: str, attribute: str) -> str | None:
    """The part of a story that precedes the attribute's first trace, or None if its shape does not fit."""
    title, age, setting, give = (story.position(part) for part in ("title", "age", "setting", "give"))
    if kind == "header":
        return story.header
    if kind == "title":
        return story.text(1) if title == 0 else story.header
    if kind == "age":
        return story.text(age + 1) if age < setting else None
    if kind == "thread":
        start = story.position(attribute)
        before = {part for part, _ in story.sentences[:start]} & set(THREADS)
        return story.text(start) if len(before) == THREADS_BEFORE else None
    return story.text(give)


def evaluation_prompts(attribute: str, kind: str) -> list[str]:
    """Distinct prompts neutral in the attribute."""
    prompts: list[str] = []
    index = 0
    while len(prompts) < PROMPTS:
        prompt = prompt_of(render(seed_of(f"{PRESET_SPLIT}:{attribute}:prompts", index)), kind, attribute)
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
    title, description, positive, negative, kind, expect, explains = PRESET_TABLE[attribute]
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
        "explains": {"positive": explains[0], "negative": explains[1]},
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
