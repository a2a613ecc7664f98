/**
 * Seeded test data shaped like the residual streams of two language models: a
 * power-law spectrum in a random rotation, three massive source dimensions (one
 * large and offset, one with rare spikes, one with a constant offset), two massive
 * target dimensions, and noise that a linear map cannot explain.
 */
import { leastSquaresQR } from '../cholesky';
import { centreColumns, columnMeans, type Matrix, matmul, type MatrixLike, zeros } from '../matrix';
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
  /** Ratio of the largest to the smallest variance of the latent directions. The standardised covariance comes out about twice as bad, the raw one a thousand times. */
  kappa: number;
  seed?: number;
  /** The first so many rows hardly use half of the latent directions: a warm-up that misleads. */
  misleading?: number;
}

/** Draws paired states; the same options give the same numbers. */
export function activationLike(options: StatesOptions): PairedStates {
  const { sourceWidth: d, targetWidth: m, rows: n, kappa, seed = 1, misleading = 0 } = options;
  const random = new Random(seed);
  const power = d === 1 ? 0 : Math.log(kappa) / Math.log(d);
  const deviation = Float64Array.from({ length: d }, (_, i) => (i + 1) ** (-power / 2));
  const Z = zeros(n, d);
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) Z.data[r * d + i] = random.normal() * (r < misleading && i >= d / 2 ? 0.02 : 1);
  const rotation = randomRotation(d, random);
  const latent = zeros(n, d);
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) latent.data[r * d + i] = Z.data[r * d + i] * deviation[i];
  const states = matmul(latent, rotation);
  const typical = meanDeviation(states);
  const offset = random.normals(d).map((x) => 2 * x * typical);
  const big = Math.min(3, d - 1);
  const spiky = d >> 2;
  const shifted = d >> 1;
  for (let r = 0; r < n; r++) {
    const row = r * d;
    for (let i = 0; i < d; i++) states.data[row + i] += offset[i];
    states.data[row + big] = states.data[row + big] * 300 + 200 * typical;
    const spike = random.uniform() < 0.01;
    if (spike && r >= misleading) states.data[row + spiky] += 1000 * typical;
    states.data[row + shifted] += 500 * typical;
  }
  const features = zeros(n, d);
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) features.data[r * d + i] = Z.data[r * d + i] * Math.sqrt(deviation[i]);
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
  return { X: Float32Array.from(states.data), Y: Float32Array.from(target.data), rows: n, sourceWidth: d, targetWidth: m };
}

/** The ridge map by Householder QR of the standardised, augmented rows: the truth, independent of all moments. */
export function ridgeByQR(data: PairedStates, lambda: number): Matrix {
  const { sourceWidth: d, targetWidth: m, rows: n } = data;
  const X: MatrixLike = { rows: n, cols: d, data: data.X };
  const Y: MatrixLike = { rows: n, cols: m, data: data.Y };
  const Xc = centreColumns(X, columnMeans(X));
  const Yc = centreColumns(Y, columnMeans(Y));
  const extra = lambda > 0 ? d : 0;
  const A = zeros(n + extra, d);
  const B = zeros(n + extra, m);
  const sigma = new Float64Array(d);
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) sigma[i] += Xc.data[r * d + i] ** 2 / n;
  for (let i = 0; i < d; i++) sigma[i] = Math.sqrt(sigma[i]);
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < d; i++) A.data[r * d + i] = Xc.data[r * d + i] / sigma[i] / Math.sqrt(n);
    for (let j = 0; j < m; j++) B.data[r * m + j] = Yc.data[r * m + j] / Math.sqrt(n);
  }
  for (let i = 0; i < extra; i++) A.data[(n + i) * d + i] = Math.sqrt(lambda);
  const W = leastSquaresQR(A, B);
  for (let i = 0; i < d; i++) for (let j = 0; j < m; j++) W.data[i * m + j] /= sigma[i];
  return W;
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
  for (let r = 0; r < m.rows; r++) for (let j = 0; j < m.cols; j++) square[j] += (m.data[r * m.cols + j] - mean[j]) ** 2;
  return square.reduce((sum, s) => sum + Math.sqrt(s / m.rows), 0) / m.cols;
}
