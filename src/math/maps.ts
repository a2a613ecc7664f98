/**
 * Maps from the moments of paired rows, beside ridge: what is left of the prediction when the map may only rotate, may
 * only have rank r, or is no map at all. In float64: the truth that the same maps of the GPU (`src/gpu/maps.ts`) are
 * measured against, and the ones in use where there is no GPU. Which kinds there are is said in `src/lab/maps/`.
 */
import { roundedMap, type AffineMap } from './affine-map';
import { symmetricEigen } from './eigen';
import { matmul, matmulTN, type Matrix, type MatrixLike, transpose, zeros } from './matrix';
import { type MomentScore, type PairMoments, scoreFromMoments, scoreFromSums } from './moments';
import { procrustes, type ProcrustesMap } from './procrustes';

/** A map and how well it predicts. */
export interface FittedMap {
  /** The rank asked for; null where the kind has none. */
  rank: number | null;
  /** W = scale·R with R (semi-)orthogonal; null where the kind has none. */
  scale: number | null;
  /** `lambda` is that of the ridge map it was made with. */
  map: AffineMap;
  trainR2: number;
  heldOutR2: number;
  /** dT: held-out R² per target dimension; NaN where the target is constant. */
  perDimension: Float64Array;
}

/** Moments of one pair of layers, both about the training means, as `StreamingFit.moments` gives them. */
export interface SplitMoments {
  train: PairMoments;
  heldOut: PairMoments;
}

/** What every kind of map is made from. */
export interface MapInputs {
  moments: SplitMoments;
  /** The ridge map of the same rows, scored. */
  ridge: FittedMap;
  /** Ranks at which a reduced-rank map is made: whole numbers of at least 1. */
  ranks: readonly number[];
}

/**
 * @throws RangeError if a rank is not a whole number of at least 1, or the ridge map is of other widths than the
 *   moments
 */
export function checkInputs({ moments, ridge, ranks }: MapInputs): void {
  const { sourceWidth: d, targetWidth: m } = ridge.map;
  for (const { st } of [moments.train, moments.heldOut]) {
    if (st.rows !== d || st.cols !== m)
      throw new RangeError(`A ${d}×${m} ridge map does not fit moments of ${st.rows}×${st.cols}.`);
  }
  for (const rank of ranks)
    if (!Number.isInteger(rank) || rank < 1)
      throw new RangeError(`A rank must be a whole number of at least 1, not ${rank}.`);
}

/** A map of these weights with the intercept that the moments ask for, and its scores. */
export function fittedMap(
  W: MatrixLike,
  { train, heldOut }: SplitMoments,
  lambda: number,
  scale: number | null = null,
): FittedMap {
  return scored(roundedMap(W, train, lambda), scoreFromMoments(W, train), scoreFromMoments(W, heldOut), { scale });
}

/** The same where the scores are known. */
export function scored(
  map: AffineMap,
  train: MomentScore,
  heldOut: MomentScore,
  { rank = null, scale = null }: { rank?: number | null; scale?: number | null } = {},
): FittedMap {
  return { rank, scale, map, trainR2: train.r2, heldOutR2: heldOut.r2, perDimension: heldOut.perDimension };
}

const rotations = new WeakMap<PairMoments, ProcrustesMap>();

/**
 * `procrustes` of these moments, worked out once.
 * @throws RangeError if source and target do not vary together at all
 */
export function rotationOf(train: PairMoments): ProcrustesMap {
  const known = rotations.get(train) ?? procrustes(train);
  rotations.set(train, known);
  return known;
}

/** Whether a map of this rank is the ridge map itself. */
export function isFull(rank: number, { sourceWidth, targetWidth }: AffineMap): boolean {
  return rank >= Math.min(sourceWidth, targetWidth);
}

export function ridgeMatrix({ W, sourceWidth, targetWidth }: AffineMap): MatrixLike {
  return { rows: sourceWidth, cols: targetWidth, data: W };
}

/**
 * Zero padding (or truncation where dS > dT) with the difference of means as intercept:
 * what "the same coordinates" would give. Its R² takes only the diagonals of the moments.
 */
export function identityMap({ train, heldOut }: SplitMoments, lambda: number): FittedMap {
  const { rows: d, cols: m } = train.st;
  const W = zeros(d, m);
  for (let i = 0; i < Math.min(d, m); i++) W.data[i * m + i] = 1;
  const score = ({ ss, st, tt }: PairMoments): MomentScore =>
    scoreFromSums(
      tt.map((t, j) => (j < d ? t - 2 * st.data[j * m + j] + ss.data[j * d + j] : t)),
      tt,
    );
  return scored(roundedMap(W, train, lambda), score(train), score(heldOut));
}

/** Rows: the eigenvectors of Wᵀ ss W, the covariance of the predictions of a ridge map, greatest first. */
export function predictionDirections(ridge: AffineMap, train: PairMoments): Matrix {
  const W = ridgeMatrix(ridge);
  return symmetricEigen(matmulTN(W, matmul(train.ss, W))).vectors;
}

/**
 * The best maps of rank at most r in the metric of the predictions (reduced-rank
 * regression, Izenman 1975): W_r = W V_rᵀ V_r with the first r rows of V.
 * All R² come from one pass over the directions: with A = W Vᵀ the residual is
 * SSE_j(r) = tt_j − 2 Σ_{k<r} V_kj (Aᵀst)_kj + Σ_{k,l<r} V_kj V_lj (Aᵀ ss A)_kl.
 * @param directions orthonormal rows of length dT, greatest predicted variance first; at least as many as the largest
 *   rank below the full one
 */
export function reducedRankMaps({ moments, ridge, ranks }: MapInputs, directions: Matrix): FittedMap[] {
  const { train, heldOut } = moments;
  const { map } = ridge;
  const low = ranks.filter((rank) => !isFull(rank, map));
  const most = Math.max(0, ...low);
  if (most > directions.rows) throw new RangeError(`Rank ${most} needs as many directions, not ${directions.rows}.`);
  const m = map.targetWidth;
  const V: Matrix = { rows: most, cols: m, data: directions.data.slice(0, most * m) };
  const A = matmul(ridgeMatrix(map), transpose(V));
  const scores = { train: scoresByRank(A, V, train, low), heldOut: scoresByRank(A, V, heldOut, low) };
  return ranks.map((rank) => {
    if (isFull(rank, map)) return { ...ridge, rank, map: { ...map, W: map.W.slice(), p: map.p.slice() } };
    const at = low.indexOf(rank);
    const W = matmul(leftColumns(A, rank), { rows: rank, cols: m, data: V.data.subarray(0, rank * m) });
    return scored(roundedMap(W, train, map.lambda), scores.train[at], scores.heldOut[at], { rank });
  });
}

/** R² of A_r V_r for each of the ranks. */
function scoresByRank(A: Matrix, V: Matrix, { ss, st, tt }: PairMoments, ranks: readonly number[]): MomentScore[] {
  const m = V.cols;
  const H = matmulTN(A, matmul(ss, A));
  const C = matmulTN(A, st);
  const sse = Float64Array.from(tt);
  const byRank = new Map<number, MomentScore>();
  for (let r = 0; r < V.rows; r++) {
    // twice the predictions of the earlier directions against this one, then this one itself
    const cross = new Float64Array(m);
    for (let l = 0; l < r; l++) {
      const h = H.data[l * V.rows + r] + H.data[r * V.rows + l];
      for (let j = 0; j < m; j++) cross[j] += V.data[l * m + j] * h;
    }
    const own = H.data[r * V.rows + r];
    for (let j = 0; j < m; j++) {
      const v = V.data[r * m + j];
      sse[j] += v * (cross[j] + v * own - 2 * C.data[r * m + j]);
    }
    if (ranks.includes(r + 1)) byRank.set(r + 1, scoreFromSums(sse, tt));
  }
  return ranks.map((rank) => byRank.get(rank) as MomentScore);
}

function leftColumns(A: Matrix, count: number): Matrix {
  const out = zeros(A.rows, count);
  for (let i = 0; i < A.rows; i++) out.data.set(A.data.subarray(i * A.cols, i * A.cols + count), i * count);
  return out;
}
