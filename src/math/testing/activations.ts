/**
 * Seeded test data shaped like the residual streams of two language models: a
 * power-law spectrum in a random rotation, three massive source dimensions (one
 * large and offset, one with rare spikes, one with a constant offset), two massive
 * target dimensions, and noise that a linear map cannot explain.
 */
import { leastSquaresQR } from './reference';
import { symmetricEigen } from '../eigen';
import { centreColumns, columnMeans, type Matrix, matmul, matmulTN, type MatrixLike, zeros } from '../matrix';
import { Random } from '../random';

export interface PairedStates {
  /** n×dS */
  X: Float32Array;
  /** n×dT */
  Y: Float32Array;
  rows: number;
  sourceWidth: number;
  targetWidth: number;
}

export interface StatesOptions {
  sourceWidth: number;
  targetWidth: number;
  rows: number;
  /**
   * Ratio of the largest to the smallest variance of the latent directions. The standardised covariance comes out about
   * twice as bad, the raw one a thousand times.
   */
  kappa?: number;
  /**
   * Instead of `kappa`: the condition number of the standardised covariance of these very rows (before their rounding
   * to float32), met within 0.5 %.
   */
  standardisedKappa?: number;
  seed?: number;
  /** The first so many rows hardly use half of the latent directions and have no spikes: a warm-up that misleads. */
  misleading?: number;
}

/**
 * Factor of the large massive dimension, height of its offset, of the spikes and of the constant offset: the last three
 * in mean deviations.
 */
const MASSIVE = { factor: 300, offset: 200, spike: 1000, shift: 500 };
const SPIKE_RATE = 0.01;

/**
 * Draws paired states; the same options give the same numbers.
 * @throws RangeError unless one of `kappa` and `standardisedKappa` is given, or if the latter cannot be met
 */
export function activationLike(options: StatesOptions): PairedStates {
  const { sourceWidth: d, targetWidth: m, rows: n, standardisedKappa, seed = 1, misleading = 0 } = options;
  if ((options.kappa === undefined) === (standardisedKappa === undefined))
    throw new RangeError('Paired states need kappa or standardisedKappa, and not both.');
  const random = new Random(seed);
  const Z = zeros(n, d);
  for (let r = 0; r < n; r++)
    for (let i = 0; i < d; i++) Z.data[r * d + i] = random.normal() * (r < misleading && i >= d / 2 ? 0.02 : 1);
  const rotation = randomRotation(d, random);
  const offset = random.normals(d);
  const spikes = Float64Array.from({ length: n }, (_, r) => (random.uniform() < SPIKE_RATE && r >= misleading ? 1 : 0));
  const big = Math.min(3, d - 1);
  const spiky = d >> 2;
  const shifted = d >> 1;
  const kappa = options.kappa ?? calibrate(standardisedKappa ?? NaN, Z, rotation, spikes, big, spiky);
  const deviation = latentDeviations(d, kappa);
  const latent = zeros(n, d);
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) latent.data[r * d + i] = Z.data[r * d + i] * deviation[i];
  const states = matmul(latent, rotation);
  const typical = meanDeviation(states);
  for (let i = 0; i < d; i++) offset[i] *= 2 * typical;
  for (let r = 0; r < n; r++) {
    const row = r * d;
    for (let i = 0; i < d; i++) states.data[row + i] += offset[i];
    states.data[row + big] = states.data[row + big] * MASSIVE.factor + MASSIVE.offset * typical;
    if (spikes[r]) states.data[row + spiky] += MASSIVE.spike * typical;
    states.data[row + shifted] += MASSIVE.shift * typical;
  }
  const features = zeros(n, d);
  for (let r = 0; r < n; r++)
    for (let i = 0; i < d; i++) features.data[r * d + i] = Z.data[r * d + i] * Math.sqrt(deviation[i]);
  const scale = 1 / meanDeviation(features);
  const mixing = zeros(d, m);
  for (let i = 0; i < mixing.data.length; i++) mixing.data[i] = (random.normal() * scale) / Math.sqrt(d);
  const target = matmul(features, mixing);
  const noise = 0.65 * meanDeviation(target);
  const bias = random.normals(m);
  const massive = Math.min(5, m - 1);
  const lifted = Math.min(9, m - 1);
  for (let r = 0; r < n; r++) {
    for (let j = 0; j < m; j++) target.data[r * m + j] += noise * random.normal() + bias[j];
    target.data[r * m + massive] = target.data[r * m + massive] * 200 + 100;
    target.data[r * m + lifted] += 300;
  }
  return {
    X: Float32Array.from(states.data),
    Y: Float32Array.from(target.data),
    rows: n,
    sourceWidth: d,
    targetWidth: m,
  };
}

/** The ridge map by Householder QR of the standardised, augmented rows: the truth, independent of all moments. */
export function ridgeByQR(data: PairedStates, lambda: number): Matrix {
  const { sourceWidth: d, targetWidth: m, rows: n } = data;
  const { X, Y, sigma } = standardise(data);
  const extra = lambda > 0 ? d : 0;
  const A = zeros(n + extra, d);
  const B = zeros(n + extra, m);
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < d; i++) A.data[r * d + i] = X.data[r * d + i] / Math.sqrt(n);
    for (let j = 0; j < m; j++) B.data[r * m + j] = Y.data[r * m + j] / Math.sqrt(n);
  }
  for (let i = 0; i < extra; i++) A.data[(n + i) * d + i] = Math.sqrt(lambda);
  const W = leastSquaresQR(A, B);
  for (let i = 0; i < d; i++) for (let j = 0; j < m; j++) W.data[i * m + j] /= sigma[i];
  return W;
}

/**
 * The ridge maps of several λ by Householder QR of the standardised rows, folded in block by
 * block (the sequential TSQR of Demmel, Grigori, Hoemmen & Langou 2012): one sweep over the
 * rows serves all λ, and the error is that of QR (√κ·2⁻⁵²).
 */
export function ridgePathByQR(data: PairedStates, lambdas: readonly number[]): Matrix[] {
  const { sourceWidth: d, targetWidth: m, rows: n } = data;
  const { X, Y, sigma } = standardise(data);
  const width = d + m;
  const R = new Float64Array(d * width);
  const size = 256;
  for (let first = 0; first < n; first += size) {
    const count = Math.min(size, n - first);
    const block = new Float64Array(width * count);
    for (let r = 0; r < count; r++) {
      for (let i = 0; i < d; i++) block[i * count + r] = X.data[(first + r) * d + i] / Math.sqrt(n);
      for (let j = 0; j < m; j++) block[(d + j) * count + r] = Y.data[(first + r) * m + j] / Math.sqrt(n);
    }
    foldIntoQR(R, d, width, block, count);
  }
  return lambdas.map((lambda) => {
    const ridged = R.slice();
    if (lambda > 0) {
      const block = new Float64Array(width * d);
      for (let i = 0; i < d; i++) block[i * d + i] = Math.sqrt(lambda);
      foldIntoQR(ridged, d, width, block, d);
    }
    const W = zeros(d, m);
    for (let i = d - 1; i >= 0; i--) {
      for (let j = 0; j < m; j++) {
        let sum = ridged[i * width + d + j];
        for (let r = i + 1; r < d; r++) sum -= ridged[i * width + r] * W.data[r * m + j];
        W.data[i * m + j] = sum / ridged[i * width + i];
      }
    }
    for (let i = 0; i < d; i++) for (let j = 0; j < m; j++) W.data[i * m + j] /= sigma[i];
    return W;
  });
}

/**
 * [R | C] ← the triangle of [R | C; block], `block` held by columns of `count` rows; R is d×d upper triangular, rows of
 * `width` numbers.
 */
function foldIntoQR(R: Float64Array, d: number, width: number, block: Float64Array, count: number): void {
  for (let k = 0; k < d; k++) {
    const v = block.subarray(k * count, (k + 1) * count);
    let below = 0;
    for (let i = 0; i < count; i++) below += v[i] * v[i];
    if (below === 0) continue;
    const top = R[k * width + k];
    const norm = Math.sqrt(top * top + below);
    const alpha = top > 0 ? -norm : norm;
    const head = top - alpha;
    const beta = 2 / (head * head + below);
    R[k * width + k] = alpha;
    for (let j = k + 1; j < width; j++) {
      const c = block.subarray(j * count, (j + 1) * count);
      let dot = head * R[k * width + j];
      for (let i = 0; i < count; i++) dot += v[i] * c[i];
      const f = beta * dot;
      R[k * width + j] -= f * head;
      for (let i = 0; i < count; i++) c[i] -= f * v[i];
    }
  }
}

/** Centred rows, the source's divided by its deviations σ (population, over these rows). */
export function standardise(data: PairedStates): {
  X: Matrix;
  Y: Matrix;
  sourceMean: Float64Array;
  targetMean: Float64Array;
  sigma: Float64Array;
} {
  const { sourceWidth: d, targetWidth: m, rows: n } = data;
  const source: MatrixLike = { rows: n, cols: d, data: data.X };
  const target: MatrixLike = { rows: n, cols: m, data: data.Y };
  const sourceMean = columnMeans(source);
  const targetMean = columnMeans(target);
  const X = centreColumns(source, sourceMean);
  const Y = centreColumns(target, targetMean);
  const sigma = new Float64Array(d);
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) sigma[i] += X.data[r * d + i] ** 2 / n;
  for (let i = 0; i < d; i++) sigma[i] = Math.sqrt(sigma[i]);
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) X.data[r * d + i] /= sigma[i];
  return { X, Y, sourceMean, targetMean, sigma };
}

/** Condition number of the standardised covariance of these rows: λ₁/λ_d, by float64 eigenvalues. */
export function standardisedCondition(data: PairedStates): number {
  const { X } = standardise(data);
  return conditionOf(matmulTN(X, X));
}

/** λ₁/λ_d of a positive definite matrix after scaling its diagonal to 1; Infinity if it is not positive definite. */
function conditionOf(covariance: Matrix): number {
  const d = covariance.rows;
  const scaled = zeros(d, d);
  const root = Float64Array.from({ length: d }, (_, i) => Math.sqrt(covariance.data[i * d + i]));
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) scaled.data[i * d + j] = covariance.data[i * d + j] / root[i] / root[j];
  const { values } = symmetricEigen(scaled);
  return values[d - 1] > 0 ? values[0] / values[d - 1] : Infinity;
}

/** Deviations of the latent directions: a power law from 1 to κ^(−1/2). */
function latentDeviations(d: number, kappa: number): Float64Array {
  const power = d === 1 ? 0 : Math.log(kappa) / Math.log(d);
  return Float64Array.from({ length: d }, (_, i) => (i + 1) ** (-power / 2));
}

/** e^x to five digits: another JavaScript engine's last bit must not change the data. */
const rounded = (x: number): number => Number(Math.exp(x).toPrecision(5));

/**
 * The latent κ at which the standardised covariance of the rows that will be made has the condition `wanted`: a secant
 * search in logarithms.
 */
function calibrate(
  wanted: number,
  Z: Matrix,
  rotation: Matrix,
  spikes: Float64Array,
  big: number,
  spiky: number,
): number {
  const n = Z.rows;
  const d = Z.cols;
  if (!(wanted >= 1)) throw new RangeError(`A condition number is at least 1, not ${wanted}.`);
  // Second moments of the latent directions and of the spikes: all that the condition depends on.
  const both = zeros(n, d + 1);
  for (let r = 0; r < n; r++) {
    both.data.set(Z.data.subarray(r * d, (r + 1) * d), r * (d + 1));
    both.data[r * (d + 1) + d] = spikes[r];
  }
  const centred = centreColumns(both);
  const moments = matmulTN(centred, centred);
  for (let i = 0; i < moments.data.length; i++) moments.data[i] /= n;
  const excess = (logKappa: number): number => {
    const deviation = latentDeviations(d, Math.exp(logKappa));
    const map = zeros(d + 1, d);
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) map.data[i * d + j] = deviation[i] * rotation.data[i * d + j];
    const plain = matmulTN(map, matmul(moments, map));
    let typical = 0;
    for (let i = 0; i < d; i++) typical += Math.sqrt(plain.data[i * d + i]) / d;
    for (let i = 0; i < d; i++) map.data[i * d + big] *= MASSIVE.factor;
    map.data[d * d + spiky] = MASSIVE.spike * typical;
    return Math.log(conditionOf(matmulTN(map, matmul(moments, map)))) - Math.log(wanted);
  };
  let x = Math.max(0, Math.log(wanted / 2));
  let f = excess(x);
  let slope = 1;
  for (let step = 0; step < 12; step++) {
    if (Math.abs(f) < 0.005) return rounded(x);
    const next = Math.max(0, x - f / slope);
    if (next === x || !Number.isFinite(f)) break;
    const g = excess(next);
    slope = Math.min(3, Math.max(0.3, (g - f) / (next - x)));
    x = next;
    f = g;
  }
  if (Math.abs(f) < 0.005) return rounded(x);
  throw new RangeError(
    `No latent spectrum of ${d} dimensions gives these rows a standardised condition of ${wanted.toExponential(1)}.`,
  );
}

/** Rows of a random orthogonal matrix, by Gram–Schmidt applied twice. */
export function randomRotation(d: number, random: Random): Matrix {
  const Q = zeros(d, d);
  for (let i = 0; i < d; i++) {
    const row = Q.data.subarray(i * d, (i + 1) * d);
    row.set(random.normals(d));
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < i; k++) {
        let dot = 0;
        for (let j = 0; j < d; j++) dot += row[j] * Q.data[k * d + j];
        for (let j = 0; j < d; j++) row[j] -= dot * Q.data[k * d + j];
      }
    }
    let square = 0;
    for (const x of row) square += x * x;
    for (let j = 0; j < d; j++) row[j] /= Math.sqrt(square);
  }
  return Q;
}

function meanDeviation(m: Matrix): number {
  const mean = columnMeans(m);
  const square = new Float64Array(m.cols);
  for (let r = 0; r < m.rows; r++)
    for (let j = 0; j < m.cols; j++) square[j] += (m.data[r * m.cols + j] - mean[j]) ** 2;
  return square.reduce((sum, s) => sum + Math.sqrt(s / m.rows), 0) / m.cols;
}
