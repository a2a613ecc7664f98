/**
 * Words that the bundled family has never read. Its models were trained on the stories of one generator, whose words are
 * all in the corpus of the default experiment; any other word breaks into pieces that mean nothing to them. Models from
 * elsewhere were trained on text of every kind: of their words nothing is said.
 */
import { useEffect, useMemo, useState } from 'react';
import { defaultExperiment } from '../../experiment/defaults';
import type { Experiment, Preset } from '../../experiment/schema';
import { useCorpora, usePreset } from './catalog';
import { presetOf } from './concept';

const WORD = /\p{L}+(?:['’]\p{L}+)*/gu;

/** Whole words of a text as they are written. */
export const wordsIn = (text: string): string[] => text.match(WORD) ?? [];

const folded = (word: string): string => word.toLowerCase().replaceAll('’', "'");

/** Every word of the texts, without regard to case. */
export function knownWords(texts: Iterable<string>): ReadonlySet<string> {
  const known = new Set<string>();
  for (const text of texts) for (const word of wordsIn(text)) known.add(folded(word));
  return known;
}

/** The words of a text that are not among the known ones, each once, as written. */
export function unknownWords(text: string, known: ReadonlySet<string>): string[] {
  const found = new Map<string, string>();
  for (const word of wordsIn(text)) {
    const key = folded(word);
    if (!known.has(key) && !found.has(key)) found.set(key, word);
  }
  return [...found.values()];
}

/** What the models have read is known only of those that are bundled. */
export const wordsAreKnown = ({ models }: Pick<Experiment, 'models'>): boolean =>
  models.source.location === undefined && models.target.location === undefined;

/** Texts of a preset that is measured on the bundled family: its words are theirs. */
export function textsOfPreset({ needs, pairs, evaluationPrompts, neutralPrompts }: Preset): string[] {
  if (needs !== undefined) return [];
  return [...evaluationPrompts, ...neutralPrompts, ...pairs.flatMap(({ positive, negative }) => [positive, negative])];
}

const FAMILY_CORPUS = defaultExperiment('').corpus.id;
let corpusWords: Promise<ReadonlySet<string>> | null = null;

/** The words of the family's corpus, fetched once. */
function fetchWords(path: string): Promise<ReadonlySet<string>> {
  corpusWords ??= fetch(new URL(path, document.baseURI)).then(async (response) => {
    if (!response.ok) throw new Error(String(response.status));
    const lines = (await response.text()).split('\n').filter((line) => line.trim() !== '');
    return knownWords(lines.map((line) => (JSON.parse(line) as { text: string }).text));
  });
  corpusWords.catch(() => (corpusWords = null));
  return corpusWords;
}

/**
 * Words of a text that the models of the settings do not know. Empty where nothing can be said: for models from
 * elsewhere, and until the corpus is there.
 * @param text null while none has been typed: nothing is fetched for it
 */
export function useUnknownWords(text: string | null, experiment: Experiment): string[] {
  const asked = text !== null && wordsAreKnown(experiment);
  const entry = useCorpora().value?.find(({ id }) => id === FAMILY_CORPUS);
  const preset = usePreset(presetOf(experiment.concept)).value;
  const [corpus, setCorpus] = useState<ReadonlySet<string> | null>(null);
  const path = entry?.path;
  useEffect(() => {
    if (!asked || path === undefined) return;
    // A hint that cannot be given is no failure of the lab's: the corpus is checked where it is used.
    fetchWords(path).then(setCorpus, () => undefined);
  }, [asked, path]);
  const known = useMemo(
    () => (corpus && preset ? new Set([...corpus, ...knownWords(textsOfPreset(preset))]) : null),
    [corpus, preset],
  );
  return useMemo(() => (asked && known ? unknownWords(text, known) : []), [asked, known, text]);
}
