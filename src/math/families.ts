/**
 * The family of maps beside ridge: what is left of the prediction when the map may
 * only rotate, may only have rank r, or is no map at all. All of them follow from the
 * moments of the paired rows; in float64 here, which is the truth that the GPU's
 * family (`src/gpu/families.ts`) is measured against.
 */
import { symmetricEigen } from './eigen';
import { roundedMap, type AffineMap } from './affine-map';
import { matmul, matmulTN, type Matrix, type MatrixLike, transpose, zeros } from './matrix';
import { type MomentScore, type PairMoments, scoreFromMoments, scoreFromSums } from './moments';
import { procrustes } from './procrustes';

export type FamilyKind = 'reduced-rank' | 'orthogonal' | 'scaled-orthogonal' | 'identity';

/** One map of the family and how well it predicts. */
export interface FamilyMember {
  kind: FamilyKind;
  /** The rank asked for; null where the kind has none. */
  rank: number | null;
  /** W = scale·R with R (semi-)orthogonal; null where the kind has none. */
  scale: number | null;
  /** `lambda` is that of the ridge map the family was made with. */
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

/**
 * The orthogonal, scaled-orthogonal and identity maps and one reduced-rank map per
 * asked rank, in this order, in float64. A rank of at least min(dS, dT) gives the ridge map.
 * @param ridge the map that the reduced ranks come from
 * @throws RangeError if a rank is not a whole number of at least 1, the ridge map is
 *   of other widths, or source and target do not vary together at all
 */
export function familiesFromMoments(moments: SplitMoments, ridge: AffineMap, ranks: readonly number[]): FamilyMember[] {
  checkFamily(moments, ridge, ranks);
  const { train, heldOut } = moments;
  const { R, scale } = procrustes(train);
  const scored = (kind: FamilyKind, W: Matrix, factor: number | null): FamilyMember =>
    member(
      kind,
      null,
      factor,
      roundedMap(W, train, ridge.lambda),
      scoreFromMoments(W, train),
      scoreFromMoments(W, heldOut),
    );
  const W = ridgeMatrix(ridge);
  const full = ranks.some((rank) => isFull(rank, ridge))
    ? { train: scoreFromMoments(W, train), heldOut: scoreFromMoments(W, heldOut) }
    : null;
  return [
    scored('orthogonal', R, 1),
    scored('scaled-orthogonal', { ...R, data: R.data.map((x) => x * scale) }, scale),
    identityMember(moments, ridge.lambda),
    ...reducedRankMembers(moments, ridge, ranks, predictionDirections(W, train), full),
  ];
}

/** @throws RangeError as `familiesFromMoments` */
export function checkFamily({ train, heldOut }: SplitMoments, ridge: AffineMap, ranks: readonly number[]): void {
  const { sourceWidth: d, targetWidth: m } = ridge;
  for (const side of [train, heldOut]) {
    if (side.st.rows !== d || side.st.cols !== m)
      throw new RangeError(`A ${d}×${m} ridge map does not fit moments of ${side.st.rows}×${side.st.cols}.`);
  }
  for (const rank of ranks)
    if (!Number.isInteger(rank) || rank < 1)
      throw new RangeError(`A rank must be a whole number of at least 1, not ${rank}.`);
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
export function identityMember({ train, heldOut }: SplitMoments, lambda: number): FamilyMember {
  const { rows: d, cols: m } = train.st;
  const W = zeros(d, m);
  for (let i = 0; i < Math.min(d, m); i++) W.data[i * m + i] = 1;
  const score = ({ ss, st, tt }: PairMoments): MomentScore =>
    scoreFromSums(
      tt.map((t, j) => (j < d ? t - 2 * st.data[j * m + j] + ss.data[j * d + j] : t)),
      tt,
    );
  return member('identity', null, null, roundedMap(W, train, lambda), score(train), score(heldOut));
}

/** Rows: the eigenvectors of Wᵀ ss W, the covariance of the predictions, greatest first. */
function predictionDirections(W: MatrixLike, train: PairMoments): Matrix {
  return symmetricEigen(matmulTN(W, matmul(train.ss, W))).vectors;
}

/**
 * The best maps of rank at most r in the metric of the predictions (reduced-rank
 * regression, Izenman 1975): W_r = W V_rᵀ V_r with the first r rows of V.
 * All R² come from one pass over the directions: with A = W Vᵀ the residual is
 * SSE_j(r) = tt_j − 2 Σ_{k<r} V_kj (Aᵀst)_kj + Σ_{k,l<r} V_kj V_lj (Aᵀ ss A)_kl.
 * @param directions orthonormal rows of length dT, greatest predicted variance first; at least as many as the largest rank below the full one
 * @param full R² of the ridge map itself; needed where a rank is full
 */
export function reducedRankMembers(
  { train, heldOut }: SplitMoments,
  ridge: AffineMap,
  ranks: readonly number[],
  directions: Matrix,
  full: { train: MomentScore; heldOut: MomentScore } | null,
): FamilyMember[] {
  const low = ranks.filter((rank) => !isFull(rank, ridge));
  const most = Math.max(0, ...low);
  if (most > directions.rows) throw new RangeError(`Rank ${most} needs as many directions, not ${directions.rows}.`);
  const m = ridge.targetWidth;
  const V: Matrix = { rows: most, cols: m, data: directions.data.slice(0, most * m) };
  const A = matmul(ridgeMatrix(ridge), transpose(V));
  const scores = { train: scoresByRank(A, V, train, low), heldOut: scoresByRank(A, V, heldOut, low) };
  return ranks.map((rank) => {
    if (isFull(rank, ridge)) {
      if (!full) throw new RangeError(`Rank ${rank} is the ridge map, of which no score was given.`);
      return member(
        'reduced-rank',
        rank,
        null,
        { ...ridge, W: ridge.W.slice(), p: ridge.p.slice() },
        full.train,
        full.heldOut,
      );
    }
    const at = low.indexOf(rank);
    const W = matmul(leftColumns(A, rank), { rows: rank, cols: m, data: V.data.subarray(0, rank * m) });
    return member('reduced-rank', rank, null, roundedMap(W, train, ridge.lambda), scores.train[at], scores.heldOut[at]);
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

export function member(
  kind: FamilyKind,
  rank: number | null,
  scale: number | null,
  map: AffineMap,
  train: MomentScore,
  heldOut: MomentScore,
): FamilyMember {
  return { kind, rank, scale, map, trainR2: train.r2, heldOutR2: heldOut.r2, perDimension: heldOut.perDimension };
}
