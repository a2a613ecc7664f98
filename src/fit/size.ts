/** What the fit on the CPU takes in memory: for the plan that is made before anything is loaded. */
import type { FitOptions, FitShape } from './types';
import { STREAM_FOLD_ROWS } from './whitened-fit';

const DOUBLE = 8;
const FLOAT = 4;

/**
 * Bytes that a `WhitenedFit` of this shape takes at its largest: the moments of every pair of blocks in float64 are
 * most of it, 2·8·L_S·d_S·L_T·d_T. Cross-validation multiplies those of the training rows by the folds, and a solve
 * adds their sum.
 */
export function estimateWhitenedFitBytes(
  { sourceLayers, targetLayers, sourceWidth, targetWidth }: FitShape,
  { cka = true, folds = 1 }: FitOptions = {},
): number {
  const [sources, targets] = [sourceLayers * sourceWidth, targetLayers * targetWidth];
  const gram = sources * sourceWidth;
  const accumulator = DOUBLE * (gram + sources * targets + sources + 2 * targets);
  const accumulators =
    (folds + 1 + (folds > 1 ? 1 : 0)) * accumulator + (cka ? DOUBLE * folds * targets * targetWidth : 0);
  const streaming = (folds + 1) * STREAM_FOLD_ROWS * (DOUBLE * sources + FLOAT * (targets + 1 + sourceWidth));
  // The factors and their packed halves; and once solved the source's moments of both splits.
  const whitening = DOUBLE * gram * 1.5;
  const solved = 2 * DOUBLE * gram;
  return accumulators + streaming + whitening + solved;
}
