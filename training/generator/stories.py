"""Seeded generator of bilingual short stories with independent hidden attributes.

A story is a function of a 64-bit seed, six attributes and a pair of names. Every choice is drawn
from its own stream, keyed by the seed and the name of the choice, so that flipping one attribute
leaves all other choices as they were: this is what makes minimal contrast pairs.
"""
from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from . import places, templates, words
from .grammar import agree, article_en, conjugate_template, contract_es

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "mood": ("cheerful", "gloomy"),
    "language": ("english", "spanish"),
    "tense": ("past", "present"),
    "speech": ("dialogue", "narration"),
    "place": ("sea", "farm", "forest", "city"),
    "relation": ("older-gives", "younger-gives"),
}
_MASK = (1 << 64) - 1


def seed_of(split: str, index: int) -> int:
    """64-bit seed of the story `index` of a split such as "train"."""
    return int.from_bytes(blake2b(f"{split}:{index}".encode(), digest_size=8).digest(), "little")


@lru_cache(maxsize=None)
def _key_hash(key: str) -> int:
    return zlib.crc32(key.encode()) * 0x9E3779B97F4A7C15 & _MASK


def draw(seed: int, key: str, n: int) -> int:
    """Integer in [0, n) from the stream `key` of a seed (splitmix64 finaliser)."""
    x = (seed + _key_hash(key)) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) >> 11) % n


def draw_attributes(seed: int) -> dict[str, str]:
    """Attributes of a story, each drawn uniformly and independently."""
    return {name: values[draw(seed, "attribute:" + name, len(values))] for name, values in ATTRIBUTES.items()}


def draw_names(seed: int) -> tuple[str, str]:
    """The two characters in header order, uniformly among ordered pairs of different names."""
    first = draw(seed, "name:first", len(words.NAMES))
    second = (first + 1 + draw(seed, "name:second", len(words.NAMES) - 1)) % len(words.NAMES)
    return words.NAMES[first], words.NAMES[second]


@dataclass
class Story:
    """A rendered story: a header line and sentences, each with the part it plays."""

    names: tuple[str, str]
    attributes: dict[str, str]
    sentences: list[tuple[str, str]] = field(default_factory=list)

    @property
    def header(self) -> str:
        """The line that starts every story; it depends on the names alone."""
        return f"{self.names[0]} & {self.names[1]}\n"

    def text(self, count: int | None = None) -> str:
        """The header and the first `count` sentences (all by default)."""
        return self.header + " ".join(sentence for _, sentence in self.sentences[:count])

    def position(self, part: str) -> int:
        """Index of the first sentence that plays `part`, or -1."""
        return next((i for i, (name, _) in enumerate(self.sentences) if name == part), -1)


_SLOT = re.compile(r"\{(\w+)\}")
_BASE = re.compile(r"([A-Za-z]+?)(2?)(?:_(\w+))?$")
_FIRST_LETTER = re.compile(r"^[\"¡¿]*\w")


class Renderer:
    """Fills the templates of one story. Sentence-level draws are keyed by the sentence's index."""

    def __init__(self, seed: int, attributes: dict[str, str], names: tuple[str, str]):
        self.seed, self.attributes, self.names = seed, attributes, names
        self.spanish = attributes["language"] == "spanish"
        self.past = attributes["tense"] == "past"
        self.mood, self.place = attributes["mood"], attributes["place"]
        older = draw(seed, "older", 2)
        self.older, self.younger = names[older], names[1 - older]
        self.has_title = draw(seed, "title", 2) == 0
        self.prefix = ""
        self.swap = 0

    def pick(self, key: str, rows: list[tuple[str, ...]], shared: bool = False) -> tuple[str, ...]:
        """One row of a list; `shared` draws once for the whole story."""
        return rows[draw(self.seed, ("story:" if shared else self.prefix) + key, len(rows))]

    def phrase(self, key: str, rows: list[tuple[str, ...]]) -> str:
        """One row's phrase in the story's language."""
        return self.pick(key, rows)[1 if self.spanish else 0]

    def feminine(self, who: str) -> bool:
        """Grammatical gender of X, Y, R or of both characters together (B)."""
        if who == "B":
            return all(name in words.FEMALE for name in self.names)
        return self.character(who) in words.FEMALE

    def character(self, who: str) -> str:
        """Name behind a character slot; X and Y change places from sentence to sentence."""
        if who == "X":
            return self.names[self.swap]
        if who == "Y":
            return self.names[1 - self.swap]
        if who == "O":
            return self.older
        if who == "U":
            return self.younger
        older_gives = self.attributes["relation"] == "older-gives"
        giver, receiver = (self.older, self.younger) if older_gives else (self.younger, self.older)
        return giver if who == "G" else receiver

    def adjective(self, row: tuple[str, ...], suffix: str | None) -> str:
        """Adjective in the agreement that a slot's suffix asks for."""
        if not self.spanish:
            return row[0]
        if suffix in ("X", "Y", "R", "B"):
            return agree(row[1], self.feminine(suffix), suffix == "B")
        if suffix == "d":
            return agree(row[1], self.pick("daypart", words.DAYPARTS)[2] == "f", False)
        if suffix == "t":
            return agree(row[1], self.things()[2] == "f", True)
        return agree(row[1], suffix == "f", False)

    def things(self) -> tuple[str, ...]:
        return self.pick("things", places.THINGS[self.place])

    def gift(self, determiner: str) -> str:
        """The story's object with its adjective; `determiner` is "the", "a" or "title"."""
        noun, es_noun, gender = self.pick("object", words.OBJECTS, shared=True)
        adjective = self.pick("object adjective", words.OBJECT_ADJECTIVES, shared=True)
        if not self.spanish:
            phrase = f"{adjective[0]} {noun}"
            return {"the": "the " + phrase, "title": phrase, "a": article_en(phrase)}[determiner]
        feminine = gender == "f"
        phrase = f"{es_noun} {agree(adjective[1], feminine, False)}"
        if determiner == "a":
            return ("una " if feminine else "un ") + phrase
        return ("la " if feminine else "el ") + phrase

    def slot(self, name: str) -> str:  # noqa: C901 (a flat list of the grammar's slots)
        """Text of one slot."""
        mood, es = self.mood, self.spanish
        if name in ("X", "Y", "O", "U", "G", "R"):
            return self.character(name)
        if name in ("P", "Q"):
            shift = 0 if name == "P" else 7
            index = (draw(self.seed, self.prefix + "P", len(words.PEOPLE)) + shift) % len(words.PEOPLE)
            return words.PEOPLE[index][1 if es else 0]
        if name == "gift":
            return self.gift("the" if self.has_title else "a")
        if name in ("obj_adj", "El_obj_adj"):
            return self.gift("title")
        if name in ("a_obj_adj", "un_obj_adj", "a_obj", "un_obj"):
            return self.gift("a")
        gender = 1 if self.pick("daypart", words.DAYPARTS)[2] == "f" else 0
        things_gender = 1 if self.things()[2] == "f" else 0
        if name in ("the_daypart", "un_daypart"):
            article = (("el ", "la ") if name[0] == "t" else ("un ", "una "))[gender]
            return article + self.pick("daypart", words.DAYPARTS)[1]
        if name in ("daypart", "daypart_es"):
            return self.phrase("daypart", words.DAYPARTS)
        if name in ("things", "things_es"):
            return self.things()[1 if es else 0]
        if name in ("los_things", "estos_things", "unos_things", "todos_things"):
            stem = name[:-7]
            article = stem[:-2] + "as" if things_gender else stem
            article = {"las": "las", "los": "los"}.get(article, article)
            return article if stem == "todos" else f"{article} {self.things()[1]}"
        if name == "a_quality":
            return article_en(self.pick("quality", words.QUALITIES[mood])[0])
        base, number, suffix = _BASE.match(name).groups()
        key = base + number
        if base == "quality":
            return self.adjective(self.pick(key, words.QUALITIES[mood]), suffix)
        if base == "feeling":
            return self.adjective(self.pick(key, words.FEELINGS[mood]), suffix)
        if base == "think" and suffix == "about":
            return self.phrase("think about", templates.THINK_ABOUT_VERBS)
        rows = {
            "manner": words.MANNERS[mood], "weather": words.WEATHER[mood], "moodact": words.MOOD_ACTS[mood],
            "n": words.NUMBERS, "connector": words.CONNECTORS, "spot": places.SPOTS[self.place],
            "act": places.ACTIVITIES[self.place], "creature": places.CREATURES[self.place],
            "cact": places.CREATURE_ACTS, "errand": places.ERRANDS,
            "say": templates.SAY_VERBS, "think": templates.THINK_VERBS,
        }[base]
        return self.phrase(key, rows)

    def sentence(self, rows: list[tuple[str, ...]], index: str) -> str:
        """Choose and fill a template; `index` keys the sentence's draws."""
        self.prefix = index + ":"
        self.swap = draw(self.seed, self.prefix + "swap", 2)
        text = self.phrase("template", rows)
        while "{" in text:
            text = _SLOT.sub(lambda match: self.slot(match[1]), text)
        text = conjugate_template(text, self.spanish, self.past)
        if self.spanish:
            text = contract_es(text)
        return _FIRST_LETTER.sub(lambda match: match[0].upper(), text, count=1)


def render(seed: int, attributes: dict[str, str] | None = None, names: tuple[str, str] | None = None) -> Story:
    """The story of a seed; attributes and names are drawn from the seed unless given."""
    attributes = attributes or draw_attributes(seed)
    names = names or draw_names(seed)
    renderer = Renderer(seed, attributes, names)
    story = Story(names, attributes)

    def add(part: str, rows: list[tuple[str, ...]], index: str) -> None:
        story.sentences.append((part, renderer.sentence(rows, index)))

    if renderer.has_title:
        add("title", templates.TITLES, "title")
    opening = [("age", templates.AGES), ("setting", templates.SETTINGS)]
    if draw(seed, "setting first", 10) < 3:
        opening.reverse()
    for part, rows in opening:
        add(part, rows, part)
    speech = templates.SPEECH[attributes["speech"]]
    kinds = [("feeling", templates.FEELINGS), ("thing", templates.THINGS), ("activity", templates.ACTIVITIES)]
    middle = [(*kinds[draw(seed, "kind 1", 3)], "middle 1"), ("speech", speech, "speech 1")]
    if draw(seed, "speech first", 2):
        middle.reverse()
    middle.insert(draw(seed, "give at", 3), ("give", templates.GIVES, "give"))
    if draw(seed, "second middle", 2):
        middle.append((*kinds[draw(seed, "kind 2", 3)], "middle 2"))
    if draw(seed, "second speech", 5) < 2:
        middle.append(("speech", speech, "speech 2"))
    for part, rows, index in middle:
        add(part, rows, index)
    if draw(seed, "ending", 8) < 7:
        add("ending", words.ENDINGS[renderer.mood], "ending")
        part, text = story.sentences[-1]
        story.sentences[-1] = (part, text if text.endswith((".", '"')) else text + ".")
    return story
