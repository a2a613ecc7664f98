/**
 * How alike two models are on a small sample of states, before the long collection: the CKA of their blocks, and the
 * held-out R² of one quick map. A few seconds against the minutes that the collection may take.
 */
import { LabError } from '../experiment/errors';
import type { HomologySample } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { debiasedCka, unbiasedGram } from '../math/cka';
import { dualRidgeR2 } from '../math/dual-ridge';
import { Random } from '../math/random';
import { SAMPLE_THRESHOLDS } from '../models';
import type { LanguageModel } from '../runtime/types';
import { yieldToEventLoop, type LabContext } from './context';
import { rowsOf } from './fit';
import type { ModelPair, Role } from './model-pair';
import { panelView } from './panels';
import { pairText, type ModelTokenizers, type PairedText } from './prepare';
import { finiteSample, flatPositions, pickRows, type ReadText, type Sample } from './rows';
import { message } from '../experiment/message';

const TEXTS = 32;
/** Texts are read this far, and give this many rows each, evenly spread: neighbours say much the same. */
const TOKENS = 32;
const ROWS_OF_TEXT = 20;
/** Every fourth text is held out. */
const HELD_OUT = 4;
const BATCH_TEXTS = 16;
const SEED = 1;
/** Fewer rows than this judge nothing. */
const LEAST_ROWS = 256;
/** Multiplications that the Gram matrices of one side may cost; wider models are compared at fewer blocks. */
const PRODUCTS = 4e9;
const LAMBDAS = [1e-3, 1e-2, 0.1, 1];
/** Depth of the target's block to which the quick map goes: the middle of where vectors are steered. */
const MAP_DEPTH = 0.6;

interface SampledText extends PairedText {
  text: number;
  heldOut: boolean;
}

/** Texts of the corpus in a seeded order, cut to the sample's size; those with too few paired positions are passed over. */
export function sampleTexts(
  texts: readonly string[],
  tokenizers: ModelTokenizers,
  alignment: Experiment['models']['alignment'],
): SampledText[] {
  const sampled: SampledText[] = [];
  for (const text of new Random(SEED).permutation(texts.length)) {
    if (sampled.length === TEXTS) break;
    const pair = pairText(texts[text], tokenizers, alignment, 'content');
    const near = pair.source.positions.flatMap((position, i) =>
      position < TOKENS && pair.target.positions[i] < TOKENS ? [i] : [],
    );
    if (near.length < 4) continue;
    const count = Math.min(ROWS_OF_TEXT, near.length);
    const kept = Array.from({ length: count }, (_, i) => near[Math.floor((i * near.length) / count)]);
    const cut = ({ ids, positions }: ReadText): ReadText => ({
      ids: ids.slice(0, TOKENS),
      positions: kept.map((i) => positions[i]),
    });
    sampled.push({
      text,
      heldOut: sampled.length % HELD_OUT === HELD_OUT - 1,
      readable: pair.readable,
      source: cut(pair.source),
      target: cut(pair.target),
    });
  }
  return sampled;
}

/** Blocks that are compared: all, or as many, evenly spread, as the work allows; the last always. */
export function sampledBlocks(layers: number, width: number, rows: number): number[] {
  const count = Math.min(layers, Math.max(4, Math.floor(PRODUCTS / ((rows * rows * width) / 2))));
  return Array.from({ length: count }, (_, i) => Math.ceil(((i + 1) * layers) / count) - 1);
}

/** Reads the sample with both models and compares them. @throws LabError `corpus-*` where it gives too little, `non-finite`, `cancelled` */
export async function sampleHomology(
  context: LabContext,
  pair: ModelPair,
  corpus: string,
  alignment: Experiment['models']['alignment'],
): Promise<HomologySample> {
  const { texts: all } = await context.resources.corpus(corpus);
  const texts = sampleTexts(all, { source: pair.source.tokenizer, target: pair.target.tokenizer }, alignment);
  const rows = texts.reduce((n, { source }) => n + source.positions.length, 0);
  if (rows < LEAST_ROWS) throw new LabError('corpus-empty.sample', { rows, least: LEAST_ROWS });
  const blocks = {
    source: sampledBlocks(pair.source.info.layers, pair.source.info.hiddenSize, rows),
    target: sampledBlocks(pair.target.info.layers, pair.target.info.hiddenSize, rows),
  };
  let done = 0;
  const read = (role: Role): Promise<Float32Array[]> =>
    readStates(context, pair[role], role, texts, blocks[role], () =>
      context.progress({
        stage: 'models',
        done: ++done,
        total: 2 * Math.ceil(texts.length / BATCH_TEXTS),
        unit: 'steps',
        note: message('progress.homology'),
      }),
    );
  // In turn the source comes last: it is what the collection begins with.
  const states = { target: await read('target'), source: await read('source') };
  const labels = texts.flatMap(({ text, heldOut, source }) =>
    source.positions.map((position) => ({ token: '', text, position, heldOut })),
  );
  const whole: Sample = {
    rows,
    source: { width: pair.source.info.hiddenSize, blocks: states.source },
    target: { width: pair.target.info.hiddenSize, blocks: states.target },
    labels,
  };
  return compareSample(whole, blocks, new Set(texts.map(({ text }) => text)).size, context.signal);
}

/** States of the chosen blocks at the chosen positions, one matrix a block. */
async function readStates(
  context: LabContext,
  model: LanguageModel,
  role: Role,
  texts: readonly SampledText[],
  blocks: readonly number[],
  onBatch: () => void,
): Promise<Float32Array[]> {
  const width = model.info.hiddenSize;
  const parts: Float32Array[][] = blocks.map(() => []);
  for (let start = 0; start < texts.length; start += BATCH_TEXTS) {
    const batch = texts.slice(start, start + BATCH_TEXTS).map((item) => item[role]);
    const taps = await model.collect(batch.map(({ ids }) => ids));
    try {
      const positions = Array.from(flatPositions(batch, taps.length));
      for (const [i, block] of blocks.entries())
        parts[i].push(
          pickRows(await context.backend.readTap(taps.blocks[block], taps.rows * taps.length), positions, width),
        );
    } finally {
      taps.dispose();
    }
    onBatch();
    await yieldToEventLoop(context.signal);
  }
  return parts.map((arrays) => {
    const rows = new Float32Array(arrays.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of arrays) {
      rows.set(part, at);
      at += part.length;
    }
    return rows;
  });
}

/**
 * The comparison itself. What is judged are the later halves of both models: in the first blocks a state is mostly the token
 * it stands at, and strangers that read the same text can be alike there; later it says what comes next. Rows that are not finite or massive in any block are left out, as they are from the panels: one
 * direction that a few positions fill would be all that CKA and R² see.
 * @param blocks which blocks the sample's matrices are
 */
export async function compareSample(
  all: Sample,
  blocks: HomologySample['blocks'],
  texts: number,
  signal: AbortSignal,
): Promise<HomologySample> {
  const finite = finiteSample(all);
  const { ordinary } = panelView(finite);
  if (ordinary.length < LEAST_ROWS / 2)
    throw new LabError('non-finite.sample', { ordinary: ordinary.length, rows: all.rows });
  const side = ({ width, blocks: matrices }: Sample['source']): Sample['source'] => ({
    width,
    blocks: matrices.map((rows) => pickRows(rows, ordinary, width)),
  });
  const sample: Sample = {
    rows: ordinary.length,
    source: side(finite.source),
    target: side(finite.target),
    labels: ordinary.map((row) => finite.labels[row]),
  };

  const grams = async ({ width, blocks: matrices }: Sample['source']): Promise<Float64Array[]> => {
    const out: Float64Array[] = [];
    for (const rows of matrices) {
      out.push(unbiasedGram(rows, width));
      await yieldToEventLoop(signal);
    }
    return out;
  };
  const sourceGrams = await grams(sample.source);
  const targetGrams = await grams(sample.target);
  const cka = sourceGrams.map((a) => targetGrams.map((b) => debiasedCka(a, b)));
  const closest = (t: number, among: readonly number[]): HomologySample['profile'][number] => {
    const s = among.reduce((best, i) => (cka[i][t] > cka[best][t] ? i : best));
    return { target: blocks.target[t], source: blocks.source[s], cka: cka[s][t] };
  };
  const numbers = (list: readonly number[]): number[] => list.map((_, i) => i);
  const later = (list: readonly number[]): number[] =>
    numbers(list).filter((i) => (list[i] + 1) / (list.at(-1)! + 1) > 0.5);
  const profile = numbers(blocks.target).map((t) => closest(t, numbers(blocks.source)));
  const late = later(blocks.target).map((t) => closest(t, later(blocks.source)));
  const meanCka = late.reduce((sum, point) => sum + point.cka, 0) / late.length;

  const depth = (block: number): number => Math.abs((block + 1) / (blocks.target.at(-1)! + 1) - MAP_DEPTH);
  const mid = late.reduce((best, point) => (depth(point.target) < depth(best.target) ? point : best));
  const [s, t] = [blocks.source.indexOf(mid.source), blocks.target.indexOf(mid.target)];
  await yieldToEventLoop(signal);
  const part = (heldOut: boolean): Parameters<typeof dualRidgeR2>[0] => {
    const rows = rowsOf(sample, heldOut);
    const matrix = (
      { width, blocks: matrices }: Sample['source'],
      i: number,
    ): { rows: number; cols: number; data: Float32Array } => ({
      rows: rows.length,
      cols: width,
      data: pickRows(matrices[i], rows, width),
    });
    return { X: matrix(sample.source, s), Y: matrix(sample.target, t) };
  };
  const [train, heldOut] = [part(false), part(true)];
  const points = dualRidgeR2(train, heldOut, LAMBDAS).filter((point) => Number.isFinite(point.heldOutR2));
  const best = points.reduce<(typeof points)[number] | null>(
    (a, b) => (a === null || b.heldOutR2 > a.heldOutR2 ? b : a),
    null,
  );
  return {
    texts,
    rows: { train: train.X.rows, heldOut: heldOut.X.rows, left: all.rows - sample.rows },
    blocks,
    cka,
    profile,
    late,
    meanCka,
    map: { source: mid.source, target: mid.target, lambda: best?.lambda ?? NaN, heldOutR2: best?.heldOutR2 ?? NaN },
    verdict: meanCka >= SAMPLE_THRESHOLDS.alike ? 'alike' : meanCka >= SAMPLE_THRESHOLDS.partly ? 'partly' : 'unalike',
  };
}
