/**
 * The interface of the streaming affine fit, shared by its implementations: WGSL on the
 * GPU (`src/gpu/fit/`), float32 products with float64 around them on the CPU
 * (`whitened-fit.ts`), and float64 throughout, the reference of both (`float64-fit.ts`).
 *
 * Conventions, here and everywhere in the lab: rows are tokens, matrices are
 * row-major, X is n×dS, Y is n×dT, W is dS×dT and Y ≈ X W + 1 p.
 *
 * The fit is ridge regression on standardised source coordinates: with
 * Xs = (X − μ)/σ over the training rows it minimises
 *   (1/n)‖Y − ȳ − Xs Ws‖²_F + λ‖Ws‖²_F,      W = diag(1/σ) Ws,      p = ȳ − μ W.
 * λ is therefore a fraction of the mean diagonal of the standardised covariance
 * (which is 1): the same λ means the same shrinkage at every width and scale.
 * A source column that is equal in all training rows gets weight 0 and is counted.
 *
 * held-out R² = 1 − ‖Y − XW − 1p‖²_F / ‖Y − 1·mean_train(Y)‖²_F over held-out rows.
 */

import type { AffineMap } from '../math/affine-map';
import type { PairMoments } from '../math/moments';

/** One point of the λ path. */
export interface LambdaPoint {
  lambda: number;
  /** NaN when the system could not be factorised at this λ (`badPivots` > 0). */
  heldOutR2: number;
  trainR2: number;
  /** Pivots of the Cholesky factorisation that were not safely positive: 0 in a sound fit. */
  badPivots: number;
}

/** The fit of one source layer to one target layer. */
export interface PairFit {
  /** In the order in which the λ were asked for. */
  lambdaPath: LambdaPoint[];
  /** The map of the λ with the greatest held-out R². */
  best: AffineMap;
  /** Held-out R² of `best`. */
  heldOutR2: number;
  /** Median over target dimensions of the held-out R² of `best`; constant dimensions left out. */
  medianDimensionR2: number;
  /** dT: held-out R² of `best` per target dimension; NaN where the target is constant. */
  perDimension: Float64Array;
  /** Sum of the bad pivots over the λ path. A λ with bad pivots is never chosen as the best. */
  badPivots: number;
  /** Source columns that are constant over the training rows; their weights are 0. */
  constantColumns: number;
  /**
   * The rows were streamed a second time, whitened by all of them. Always false in float64, which needs no whitening.
   */
  secondPass: boolean;
  /** The warm-up rows did not represent the rest: figures are unreliable until `restart()` and a second pass. */
  needsSecondPass: boolean;
}

/** Paired states of the same tokens: one matrix a layer, all with `rows` rows. */
export interface FitChunk<M> {
  /** One per source layer, rows×dS. */
  source: M[];
  /** One per target layer, rows×dT. */
  target: M[];
  rows: number;
  split: 'train' | 'heldOut';
  /**
   * Fold of the cross-validation that these training rows belong to, 0 … folds−1; all rows of a text go into one.
   * Needed where the fit was made with `folds`, ignored for held-out rows and elsewhere.
   */
  fold?: number;
}

/** Rows that a fit has taken in. */
export interface RowCounts {
  train: number;
  heldOut: number;
  /** Rows left out, of both splits, because a state in them (any layer, either side) is NaN or infinite. */
  excluded: number;
}

/** Why the rows should be streamed a second time. */
export interface SecondPassReason {
  sourceLayer: number;
  /** Pivots that better whitening can make good. */
  badPivots: number;
  /** Largest mean square of a whitened column: near 1 where the warm-up rows represent the rest. */
  meanSquare: number;
  /** What the mean square should not exceed. */
  limit: number;
}

/** One λ of a cross-validation: every fold held out once from a fit to the others. */
export interface CrossValidationPoint {
  lambda: number;
  /** R² of each fold under the map fitted to the others; NaN where that system could not be factorised. */
  perFold: number[];
  /** Mean over the folds; NaN if one of them is. */
  meanR2: number;
  /** Standard deviation over the folds (n − 1) / √folds. */
  standardError: number;
}

/** Called before each source layer of a long solve, with how many are done. */
export type OnLayer = (done: number) => void;

/** What every implementation of the fit takes. */
export interface FitOptions {
  /** Also gather what `cka()` needs: one dT×dT Gram matrix per target layer. Default true. */
  cka?: boolean;
  /**
   * Keep the training moments apart in this many folds (2 … 16), for `crossValidate`. Default: one, no
   * cross-validation.
   */
  folds?: number;
}

/** The size of a layer × layer fit. */
export interface FitShape {
  sourceLayers: number;
  targetLayers: number;
  /** dS */
  sourceWidth: number;
  /** dT */
  targetWidth: number;
}

/**
 * A fit over a whole layer × layer grid, fed chunk by chunk. Rows are not kept:
 * only their moments are, so the cost in memory does not grow with the rows.
 *
 * Feed chunks in an order that is shuffled over documents: the first training
 * rows set the numerical scale of the GPU implementation.
 *
 * One call at a time: rows that are added while a solve is awaited may or may not
 * be part of its result.
 */
export interface StreamingFit<M> {
  readonly shape: FitShape;
  /**
   * Adds rows to the moments. On the GPU this enqueues work and reads nothing back; the buffers may be reused once it
   * has returned.
   */
  add(chunk: FitChunk<M>): void | Promise<void>;
  /**
   * Held-out R² of every source layer × target layer, L_S×L_T row-major, at one λ. NaN where a system could not be
   * factorised.
   */
  grid(lambda: number, signal?: AbortSignal, onLayer?: OnLayer): Promise<Float64Array>;
  /** The λ path and the best map of one pair of layers. */
  solve(sourceLayer: number, targetLayer: number, lambdas: number | number[], signal?: AbortSignal): Promise<PairFit>;
  /**
   * Linear CKA (Kornblith et al. 2019) of every source layer × target layer on the training rows, L_S×L_T row-major.
   */
  cka(signal?: AbortSignal, onLayer?: OnLayer): Promise<Float64Array>;
  /**
   * Moments of one pair of layers in the original coordinates, both about the training
   * means: what the controls (orthogonal map, low rank; see procrustes.ts) are made from.
   */
  moments(
    sourceLayer: number,
    targetLayer: number,
    signal?: AbortSignal,
  ): Promise<{ train: PairMoments; heldOut: PairMoments }>;
  /**
   * The λ path by cross-validation over the folds of the training rows; the held-out rows play no part.
   * @throws RangeError if the fit was made without folds, or a fold has no rows
   */
  crossValidate(
    sourceLayer: number,
    targetLayer: number,
    lambdas: readonly number[],
    signal?: AbortSignal,
  ): Promise<CrossValidationPoint[]>;
  /** Rows so far. On the GPU this waits for the work in flight: which rows are not finite is known only there. */
  rows(): Promise<RowCounts>;
  /**
   * Whether the rows must be streamed once more: call it after the last chunk, with
   * the smallest λ that will be used. Always false in float64, and after `restart()`.
   */
  needsSecondPass(smallestLambda?: number): Promise<boolean>;
  /** The first source layer that makes a second pass necessary, and why; null when none does. */
  secondPassReason(smallestLambda?: number): Promise<SecondPassReason | null>;
  /** Forgets the moments but keeps what they taught about the scale: then `add` every chunk again. */
  restart(): Promise<void>;
  dispose(): void;
}

/** @throws RangeError if the layer is not one of 0 … count−1 */
export function checkLayer(layer: number, count: number, side: string): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= count)
    throw new RangeError(`There is no ${side} layer ${layer}: the fit has ${count}.`);
}
