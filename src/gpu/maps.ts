/**
 * The kinds of map on the GPU: every product of full width in WGSL, the thin ones (16 to R columns) and the last
 * Rayleigh–Ritz step in float64. The same maps as in `math/maps.ts`, which is the truth that they are measured against.
 */
import { throwIfAborted } from '../experiment/errors';
import { roundedMap, type AffineMap } from '../math/affine-map';
import { symmetricEigen } from '../math/eigen';
import { checkInputs, type FittedMap, isFull, type MapInputs, reducedRankMaps, scored } from '../math/maps';
import { matmul, matmulTN, type Matrix, type MatrixLike, transpose, zeros } from '../math/matrix';
import { type PairMoments, scoreFromSums } from '../math/moments';
import { orthonormalBasis } from '../math/orthonormal';
import { Random } from '../math/random';
import { leadingSubspace, withoutColumns } from '../math/subspace';
import { ab } from './kernels/ab/ab';
import { kernelsFor } from './kernels/all';
import { atb } from './kernels/atb/atb';
import { BLOCK } from './kernels/cholesky/cholesky';
import { pauseBetween } from './pause';
import { type PolarFactor, polarFactor } from './polar';
import { Recorder } from './recorder';
import { GpuScope } from './scope';
import { GpuSubspace } from './subspace';

/** Products with the covariance of the predictions. Three give the pooled R²; the small target dimensions need more. */
const POWER_STEPS = 8;
/** Directions beyond the largest rank: the iteration converges the faster. */
const OVERSAMPLING = 16;

/** The rotation of a pair, without and with the least-squares scale. */
export interface Rotations {
  plain: FittedMap;
  scaled: FittedMap;
}

/** Maps of one pair of layers on one device. What several kinds share is worked out once. */
export class GpuMaps {
  readonly inputs: MapInputs;
  readonly #rec: Recorder;
  readonly #scope: GpuScope;
  readonly #signal: AbortSignal | undefined;
  #rotations: Promise<Rotations> | null = null;

  private constructor(rec: Recorder, inputs: MapInputs, signal?: AbortSignal) {
    this.#rec = rec;
    this.#scope = new GpuScope(rec.device);
    this.inputs = inputs;
    this.#signal = signal;
  }

  /** @throws RangeError as `checkInputs`; LabError shader-compile, cancelled */
  static async create(device: GPUDevice, inputs: MapInputs, signal?: AbortSignal): Promise<GpuMaps> {
    checkInputs(inputs);
    throwIfAborted(signal);
    const { sourceWidth, targetWidth } = inputs.ridge.map;
    return new GpuMaps(await Recorder.create(device, kernelsFor(Math.max(sourceWidth, targetWidth))), inputs, signal);
  }

  /**
   * @throws RangeError if source and target do not vary together, or are not finite; LabError out-of-memory, cancelled
   */
  rotations(): Promise<Rotations> {
    return (this.#rotations ??= rotationsOf(this.#rec, this.#scope, this.inputs, this.#signal));
  }

  /**
   * One map for each of the ranks; all below min(dS, dT) come from one subspace.
   * @throws LabError out-of-memory, cancelled
   */
  async reducedRank(): Promise<FittedMap[]> {
    const { moments, ridge, ranks } = this.inputs;
    const most = Math.max(0, ...ranks.filter((rank) => !isFull(rank, ridge.map)));
    const directions =
      most > 0
        ? await predictionDirections(this.#rec, this.#scope, moments.train, ridge.map, most, this.#signal)
        : zeros(0, ridge.map.targetWidth);
    return reducedRankMaps(this.inputs, directions);
  }

  dispose(): void {
    this.#scope.dispose();
    this.#rec.dispose();
  }
}

/**
 * Procrustes without and with the least-squares scale: R from the polar factor, its R² from Σ R∘st and Σ R∘(ss R) per
 * column.
 */
async function rotationsOf(
  rec: Recorder,
  parent: GpuScope,
  { moments: { train, heldOut }, ridge }: MapInputs,
  signal?: AbortSignal,
): Promise<Rotations> {
  const scope = new GpuScope(rec.device, parent);
  try {
    const { rows: d, cols: m } = train.st;
    const X = await polarFactor(rec, scope, train.st, signal);
    const products = scope.buffer(4 * X.rows * X.cols, 'ss·R');
    const rotation = (data: Float32Array): Matrix => unpacked(data, X, d, m);
    const R = rotation(await rec.readFloats(X.buffer, X.rows * X.cols));
    const sums: { along: Float64Array; size: Float64Array; moments: PairMoments }[] = [];
    for (const moments of [train, heldOut]) {
      throwIfAborted(signal);
      const inner = Math.ceil(d / 4) * 4;
      const { data, unit } = normalised(moments.ss, inner, inner);
      const scratch = new GpuScope(rec.device, scope);
      const S = scratch.upload(data, 'ss');
      if (X.transposed) ab(rec, { A: X.buffer, B: S, C: products, m: X.rows, k: inner, n: inner });
      else ab(rec, { A: S, B: X.buffer, C: products, m: inner, k: inner, n: X.cols });
      const SR = rotation(await rec.readFloats(products, X.rows * X.cols));
      await scope.settled();
      scratch.dispose();
      const along = new Float64Array(m);
      const size = new Float64Array(m);
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < m; j++) {
          const at = i * m + j;
          along[j] += R.data[at] * moments.st.data[at];
          size[j] += R.data[at] * SR.data[at] * unit;
        }
      }
      sums.push({ along, size, moments });
    }
    const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
    const scale = total(sums[0].along) / total(sums[0].size);
    if (!Number.isFinite(scale)) throw new RangeError('Procrustes: the source and target do not vary together at all.');
    const build = (factor: number): FittedMap => {
      const [own, other] = sums.map(({ along, size, moments }) =>
        scoreFromSums(
          moments.tt.map((t, j) => t - 2 * factor * along[j] + factor * factor * size[j]),
          moments.tt,
        ),
      );
      const W = { ...R, data: R.data.map((x) => x * factor) };
      return scored(roundedMap(W, train, ridge.map.lambda), own, other, { scale: factor });
    };
    return { plain: build(1), scaled: build(scale) };
  } finally {
    scope.dispose();
  }
}

/** The d×m part of a polar factor's buffer, turned back. */
function unpacked(data: Float32Array, X: PolarFactor, d: number, m: number): Matrix {
  const out = zeros(d, m);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < m; j++) out.data[i * m + j] = X.transposed ? data[j * X.cols + i] : data[i * X.cols + j];
  return out;
}

/**
 * A/unit in float32, padded with zeros; unit is the largest |element| (1 for a matrix of zeros), so that no product
 * overflows.
 */
function normalised(A: MatrixLike, rows: number, cols: number): { data: Float32Array; unit: number } {
  let unit = 0;
  for (const x of A.data) unit = Math.max(unit, Math.abs(x));
  if (unit === 0) unit = 1;
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < A.rows; i++) for (let j = 0; j < A.cols; j++) data[i * cols + j] = A.data[i * A.cols + j] / unit;
  return { data, unit };
}

/**
 * Rows: the first `rank` and a few more eigenvectors of P = Wᵀ ss W, the covariance of the
 * predictions, by randomised subspace iteration (Halko, Martinsson & Tropp 2011, algorithm
 * 4.4) with shifted CholeskyQR twice a step.
 *
 * P is taken in standardised source coordinates, where W and ss are of even size, and
 * without its massive directions, which float64 finds first: in float32 products the rest
 * of the spectrum would drown in their rounding. The last Rayleigh–Ritz step, over all
 * directions found, is float64 again, so only the span comes from float32.
 */
async function predictionDirections(
  rec: Recorder,
  parent: GpuScope,
  train: PairMoments,
  ridge: AffineMap,
  rank: number,
  signal?: AbortSignal,
): Promise<Matrix> {
  const { sourceWidth: d, targetWidth: m } = ridge;
  const pause = pauseBetween(signal);
  const W: Matrix = { rows: d, cols: m, data: Float64Array.from(ridge.W) };
  const massive = await leadingSubspace((V) => matmulTN(W, matmul(train.ss, matmul(W, V))), m, pause);
  const found = await leadingSubspaceGpu(
    rec,
    parent,
    train,
    withoutColumns(W, massive),
    rank + OVERSAMPLING - massive.cols,
    signal,
  );
  await pause();
  // 1e-6: a column that has less of its own than that is float32's rounding of the others.
  const V = completed(orthonormalBasis(sideBySide(massive, found), 1e-6), rank);
  const A = matmul(W, V);
  const { vectors } = symmetricEigen(matmulTN(A, matmul(train.ss, A)));
  return matmul(vectors, transpose(V));
}

/** Columns that span the leading eigenvectors of W'ᵀ ss W', from the GPU. */
async function leadingSubspaceGpu(
  rec: Recorder,
  parent: GpuScope,
  train: PairMoments,
  W: Matrix,
  count: number,
  signal?: AbortSignal,
): Promise<Matrix> {
  const { rows: d, cols: m } = W;
  const [dp, mp] = [d, m].map((width) => Math.ceil(width / BLOCK) * BLOCK);
  const q = Math.min(mp, Math.ceil(count / BLOCK) * BLOCK);
  const deviation = Float64Array.from({ length: d }, (_, i) => Math.sqrt(train.ss.data[i * d + i]));
  const correlation = train.ss.data.map((x, at) => {
    const size = deviation[Math.floor(at / d)] * deviation[at % d];
    return size > 0 ? x / size : 0;
  });
  const weights = W.data.map((w, at) => w * deviation[Math.floor(at / m)]);
  const scope = new GpuScope(rec.device, parent);
  try {
    const B = scope.upload(normalised({ rows: d, cols: m, data: weights }, dp, mp).data, 'W');
    const S = scope.upload(normalised({ rows: d, cols: d, data: correlation }, dp, dp).data, 'correlations');
    const subspace = new GpuSubspace(rec, scope, { rows: mp, columns: q, width: m });
    const [BV, SBV] = ['W·V', 'ss·W·V'].map((label) => scope.buffer(4 * dp * q, label));
    for (let step = 0; step < POWER_STEPS; step++) {
      subspace.step((V, image) => {
        ab(rec, { A: B, B: V, C: BV, m: dp, k: mp, n: q });
        ab(rec, { A: S, B: BV, C: SBV, m: dp, k: dp, n: q });
        rec.clear(image);
        atb(rec, { A: B, B: SBV, C: image, rows: dp, m: mp, n: q, strideA: mp, strideB: q, strideC: q });
      });
      await rec.device.queue.onSubmittedWorkDone();
      throwIfAborted(signal);
    }
    await scope.settled();
    const data = await rec.readFloats(subspace.V, m * q);
    return { rows: m, cols: q, data: Float64Array.from(data) };
  } finally {
    scope.dispose();
  }
}

/**
 * At least `count` orthonormal columns: where the predictions have fewer directions than that, any others serve, for
 * they carry nothing.
 */
function completed(V: Matrix, count: number): Matrix {
  if (V.cols >= count) return V;
  return orthonormalBasis(sideBySide(V, { rows: V.rows, cols: count, data: new Random(2).normals(V.rows * count) }));
}

function sideBySide(A: Matrix, B: Matrix): Matrix {
  const out = zeros(A.rows, A.cols + B.cols);
  for (let i = 0; i < A.rows; i++) {
    out.data.set(A.data.subarray(i * A.cols, (i + 1) * A.cols), i * out.cols);
    out.data.set(B.data.subarray(i * B.cols, (i + 1) * B.cols), i * out.cols + A.cols);
  }
  return out;
}
