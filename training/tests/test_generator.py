"""Tests of the text generators: determinism, independence, minimal pairs, disjoint splits, grammar."""
from __future__ import annotations

import re
import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from generator import grammar, places, templates, threads, words  # noqa: E402
from generator.recipes import render_text  # noqa: E402
from generator.stories import ATTRIBUTES, draw_attributes, draw_names, render, seed_of  # noqa: E402
from make_presets import accuracy, lexicon_scorer, score, words_of  # noqa: E402

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

    def test_first_person(self):
        forms = {("ver", True, False): "vi", ("ver", False, False): "veo", ("sentarse", True, False): "me senté",
                 ("recordar", False, True): "recuerdo", ("saber", True, True): "sabía", ("seguir", False, True): "sigo"}
        for arguments, wanted in forms.items():
            self.assertEqual(grammar.first_es(*arguments), wanted)
        self.assertEqual(grammar.conjugate_template("I ~1be, I @1write, she @write", False, False), "I am, I write, she writes")
        self.assertEqual(grammar.conjugate_template("yo @1oír, ella @oír", True, False), "yo oigo, ella oye")

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
        self.assertEqual(grammar.articles_en("A ugly place, a bird and a old hat"), "An ugly place, a bird and an old hat")


class Lists(unittest.TestCase):
    def test_moods_are_parallel(self):
        for lists in (words.FEELINGS, words.QUALITIES, words.MANNERS, words.WEATHER, words.MOOD_ACTS, words.ENDINGS):
            self.assertEqual(len(lists["cheerful"]), len(lists["gloomy"]))

    def test_threads_are_parallel(self):
        for lists in (threads.COMPANION_INTROS, threads.COMPANION_ACTS, threads.COMPANIONS, threads.SEASONS, threads.NARRATORS,
                      threads.NARRATOR_FRAMES, threads.CERTAINTY_FRAMES, templates.SPEECH, templates.HOLDERS):
            first, second = lists.values()
            self.assertEqual(len(first), len(second))

    def test_every_row_has_both_languages(self):
        tables = [words.OBJECTS, words.PEOPLE, words.DAYPARTS, templates.GIVES, templates.AGES, templates.TITLES,
                  templates.SETTINGS, places.ERRANDS, places.CREATURE_ACTS, *templates.SPEECH.values(),
                  threads.CLAIMS, *threads.SEASONS.values(), *threads.NARRATORS.values(), *threads.COMPANION_ACTS.values(),
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
            story = render(seed_of("marks", index))
            text = story.text()
            for mark in "{}@~+_|":
                self.assertNotIn(mark, text)
            wrong = r"\b[Aa] [aeio]" if story.attributes["language"] == "english" else r"\b(?:[Dd]e|[Aa]) el\b"
            self.assertNotRegex(text, wrong)
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

    def test_relation_flip_changes_only_the_present(self):
        for index in range(300):
            seed = seed_of("relation", index)
            changed = {part for part, a, b in self.flipped(seed, "relation") if a != b}
            self.assertIn("give", changed)
            self.assertLessEqual(changed, {"give", "holder"})

    def flipped(self, seed: int, attribute: str):
        """Sentences of a story in two versions, side by side; asserts that they have the same parts."""
        attributes = draw_attributes(seed)
        first, second = (render(seed, {**attributes, attribute: value}) for value in ATTRIBUTES[attribute][:2])
        self.assertEqual([part for part, _ in first.sentences], [part for part, _ in second.sentences], attribute)
        return [(part, a, b) for (part, a), (_, b) in zip(first.sentences, second.sentences)]

    def test_thread_flips_change_only_their_thread(self):
        own = {"companion": {"companion"}, "season": {"season"}, "speech": {"speech", "holder"}}
        for index in range(300):
            seed = seed_of("threads", index)
            for attribute, parts in own.items():
                changed = {part for part, a, b in self.flipped(seed, attribute) if a != b}
                self.assertLessEqual(changed, parts)
                self.assertIn(attribute, changed)

    def test_frames_change_only_the_words_in_front(self):
        for index in range(300):
            seed = seed_of("frames", index)
            for attribute in ("certainty", "narrator"):
                for part, a, b in self.flipped(seed, attribute):
                    if a != b and part != attribute:
                        words_behind = [sentence.split(" ")[-2:] for sentence in (a, b)]
                        self.assertEqual(*words_behind, (a, b))

    def test_mood_flip_keeps_the_shape(self):
        for index in range(300):
            self.assertTrue(any(a != b for _, a, b in self.flipped(seed_of("mood", index), "mood")))

    def test_what_comes_back_was_told(self):
        """Sums add up, and who has the present in the end is who it went to."""
        numbers = {word: value for value, row in words.COUNTING.items() for word in row[:2]}
        sums = holders = 0
        for index in range(COUNT):
            story = render(seed_of("consequences", index))
            text = story.text()
            found = re.search(rf"(?:counted|counts|contó|cuenta) ({'|'.join(numbers)}) [^.]*? (?:and|y|e) \w+ (\w+): (\w+) (?:in all|en total)", text)
            if found:
                sums += 1
                self.assertEqual(numbers[found[1]] + numbers[found[2]], numbers[found[3]], text)
            kept = re.search(r"(\w+) (?:still (?:had|has)|todavía (?:tenía|tiene)) ", text)
            passed = re.search(r"(\w+) (?:left|passed|sold|leaves|passes|sells) the .*? (?:with|on to|to) the", text)
            if kept and passed:
                holders += 1
                self.assertNotEqual(kept[1], passed[1], text)
        self.assertGreater(sums, 50)
        self.assertGreater(holders, 20)

    def test_relation_scorer_reads_the_truth(self):
        scorer = {"type": "relation", "olderPatterns": templates.OLDER_PATTERNS, "givePatterns": templates.GIVE_PATTERNS}
        for index in range(COUNT):
            story = render(seed_of("scorer", index))
            wanted = 1 if story.attributes["relation"] == "older-gives" else -1
            self.assertEqual(score(scorer, story.header, story.text()[len(story.header):]), wanted, story.text())

    def test_lexicons_read_the_truth(self):
        """The derived word lists tell every two-sided attribute of fresh stories apart."""
        for attribute in ("companion", "season", "narrator", "certainty", "speech", "mood", "tense"):
            sides = ATTRIBUTES[attribute]
            self.assertGreater(accuracy(attribute, sides, lexicon_scorer(attribute, sides)), 0.96, attribute)

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
