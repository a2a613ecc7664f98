/** Cases in which nothing transfers, whatever the vector does: experiments of the null by kind and seed. */
import type { ContrastPair, Experiment, Preset } from '../../experiment/schema';
import { toBase64 } from '../../experiment/base64';
import { Random } from '../../math/random';

/** What the null cases are made of. */
export interface NullMaterial {
  /** The experiment whose evidence they take, and its preset. */
  base: Experiment;
  preset: Preset;
  /** Another preset, whose vector says nothing of this one's words. */
  other: Preset;
  /** Texts of the corpus, and its words by number, most frequent first. */
  texts: readonly string[];
  words: readonly string[];
  /** Ids of the models of the family that share nothing but their texts. */
  stranger: string;
  /** Width of the source, and the block that the map begins at. */
  width: number;
  block: number;
}

export interface NullCase {
  experiment: Experiment;
  /** The seed by which the source's weights are shuffled; null for a source as it is. */
  shuffledSource: number | null;
}

/** Longest text of a random pair, in characters. */
const PAIR_CHARACTERS = 240;

const lists = ({ scorer }: Preset): { positiveWords: string[]; negativeWords: string[] } => {
  if (scorer.type !== 'lexicon') throw new TypeError('A null case needs a preset that is scored by words.');
  return { positiveWords: scorer.positive, negativeWords: scorer.negative };
};

/** The evidence of the base, with other pairs or other words. */
function typed(
  { base, preset }: NullMaterial,
  pairs: readonly ContrastPair[],
  words: { positiveWords: string[]; negativeWords: string[] },
): Experiment {
  const { positive, negative } = preset.concept;
  const concept = {
    kind: 'pairs' as const,
    title: 'null',
    positive,
    negative,
    pairs: [...pairs],
    promptsFrom: preset.id,
  };
  return { ...base, concept: { ...concept, ...words } };
}

/** Every kind of null case: what it is, and the one of a seed. */
export const NULL_CASES = {
  'random-weights': (material: NullMaterial, seed: number): NullCase => ({
    experiment: material.base,
    shuffledSource: seed,
  }),
  stranger: ({ base, stranger }: NullMaterial, seed: number): NullCase => ({
    experiment: {
      ...base,
      models: { ...base.models, source: { id: stranger, dtype: 'fp32' }, alignment: 'characters' },
      generation: { ...base.generation, seed },
    },
    shuffledSource: null,
  }),
  'exchanged-labels': (material: NullMaterial, seed: number): NullCase => {
    const random = new Random(seed);
    const pairs = material.preset.pairs.map(({ positive, negative }) =>
      random.integer(2) === 0 ? { positive, negative } : { positive: negative, negative: positive },
    );
    return { experiment: typed(material, pairs, lists(material.preset)), shuffledSource: null };
  },
  'random-texts': (material: NullMaterial, seed: number): NullCase => {
    const order = new Random(seed).permutation(material.texts.length);
    const text = (i: number): string => material.texts[order[i]].slice(0, PAIR_CHARACTERS);
    const pairs = material.preset.pairs.map((_, i) => ({ positive: text(2 * i), negative: text(2 * i + 1) }));
    return { experiment: typed(material, pairs, lists(material.preset)), shuffledSource: null };
  },
  'lopsided-words': (material: NullMaterial, seed: number): NullCase => {
    const random = new Random(seed);
    const pick = (from: readonly string[], count: number): string[] =>
      [...random.permutation(from.length).subarray(0, count)].map((i) => from[i]);
    const words = {
      positiveWords: pick(material.words.slice(0, 60), 40),
      negativeWords: pick(material.words.slice(-200), 20),
    };
    return { experiment: typed(material, material.preset.pairs, words), shuffledSource: null };
  },
  'wrong-concept': (material: NullMaterial, seed: number): NullCase => {
    const experiment = typed(material, material.other.pairs, lists(material.preset));
    return { experiment: { ...experiment, generation: { ...experiment.generation, seed } }, shuffledSource: null };
  },
  'random-direction': (material: NullMaterial, seed: number): NullCase => {
    const { base, preset, width, block } = material;
    const { positive, negative } = preset.concept;
    const values = toBase64(Float32Array.from(new Random(seed).unitVector(width)));
    const concept = {
      kind: 'vector' as const,
      title: 'null',
      positive,
      negative,
      values,
      block,
      promptsFrom: preset.id,
    };
    return { experiment: { ...base, concept }, shuffledSource: null };
  },
};

export type NullKind = keyof typeof NULL_CASES;
export const NULL_KINDS = Object.keys(NULL_CASES) as NullKind[];
