/** Table (a): our fits and jax-js against float64 on the same rows. */
import { LabError } from '../../src/experiment/errors';
import type { PairFit } from '../../src/fit/types';
import { type Dataset, errorsOf, heldOutR2, makeDataset, type Truth, truthsOf } from './data';
import { type OurFit, streamAll } from './fits';
import { accuracyGoal, DELTA_R2, LAMBDA_PATH, LAMBDAS, meets } from './goals';
import type { AccuracyRow, DatasetSpec, Method, PathRow } from './types';

export interface AccuracyContext {
  /** Our methods by name. */
  ours: Partial<Record<Method, (dataset: Dataset) => Promise<OurFit>>>;
  /** Least squares (λ = 0) of a peer: W in the original coordinates. */
  peers: Partial<Record<Method, (dataset: Dataset) => Promise<Float64Array>>>;
}

/** All rows of one dataset. WGSL must come first among `ours`: the others are compared with it. */
export async function measureAccuracy(
  spec: DatasetSpec,
  { ours, peers }: AccuracyContext,
): Promise<{ rows: AccuracyRow[]; paths: PathRow[] }> {
  const dataset = makeDataset(spec);
  const { truths, by } = truthsOf(dataset, LAMBDA_PATH);
  const at = (lambda: number): Truth => truths[LAMBDA_PATH.indexOf(lambda)];
  const rows: AccuracyRow[] = [];
  const paths: PathRow[] = [];
  const push = (method: Method, lambda: number, found: Found): void => {
    const goal = accuracyGoal(method, spec.kappa, lambda);
    const wgsl = rows.find((row) => row.method === 'WGSL' && row.lambda === lambda)?.errorW ?? null;
    const timesOurs = method === 'WGSL' || wgsl === null || found.errorW === null ? null : found.errorW / wgsl;
    const row = { ...spec, method, condition: dataset.condition, lambda, truth: by, ...found, timesOurs, goal };
    rows.push({ ...row, met: meets(row) });
  };
  for (const [method, make] of Object.entries(ours) as [Method, (data: Dataset) => Promise<OurFit>][]) {
    const fit = await make(dataset);
    try {
      const passes = await streamAll(fit, dataset.train, dataset.heldOut, 0);
      for (const lambda of LAMBDAS) push(method, lambda, { passes, ...(await solveOne(fit, lambda, at(lambda))) });
      paths.push(pathRow(spec, method, truths, await attempt(() => fit.solve([...LAMBDA_PATH]))));
    } finally {
      fit.dispose();
    }
  }
  for (const [method, solve] of Object.entries(peers) as [Method, (data: Dataset) => Promise<Float64Array>][]) {
    const W = await attempt(() => solve(dataset));
    if (typeof W === 'string')
      push(method, 0, { errorW: null, deltaR2: null, badPivots: null, passes: null, failure: W });
    else push(method, 0, { badPivots: null, passes: null, ...errorsOf(W, heldOutR2(W, dataset), at(0)) });
  }
  return { rows, paths };
}

type Found = Pick<AccuracyRow, 'errorW' | 'deltaR2' | 'badPivots' | 'passes' | 'failure'>;

async function solveOne(
  fit: OurFit,
  lambda: number,
  truth: Truth,
): Promise<Pick<AccuracyRow, 'errorW' | 'deltaR2' | 'badPivots' | 'failure'>> {
  const found = await attempt(() => fit.solve(lambda));
  if (typeof found === 'string') return { errorW: null, deltaR2: null, badPivots: null, failure: found };
  return { badPivots: found.badPivots, ...errorsOf(found.best.W, found.heldOutR2, truth) };
}

/** The result, or the code of the named error that came instead. Other errors are the bench's own and end it. */
async function attempt<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LabError && !['internal', 'webgpu-device-lost', 'shader-compile'].includes(error.code))
      return error.code;
    throw error;
  }
}

function pathRow(spec: DatasetSpec, method: Method, truths: Truth[], found: PairFit | string): PathRow {
  const common = { ...spec, method, lambdas: [...LAMBDA_PATH] };
  if (typeof found === 'string')
    return { ...common, deltaR2: null, sameChoice: false, badPivots: 0, failure: found, met: false };
  let deltaR2 = 0;
  found.lambdaPath.forEach((point, i) => {
    if (point.badPivots === 0) deltaR2 = Math.max(deltaR2, Math.abs(point.heldOutR2 - truths[i].r2));
  });
  const best = truths.reduce((a, b) => (b.r2 > a.r2 ? b : a));
  const chosen = truths.find((truth) => truth.lambda === found.best.lambda) ?? best;
  // R² so flat that float32 cannot tell two λ apart is the same choice.
  const sameChoice = best.r2 - chosen.r2 <= DELTA_R2;
  return {
    ...common,
    deltaR2,
    sameChoice,
    badPivots: found.badPivots,
    failure: null,
    met: deltaR2 <= DELTA_R2 && found.badPivots === 0 && sameChoice,
  };
}
