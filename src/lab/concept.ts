/** A concept from wherever it came: its pairs, its prompts, and how a continuation is scored. */
import { fromBase64 } from '../experiment/base64';
import { LabError } from '../experiment/errors';
import type { ContrastPair, Experiment, Preset } from '../experiment/schema';
import { norm } from '../math/stats';
import type { LanguageModel } from '../runtime/types';
import type { LabContext } from './context';
import { judgeOf, type Judge } from './judges';

/** The parts of a concept, wherever they came from. */
export interface Concept {
  title: string;
  positive: string;
  negative: string;
  pairs: ContrastPair[];
  evaluationPrompts: string[];
  neutralPrompts: string[];
  judge: Judge;
  /** The small model's vector where it was brought along, with its block; null where the pairs give it. */
  given: { values: Float32Array; block: number } | null;
}

/** Prompts in two halves: one chooses the dose, the other reports it. The first of the report half is the one on screen. */
export function halves(prompts: readonly string[]): { choose: string[]; report: string[] } {
  return {
    choose: prompts.filter((_, i) => i % 2 === 0),
    report: prompts.filter((_, i) => i % 2 === 1 || prompts.length === 1),
  };
}

/** The contrast pairs of a concept: its own, or those of the preset that it goes with. */
export async function pairsOfConcept(context: LabContext, concept: Experiment['concept']): Promise<ContrastPair[]> {
  if (concept.kind === 'pairs') return concept.pairs;
  return (await context.resources.preset(concept.kind === 'preset' ? concept.id : concept.promptsFrom)).pairs;
}

/** A concept from a preset, or from the user's own pairs with the preset's prompts. */
export async function resolveConcept(context: LabContext, concept: Experiment['concept']): Promise<Concept> {
  const preset: Preset = await context.resources.preset(concept.kind === 'preset' ? concept.id : concept.promptsFrom);
  const { evaluationPrompts, neutralPrompts } = preset;
  if (concept.kind === 'preset') {
    return {
      title: preset.title,
      ...preset.concept,
      pairs: preset.pairs,
      evaluationPrompts,
      neutralPrompts,
      judge: judgeOf(preset.scorer),
      given: null,
    };
  }
  if (concept.kind === 'vector') {
    const { title, positive, negative, values, block } = concept;
    return {
      title,
      positive,
      negative,
      pairs: preset.pairs,
      evaluationPrompts,
      neutralPrompts,
      judge: judgeOf(preset.scorer),
      given: { values: givenVector(values), block },
    };
  }
  if (concept.positiveWords.length === 0 || concept.negativeWords.length === 0) {
    throw new LabError('pairs-one-sided.words', {
      title: concept.title,
      side: concept.positiveWords.length === 0 ? 'positive' : 'negative',
    });
  }
  const judge = judgeOf({ type: 'lexicon', positive: concept.positiveWords, negative: concept.negativeWords });
  return {
    title: concept.title,
    positive: concept.positive,
    negative: concept.negative,
    pairs: concept.pairs,
    evaluationPrompts,
    neutralPrompts,
    judge,
    given: null,
  };
}

/** @throws LabError `settings-invalid` for bytes that are no vector */
function givenVector(text: string): Float32Array {
  const values = atob(text).length % 4 === 0 ? fromBase64(text) : null;
  if (values?.every((x) => Number.isFinite(x)) && norm(values) > 0) return values;
  throw new LabError('settings-invalid.vector', { field: 'concept.values' });
}

/** A vector that was brought along must be of the small model, and of the block that the map begins at. @throws LabError `settings-invalid` */
export function requireFit(
  { values, block }: NonNullable<Concept['given']>,
  source: LanguageModel,
  layer: number,
): void {
  const { hiddenSize } = source.info;
  if (values.length !== hiddenSize) {
    throw new LabError('settings-invalid.vector-width', {
      field: 'concept.values',
      values: values.length,
      width: hiddenSize,
    });
  }
  if (block !== layer) {
    throw new LabError('settings-invalid.vector-block', { field: 'map.sourceLayer', block, layer });
  }
}
