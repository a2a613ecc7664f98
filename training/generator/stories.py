"""Seeded generator of bilingual short stories with independent hidden attributes.

A story is a function of a 64-bit seed, ten attributes and a pair of names. Every choice is drawn
from its own stream, keyed by the seed and the name of the choice, so that flipping one attribute
leaves all other choices as they were: this is what makes minimal contrast pairs.
"""
from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from . import places, templates, threads, words
from .grammar import agree, article_en, articles_en, conjugate_template, contract_es

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "mood": ("cheerful", "gloomy"),
    "language": ("english", "spanish"),
    "tense": ("past", "present"),
    "speech": ("dialogue", "narration"),
    "companion": ("dog", "cat"),
    "season": ("summer", "winter"),
    "narrator": ("first-person", "onlooker"),
    "certainty": ("certain", "doubtful"),
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


def shuffled(seed: int, key: str, rows: list) -> list:
    """The rows in an order drawn from the stream `key`."""
    rows = list(rows)
    for last in range(len(rows) - 1, 0, -1):
        other = draw(seed, f"{key}:{last}", last + 1)
        rows[last], rows[other] = rows[other], rows[last]
    return rows


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
        self.passed_on = draw(seed, "passed on", 3) == 0
        counts = [2 + draw(seed, f"count {k}", 5) for k in (1, 2)]
        self.counts = {"n1": counts[0], "n2": counts[1], "sum": sum(counts)}
        self.counters = names if draw(seed, "counters", 2) else names[::-1]
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
        if who in ("C", "D"):
            return self.counters[who == "D"]
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
        """What there is to look at; most sentences of a story come back to the same things."""
        return self.recurring("things", places.THINGS[self.place])

    def recurring(self, key: str, rows: list[tuple[str, ...]]) -> tuple[str, ...]:
        """One row of a list: one of the story's two own rows, the first twice as often, or in one of six any row."""
        choice = 0 if key == "things" and self.prefix.startswith("count") else draw(self.seed, self.prefix + key + " which", 6)
        if choice == 5:
            return self.pick(key, rows)
        return rows[draw(self.seed, f"story:{key} {choice // 3}", len(rows))]

    def person(self, who: str) -> str:
        """The story's other people P and Q, who are never the same."""
        index = draw(self.seed, "story:P", len(words.PEOPLE))
        if who == "Q":
            index = (index + 1 + draw(self.seed, "story:Q", len(words.PEOPLE) - 1)) % len(words.PEOPLE)
        return words.PEOPLE[index][1 if self.spanish else 0]

    def short_gift(self) -> str:
        """The story's object, definite and without its adjective."""
        noun, es_noun, gender = self.pick("object", words.OBJECTS, shared=True)
        if not self.spanish:
            return "the " + noun
        return ("la " if gender == "f" else "el ") + es_noun

    def frame(self, text: str, certainty: bool, narrator: bool) -> str:
        """A template with the words in front that tell how sure it is, or who saw it."""
        if certainty:
            text = self.phrase("sure", threads.CERTAINTY_FRAMES[self.attributes["certainty"]]) + ", " + text
        elif narrator:
            text = self.phrase("seen", threads.NARRATOR_FRAMES[self.attributes["narrator"]]) + " " + text
        return text

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
        if name in ("X", "Y", "O", "U", "G", "R", "C", "D"):
            return self.character(name)
        if name in ("P", "Q"):
            return self.person(name)
        if name in ("H", "N"):
            holder = self.person("P") if self.passed_on else self.character("R")
            return holder if name == "H" else self.character("G")
        if name in self.counts:
            return words.COUNTING[self.counts[name]][1 if es else 0]
        if name == "pet":
            return threads.PET_NAMES[draw(self.seed, "story:pet", len(threads.PET_NAMES))]
        if name == "coat":
            return self.pick("coat", threads.PET_COATS, shared=True)[1 if es else 0]
        if name == "petspot":
            return self.pick("petspot", places.SPOTS[self.place], shared=True)[1 if es else 0]
        if name == "the_obj":
            return self.short_gift()
        if name.startswith("B_"):
            return agree(name[2:], self.feminine("B"), True)
        if name in ("ellos", "los"):
            return name[:-2] + "as" if self.feminine("B") else name
        if name == "los_things_sum":
            return f"{'las' if self.things()[2] == 'f' else 'los'} {self.slot('sum')} {self.things()[1]}"
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
            "petact": threads.COMPANION_ACTS[self.attributes["companion"]],
            "say": templates.SAY_VERBS, "think": templates.THINK_VERBS,
        }[base]
        if base in ("spot", "creature"):
            return self.recurring(key, rows)[1 if es else 0]
        return self.phrase(key, rows)

    def sentence(self, rows: list[tuple[str, ...]], index: str, framed: str = "") -> str:
        """Choose and fill a template; `index` keys the sentence's draws.

        `framed` is "", or "always" (certainty), or "sometimes" (certainty or narrator, where the sentence
        does not already begin with an adverbial or with speech).
        """
        self.prefix = index + ":"
        self.swap = draw(self.seed, self.prefix + "swap", 2)
        text = self.phrase("template", rows)
        framing = draw(self.seed, self.prefix + "framing", 100)
        if framed == "always":
            text = self.frame(text, True, False)
        elif framed and self.frameable(rows):
            text = self.frame(text, framing < 28, framing < 50)
        while "{" in text:
            text = _SLOT.sub(lambda match: self.slot(match[1]), text)
        text = conjugate_template(text, self.spanish, self.past)
        text = contract_es(text) if self.spanish else articles_en(text)
        return _FIRST_LETTER.sub(lambda match: match[0].upper(), text, count=1)

    def frameable(self, rows: list[tuple[str, ...]]) -> bool:
        """Whether the chosen template bears words in front; decided on the English text for both languages."""
        text = self.pick("template", rows)[0]
        return not text.startswith(('"', "{connector}", "{manner}", "{feeling}", "before", "because", "although", "after",
                                    "for a", "when", "while", "I ", "in silence", "without", "silently", "at last", "so "))


def render(seed: int, attributes: dict[str, str] | None = None, names: tuple[str, str] | None = None) -> Story:
    """The story of a seed; attributes and names are drawn from the seed unless given."""
    attributes = attributes or draw_attributes(seed)
    names = names or draw_names(seed)
    renderer = Renderer(seed, attributes, names)
    story = Story(names, attributes)

    def add(part: str, rows: list[tuple[str, ...]], index: str, framed: str = "") -> None:
        text = renderer.sentence(rows, index, framed)
        story.sentences.append((part, text if text.endswith((".", '"', "!")) else text + "."))

    if renderer.has_title:
        add("title", templates.TITLES, "title")
    opening = [("age", templates.AGES), ("setting", templates.SETTINGS)]
    if draw(seed, "setting first", 10) < 3:
        opening.reverse()
    for part, rows in opening:
        add(part, rows, part)
    speech = templates.SPEECH[attributes["speech"]]
    season, narrator = threads.SEASONS[attributes["season"]], threads.NARRATORS[attributes["narrator"]]
    # Every thread begins here, in any order; what comes later may come back to it.
    threads_first = [
        ("companion", threads.COMPANION_INTROS[attributes["companion"]], ""), ("season", season, ""),
        ("speech", speech, ""), ("narrator", narrator, ""), ("certainty", threads.CLAIMS, "always"),
    ]
    for part, rows, framed in shuffled(seed, "threads", threads_first):
        add(part, rows, part + " 1", framed)
    kinds = [("feeling", templates.FEELINGS), ("thing", templates.THINGS), ("activity", templates.ACTIVITIES)]
    middle = [(*kinds[draw(seed, "kind 1", 3)], "middle 1")]
    if draw(seed, "second middle", 3) == 0:
        middle.append((*kinds[draw(seed, "kind 2", 3)], "middle 2"))
    companion = [("companion", threads.COMPANIONS[attributes["companion"]], "companion 2")]
    rests, counts = draw(seed, "rests", 3) == 0, draw(seed, "counts", 2) == 0
    if rests:
        companion.append(("rest", templates.RESTS, "rest"))
    middle += companion if draw(seed, "second companion", 4) else companion[1:]
    if counts:
        middle.append(("count", templates.COUNTS, "count 1"))
    extra = [("season", season, "season 2"), ("speech", speech, "speech 2"), ("narrator", narrator, "narrator 2"),
             ("claim", threads.CLAIMS, "claim 2")]
    middle += [row for k, row in enumerate(extra) if draw(seed, f"extra {k}", 3) == 0]
    middle.append(("give", templates.GIVES, "give"))
    for part, rows, index in shuffled(seed, "middle", middle):
        add(part, rows, index, "" if part in ("give", "speech", "narrator", "count", "rest") else "sometimes")
        if part == "give":
            moves = templates.PASSES if renderer.passed_on else templates.KEEPS
            add("holder", moves, "keep", "")
    if draw(seed, "asked", 3):
        add("holder", templates.HOLDERS[attributes["speech"]], "holder 1")
    backs = [("holder", "holder 2"), ("older", "older")]
    backs += [("rest", "rest 2")] if rests else []
    backs += [("count", "count 2")] if counts else []
    for part, index in shuffled(seed, "callbacks", backs)[: 1 + draw(seed, "callbacks", 2)]:
        add(part, templates.CALLBACKS[part], index, "sometimes" if part == "older" else "")
    if draw(seed, "ending", 8) < 7:
        add("ending", words.ENDINGS[renderer.mood], "ending")
    return story
