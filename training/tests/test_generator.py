"""Tests of the text generators: determinism, independence, minimal pairs, disjoint splits, grammar."""
from __future__ import annotations

import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from generator import grammar, places, templates, words  # noqa: E402
from generator.recipes import render_text  # noqa: E402
from generator.stories import ATTRIBUTES, draw_attributes, draw_names, render, seed_of  # noqa: E402
from make_presets import score, words_of  # noqa: E402

COUNT = 3000


class Grammar(unittest.TestCase):
    def test_spanish_verbs(self):
        forms = {
            ("brillar", True, False, True): "brillaba", ("brillar", False, True, False): "brillan",
            ("ser", True, False, True): "era", ("ir", True, True, False): "fueron",
            ("dormirse", True, False, False): "se durmió", ("sentirse", False, False, True): "se siente",
            ("oler", False, False, True): "huele", ("construir", True, False, False): "construyó",
            ("traer", True, False, False): "trajo", ("reír", False, True, False): "ríen",
        }
        for arguments, wanted in forms.items():
            self.assertEqual(grammar.conjugate_es(*arguments), wanted)

    def test_english_verbs(self):
        forms = {
            ("carry", True, False): "carried", ("carry", False, False): "carries", ("give", True, True): "gave",
            ("be", False, True): "are", ("whip", True, False): "whipped", ("echo", False, False): "echoes",
            ("catch", False, False): "catches", ("row", True, False): "rowed",
        }
        for arguments, wanted in forms.items():
            self.assertEqual(grammar.conjugate_en(*arguments), wanted)

    def test_agreement_and_contraction(self):
        self.assertEqual(grammar.agree("feliz", True, True), "felices")
        self.assertEqual(grammar.agree("juguetón", True, False), "juguetona")
        self.assertEqual(grammar.agree("encantador", True, True), "encantadoras")
        self.assertEqual(grammar.contract_es("cerca de el puerto, Leo y Iris"), "cerca del puerto, Leo e Iris")

    def test_articles(self):
        self.assertEqual(grammar.article_en("old coat"), "an old coat")
        self.assertEqual(grammar.article_en("red kite"), "a red kite")


class Lists(unittest.TestCase):
    def test_moods_are_parallel(self):
        for lists in (words.FEELINGS, words.QUALITIES, words.MANNERS, words.WEATHER, words.MOOD_ACTS, words.ENDINGS):
            self.assertEqual(len(lists["cheerful"]), len(lists["gloomy"]))

    def test_every_row_has_both_languages(self):
        tables = [words.OBJECTS, words.PEOPLE, words.DAYPARTS, templates.GIVES, templates.AGES, templates.TITLES,
                  templates.SETTINGS, places.ERRANDS, places.CREATURE_ACTS, *templates.SPEECH.values(),
                  *words.ENDINGS.values(), *places.ACTIVITIES.values(), *places.THINGS.values(), *places.SPOTS.values()]
        for rows in tables:
            self.assertEqual(len({len(row) for row in rows}), 1)
            self.assertGreaterEqual(len(rows[0]), 2)

    def test_names_are_distinct(self):
        self.assertEqual(len(set(words.NAMES)), len(words.NAMES))


class Stories(unittest.TestCase):
    def test_deterministic(self):
        self.assertEqual(render(seed_of("train", 5)).text(), render(seed_of("train", 5)).text())

    def test_no_unfilled_marks(self):
        for index in range(COUNT):
            text = render(seed_of("marks", index)).text()
            for mark in "{}@~+_|":
                self.assertNotIn(mark, text)
            self.assertNotIn("  ", text)

    def test_attributes_are_independent(self):
        rows = [draw_attributes(seed_of("independence", index)) for index in range(20_000)]
        names = list(ATTRIBUTES)
        for i, first in enumerate(names):
            for second in names[i + 1:]:
                pairs = Counter((row[first], row[second]) for row in rows)
                expected = len(rows) / (len(ATTRIBUTES[first]) * len(ATTRIBUTES[second]))
                chi2 = sum((pairs[a, b] - expected) ** 2 / expected for a in ATTRIBUTES[first] for b in ATTRIBUTES[second])
                self.assertLess(chi2, 20, (first, second))

    def test_header_depends_on_names_alone(self):
        seed = seed_of("header", 1)
        names = draw_names(seed)
        for attribute, values in ATTRIBUTES.items():
            for value in values:
                story = render(seed, {**draw_attributes(seed), attribute: value})
                self.assertTrue(story.text().startswith(f"{names[0]} & {names[1]}\n"))

    def test_relation_flip_changes_only_the_gift(self):
        for index in range(300):
            seed = seed_of("relation", index)
            attributes = draw_attributes(seed)
            first, second = (render(seed, {**attributes, "relation": value}) for value in ATTRIBUTES["relation"])
            changed = [part for (part, a), (_, b) in zip(first.sentences, second.sentences) if a != b]
            self.assertEqual(changed, ["give"])

    def test_relation_scorer_reads_the_truth(self):
        scorer = {"type": "relation", "olderPatterns": templates.OLDER_PATTERNS, "givePatterns": templates.GIVE_PATTERNS}
        for index in range(COUNT):
            story = render(seed_of("scorer", index))
            wanted = 1 if story.attributes["relation"] == "older-gives" else -1
            self.assertEqual(score(scorer, story.header, story.text()[len(story.header):]), wanted, story.text())

    def test_splits_are_disjoint(self):
        train = {render(seed_of("train", index)).text() for index in range(COUNT)}
        self.assertEqual(len(train), COUNT)
        self.assertFalse(train & {render(seed_of("validation", index)).text() for index in range(200)})

    def test_vocabulary_is_large(self):
        vocabulary = Counter(word for index in range(COUNT) for word in words_of(render(seed_of("train", index)).text()))
        self.assertGreater(len(vocabulary), 2000)


class Recipes(unittest.TestCase):
    def test_deterministic_and_varied(self):
        rows = [render_text(seed_of("recipes:test", index)) for index in range(COUNT)]
        self.assertEqual(rows[7], render_text(seed_of("recipes:test", 7)))
        self.assertEqual(len(set(rows)), COUNT)


if __name__ == "__main__":
    unittest.main()
