/** Which words the bundled family does not know, on the site's own files. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { defaultExperiment } from '../../experiment/defaults';
import { parsePreset, type Preset } from '../../experiment/schema';

const site = (path: string): string => readFileSync(new URL(`../../../public/${path}`, import.meta.url), 'utf8');
const preset = (id: string): Preset => parsePreset(JSON.parse(site(`presets/${id}.json`)), id);
const presets = (JSON.parse(site('presets/index.json')) as string[]).map(preset);
const family = presets.filter(({ needs }) => needs === undefined);

let rule: typeof import('./known-words');
beforeAll(async () => {
  // The store reads the address as it is loaded; here nothing of it is used.
  Object.assign(globalThis, {
    location: { search: '' },
    document: { documentElement: { dataset: {} } },
    matchMedia: () => ({ matches: false }),
  });
  rule = await import('./known-words');
});

let corpus: ReadonlySet<string>;
beforeAll(() => {
  const index = JSON.parse(site('corpora/index.json')) as { id: string; path: string }[];
  const { path } = index.find(({ id }) => id === defaultExperiment('').corpus.id)!;
  const lines = site(path).trim().split('\n');
  corpus = rule.knownWords(lines.map((line) => (JSON.parse(line) as { text: string }).text));
});
const known = (of: Preset): ReadonlySet<string> => new Set([...corpus, ...rule.knownWords(rule.textsOfPreset(of))]);

describe('words that the bundled family does not know', () => {
  test('are none in the texts of its own presets', () => {
    expect(family.length).toBeGreaterThan(0);
    for (const each of family)
      expect(rule.unknownWords(each.evaluationPrompts.join('\n'), known(each)), each.id).toEqual([]);
    // Nearly all of them are in the corpus alone: the rule does not rest on the preset that is chosen.
    const words = new Set(family.flatMap((each) => each.evaluationPrompts.flatMap(rule.wordsIn)));
    expect(rule.unknownWords([...words].join(' '), corpus).length).toBeLessThan(0.02 * words.size);
  });

  test('are those of other texts, each once, as they are written', () => {
    const text = 'The Committee met; the committee’s Budget, and the sun.';
    expect(rule.unknownWords(text, known(family[0]))).toEqual(
      expect.arrayContaining(['Committee', 'committee’s', 'Budget']),
    );
    expect(rule.unknownWords(text, known(family[0]))).not.toEqual(expect.arrayContaining(['sun']));
    expect(rule.unknownWords('Quux quux, QUUX 12!', new Set())).toEqual(['Quux']);
    expect(rule.unknownWords("Don't don’t", rule.knownWords(['we don’t']))).toEqual([]);
  });

  test('a preset for general models lends none, and of models from elsewhere nothing is said', () => {
    const general = presets.find(({ needs }) => needs === 'general-model')!;
    expect(rule.textsOfPreset(general)).toEqual([]);
    const experiment = defaultExperiment('mood');
    expect(rule.wordsAreKnown(experiment)).toBe(true);
    const location = { kind: 'hub', host: 'https://hub.test', commit: 'a'.repeat(40) } as const;
    const target = { id: 'owner/name', dtype: 'fp32', location } as const;
    expect(rule.wordsAreKnown({ models: { ...experiment.models, target } })).toBe(false);
  });
});
