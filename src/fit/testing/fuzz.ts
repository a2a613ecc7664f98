/**
 * Fuzz of the streaming fits: seeded cases of every unpleasant kind (odd shapes, fewer rows
 * than columns, dependent and constant columns, rows that are not finite, scales far apart,
 * constant targets, extreme λ), and what any fit must do with each of them.
 */
import type { FitChunk, FitShape, PairFit, RowCounts, StreamingFit } from '../types';
import { Random } from '../../math/random';

/** Names of the errors that a fit may throw: it says what is wrong with the rows. */
const EXPLAINED = ['RangeError', 'NonFiniteError', 'LabError'];

export interface FuzzRows {
  /** rows×dS */
  X: Float32Array;
  /** rows×dT */
  Y: Float32Array;
  rows: number;
}

export interface FuzzCase {
  seed: number;
  /** What is unpleasant about it. */
  traits: string[];
  shape: FitShape;
  train: FuzzRows;
  heldOut: FuzzRows;
  lambdas: number[];
  /** Rows of a chunk. */
  chunk: number;
  /** Training rows that a whitening fit holds back; undefined for its default, which is all rows here. */
  warmUpRows: number | undefined;
  /** Chunks of training rows go to so many folds by turns; undefined for no cross-validation. */
  folds: number | undefined;
  /** What `rows()` must say. */
  expected: RowCounts;
  /** Source columns with one value in all finite training rows. */
  constantColumns: number;
}

/** Odds of the traits that are rare. */
const RARE = 0.15;
const LAMBDAS = [0, 1e-12, 1e-8, 1e-6, 1e-4, 1e-2, 1, 100];

/** The case of a seed; the same seed gives the same case. */
export function fuzzCase(seed: number): FuzzCase {
  const random = new Random(seed);
  const chance = (odds: number): boolean => random.uniform() < odds;
  const between = (low: number, high: number): number => low + random.integer(high - low + 1);
  const traits: string[] = [];
  const trait = (name: string, odds = RARE): boolean => {
    const has = chance(odds);
    if (has) traits.push(name);
    return has;
  };
  const width = (): number => between(1, [4, 20, 20, 80][random.integer(4)]);
  const [d, m] = [width(), width()];
  const few = trait('few rows');
  const trainRows = few ? between(0, d + 1) : between(d + 2, 4 * d + 40);
  const heldOutRows = few && chance(0.3) ? between(0, 1) : between(2, 60);
  const rows = trainRows + heldOutRows;

  const rank = trait('low rank') ? between(1, d) : d;
  const latent = random.normals(rows * rank);
  const mixing = random.normals(rank * d);
  const scales = trait('scales 1e-6 … 1e6') ? (): number => 10 ** (12 * random.uniform() - 6) : (): number => 1;
  const overall = trait('tiny or huge', 0.1) ? 10 ** (chance(0.5) ? -6 : 6) : 1;
  const offsets = trait('offsets', 0.4) ? (): number => 1000 * random.normal() : (): number => 0;
  const X = new Float32Array(rows * d);
  for (let i = 0; i < d; i++) {
    const scale = overall * scales();
    const offset = offsets();
    for (let r = 0; r < rows; r++) {
      let x = 0;
      if (rank === d) x = latent[r * d + i];
      else for (let k = 0; k < rank; k++) x += latent[r * rank + k] * mixing[k * d + i];
      X[r * d + i] = scale * (x + offset);
    }
  }
  const column = (from: (row: number) => number): void => {
    const to = random.integer(d);
    for (let r = 0; r < rows; r++) X[r * d + to] = from(r);
  };
  if (trait('repeated columns')) {
    for (let i = between(1, 4); i > 0; i--) {
      const from = random.integer(d);
      column((r) => X[r * d + from]);
    }
  }
  if (trait('sums of columns')) {
    const [a, b] = [random.integer(d), random.integer(d)];
    column((r) => X[r * d + a] + X[r * d + b]);
  }
  if (trait('constant columns')) {
    for (let i = between(1, 4); i > 0; i--) {
      const value = [0, 1, 0.1, 12345.678, -3e-5][random.integer(5)];
      column(() => value);
    }
  }

  const targetScale = trait('target scales', 0.2) ? (): number => 10 ** (12 * random.uniform() - 6) : (): number => 1;
  const unrelated = trait('unrelated target', 0.1);
  const noise = !unrelated && trait('no noise', 0.2) ? 0 : 0.5;
  const constantTarget = trait('constant target', 0.05);
  const someConstant = trait('constant target columns');
  const Y = new Float32Array(rows * m);
  const weights = random.normals(d * m);
  for (let j = 0; j < m; j++) {
    const scale = targetScale();
    const constant = constantTarget || (someConstant && chance(0.3));
    const value = constantTarget && chance(0.5) ? 0 : random.normal();
    for (let r = 0; r < rows; r++) {
      let y = noise * random.normal();
      if (!unrelated) for (let i = 0; i < Math.min(d, rank); i++) y += latent[r * rank + i] * weights[i * m + j];
      Y[r * m + j] = constant ? value : scale * (y + value);
    }
  }

  if (trait('rows not finite', 0.25)) {
    const odds = chance(0.1) ? 1 : chance(0.5) ? 0.02 : 0.4;
    for (let r = 0; r < rows; r++) {
      if (!chance(odds)) continue;
      const value = [NaN, Infinity, -Infinity][random.integer(3)];
      if (chance(0.5)) X[r * d + random.integer(d)] = value;
      else Y[r * m + random.integer(m)] = value;
    }
  }

  const part = (first: number, count: number): FuzzRows => ({
    X: X.slice(first * d, (first + count) * d),
    Y: Y.slice(first * m, (first + count) * m),
    rows: count,
  });
  const train = part(0, trainRows);
  const heldOut = part(trainRows, heldOutRows);
  const kept = finiteRowsOf(train, d, m);
  const keptHeldOut = finiteRowsOf(heldOut, d, m);
  const lambdas = LAMBDAS.filter(() => chance(0.4));
  if (lambdas.length === 0) lambdas.push(LAMBDAS[random.integer(LAMBDAS.length)]);
  let constantColumns = 0;
  for (let i = 0; i < d; i++) if (kept.every((r) => train.X[r * d + i] === train.X[kept[0] * d + i])) constantColumns++;
  return {
    seed,
    traits,
    train,
    heldOut,
    lambdas,
    constantColumns,
    shape: { sourceLayers: 1, targetLayers: 1, sourceWidth: d, targetWidth: m },
    chunk: between(1, Math.max(8, rows)),
    warmUpRows: trait('early whitening', 0.5) ? between(1, 2 * d + 20) : undefined,
    folds: trait('folds', 0.3) ? between(2, 5) : undefined,
    expected: { train: kept.length, heldOut: keptHeldOut.length, excluded: rows - kept.length - keptHeldOut.length },
  };
}

/** The case in a line, for a report of what failed. */
export function describeCase({ seed, shape, train, traits }: FuzzCase): string {
  return `seed ${seed} (${shape.sourceWidth} → ${shape.targetWidth}, ${train.rows} rows${traits.map((trait) => `, ${trait}`).join('')})`;
}

/** Runs one case. @returns what is wrong, as sentences; empty if the fit behaves */
export async function fuzzFit<M>(
  item: FuzzCase,
  fit: StreamingFit<M>,
  add: (fit: StreamingFit<M>, chunk: FitChunk<Float32Array>) => void | Promise<void>,
): Promise<string[]> {
  const stream = async (): Promise<void> => {
    for (const chunk of chunksOf(item)) await add(fit, chunk);
  };
  const { expected, lambdas } = item;
  const wrong: string[] = [];
  try {
    await stream();
    const counts = await fit.rows();
    for (const key of ['train', 'heldOut', 'excluded'] as const)
      if (counts[key] !== expected[key]) wrong.push(`counts ${counts[key]} ${key} rows, not ${expected[key]}`);
    if (expected.train >= 2 && (await fit.needsSecondPass(Math.min(...lambdas)))) {
      await fit.restart();
      await stream();
    }
    const pair = await fit.solve(0, 0, lambdas);
    wrong.push(...judge(item, pair));
    const { lambda, heldOutR2 } = pair.lambdaPath[lambdas.length - 1];
    const [grid] = await fit.grid(lambda);
    if (
      Number.isNaN(grid) !== Number.isNaN(heldOutR2) ||
      Math.abs(grid - heldOutR2) > 1e-3 * Math.max(1, 1 - heldOutR2)
    )
      wrong.push(`the grid says ${grid} and the path ${heldOutR2} (λ = ${lambda})`);
    if (item.folds !== undefined) wrong.push(...(await crossValidated(item, fit)));
  } catch (error) {
    const { name, message } = error as Error;
    if (!EXPLAINED.includes(name)) wrong.push(`throws ${name}: ${message}`);
    else if (solvable(item)) wrong.push(`refuses what can be solved: ${message}`);
    else if (!explains(item, message)) wrong.push(`the error does not say why: ${message}`);
  } finally {
    fit.dispose();
  }
  return wrong;
}

/** Chunks in the order of a run: training and held-out rows by turns, training rows first. */
function* chunksOf({ train, heldOut, shape, chunk, folds }: FuzzCase): Generator<FitChunk<Float32Array>> {
  const { sourceWidth: d, targetWidth: m } = shape;
  for (let first = 0; first < Math.max(train.rows, heldOut.rows); first += chunk) {
    const fold = folds === undefined ? undefined : (first / chunk) % folds;
    for (const split of ['train', 'heldOut'] as const) {
      const part = split === 'train' ? train : heldOut;
      const rows = Math.min(chunk, part.rows - first);
      if (rows > 0)
        yield {
          source: [part.X.slice(first * d, (first + rows) * d)],
          target: [part.Y.slice(first * m, (first + rows) * m)],
          rows,
          split,
          fold,
        };
    }
  }
}

/** Cross-validation gives R² and their mean, or says which fold has no rows. */
async function crossValidated<M>(item: FuzzCase, fit: StreamingFit<M>): Promise<string[]> {
  const { train, shape, chunk, folds = 1, lambdas } = item;
  const rows = new Int32Array(folds);
  for (const r of finiteRowsOf(train, shape.sourceWidth, shape.targetWidth)) rows[Math.floor(r / chunk) % folds]++;
  const wrong: string[] = [];
  try {
    const points = await fit.crossValidate(0, 0, lambdas);
    if (rows.includes(0)) wrong.push('cross-validates with an empty fold');
    for (const { lambda, perFold, meanR2, standardError } of points) {
      if (perFold.length !== folds) wrong.push(`${perFold.length} folds, not ${folds}`);
      // A fold of a few rows may have a constant target, and the rest too few rows to solve.
      if (
        lambda >= 1e-4 &&
        Math.min(...rows) >= 3 &&
        !item.traits.some((trait) => trait.startsWith('constant target')) &&
        !perFold.every(Number.isFinite)
      )
        wrong.push(`R² of the folds at λ = ${lambda}: ${perFold.join(', ')}`);
      const whole = perFold.every(Number.isFinite);
      if (whole !== Number.isFinite(meanR2) || whole !== Number.isFinite(standardError))
        wrong.push(`mean ${meanR2} ± ${standardError} of the folds ${perFold.join(', ')}`);
      if (perFold.some((r2) => r2 > 1 + 1e-5)) wrong.push(`R² of the folds: ${perFold.join(', ')}`);
    }
  } catch (error) {
    const { name, message } = error as Error;
    if (!EXPLAINED.includes(name) || !(rows.includes(0) ? /[Ff]old/ : /rows/).test(message))
      wrong.push(`cross-validation throws ${name}: ${message}`);
    else if (Math.min(...rows) >= 3)
      wrong.push(`cross-validation refuses folds of ${rows.join(', ')} rows: ${message}`);
  }
  return wrong;
}

/** Enough finite rows, and a λ with which any standardised system is definite in float32. */
function solvable({ expected, lambdas }: FuzzCase): boolean {
  return expected.train >= 2 && expected.heldOut >= 1 && Math.max(...lambdas) >= 1e-4;
}

function explains({ expected }: FuzzCase, message: string): boolean {
  return expected.train >= 2 && expected.heldOut >= 1 ? message.includes('λ') : message.includes('rows');
}

/** What no solution may be. */
function judge(item: FuzzCase, pair: PairFit): string[] {
  const { shape, constantColumns, lambdas } = item;
  const { sourceWidth: d, targetWidth: m } = shape;
  const { best, lambdaPath, heldOutR2, perDimension } = pair;
  const wrong: string[] = [];
  if (!best.W.every(Number.isFinite)) wrong.push('W is not finite');
  if (!best.p.every(Number.isFinite)) wrong.push('p is not finite');
  if (lambdaPath.length !== lambdas.length) wrong.push('the path has another length');
  const direct = scoreRows(item, best.W, best.p);
  for (const { lambda, heldOutR2: r2, trainR2, badPivots } of lambdaPath) {
    if (badPivots === 0 && direct.varies && !Number.isFinite(r2))
      wrong.push(`R² at λ = ${lambda} is ${r2} without a bad pivot`);
    if (badPivots > 0 && lambda >= 1e-4)
      wrong.push(`${badPivots} bad pivots at λ = ${lambda}, where any standardised system is definite`);
    if (badPivots > 0 && !Number.isNaN(r2)) wrong.push(`R² at λ = ${lambda} is ${r2} with ${badPivots} bad pivots`);
    // Moments of dependent columns at λ near 0 lose κ·2⁻⁵² in float64, and that is more than 1 − R² where nothing is
    // left over.
    if (trainR2 > 1 + 1e-3) wrong.push(`R² on the training rows is ${trainR2}`);
  }
  if (direct.varies !== Number.isFinite(heldOutR2))
    wrong.push(`held-out R² is ${heldOutR2} where the target ${direct.varies ? 'varies' : 'does not vary'}`);
  perDimension.forEach((r2, j) => {
    if (direct.dimensionVaries[j] !== Number.isFinite(r2))
      wrong.push(`R² of dimension ${j} is ${r2} where it ${direct.dimensionVaries[j] ? 'varies' : 'does not vary'}`);
  });
  if (heldOutR2 > 1 + 1e-5) wrong.push(`held-out R² is ${heldOutR2}`);
  if (pair.constantColumns !== constantColumns)
    wrong.push(`counts ${pair.constantColumns} constant columns, not ${constantColumns}`);
  if (best.W.length !== d * m || best.p.length !== m || perDimension.length !== m)
    wrong.push('the map has another shape');
  // The reported R² is that of the map on the rows themselves, but for the rounding of W and p to float32.
  const tolerance = 1e-3 * Math.max(1, 1 - direct.r2) + direct.rounding;
  if (direct.varies && Math.abs(direct.r2 - heldOutR2) > tolerance)
    wrong.push(`reports R² ${heldOutR2}, the rows give ${direct.r2} (λ = ${best.lambda})`);
  return wrong;
}

/**
 * Held-out R² about the training means, from the rows, in float64; and how far the rounding
 * of W and p to float32 can move it: columns that depend on each other but for their own
 * rounding get weights that cancel, at λ near 0, and p grows with them and with the offsets.
 */
function scoreRows(
  { shape, train, heldOut }: FuzzCase,
  W: Float32Array,
  p: Float32Array,
): { r2: number; rounding: number; varies: boolean; dimensionVaries: boolean[] } {
  const { sourceWidth: d, targetWidth: m } = shape;
  const kept = finiteRowsOf(train, d, m);
  const dimensionVaries: boolean[] = [];
  let residual = 0;
  let total = 0;
  let rounding = 0;
  const held = finiteRowsOf(heldOut, d, m);
  const size = Float64Array.from({ length: d }, (_, i) =>
    held.reduce((sum, r) => sum + (heldOut.X[r * d + i] - train.X[kept[0] * d + i]) ** 2, 0),
  );
  for (let j = 0; j < m; j++) {
    const first = train.Y[kept[0] * m + j];
    const mean = first + kept.reduce((sum, r) => sum + (train.Y[r * m + j] - first), 0) / kept.length;
    let own = 0;
    for (const r of held) {
      let y = p[j];
      for (let i = 0; i < d; i++) y += heldOut.X[r * d + i] * W[i * m + j];
      residual += (heldOut.Y[r * m + j] - y) ** 2;
      own += (heldOut.Y[r * m + j] - mean) ** 2;
    }
    total += own;
    rounding += held.length * (p[j] * 2 ** -24) ** 2;
    for (let i = 0; i < d; i++) rounding += size[i] * (W[i * m + j] * 2 ** -24) ** 2;
    dimensionVaries.push(own > 0);
  }
  return {
    r2: 1 - residual / total,
    rounding: (2 * Math.sqrt(residual * rounding) + rounding) / total,
    varies: total > 0,
    dimensionVaries,
  };
}

function finiteRowsOf({ X, Y, rows }: FuzzRows, d: number, m: number): number[] {
  const out: number[] = [];
  for (let r = 0; r < rows; r++)
    if (X.subarray(r * d, (r + 1) * d).every(Number.isFinite) && Y.subarray(r * m, (r + 1) * m).every(Number.isFinite))
      out.push(r);
  return out;
}
