/** Table (b): the kernel suite, the fit's cases and small accuracy rows on one driver. Runs in a page and in Node on Dawn. */
import { createDevice } from '../../src/gpu/device';
import { KERNEL_CASES } from '../../src/gpu/kernels/cases';
import { runCase } from '../../src/gpu/kernels/testing';
import { mapsInFloat64, mapsOnGpu } from '../../src/lab/maps';
import { fittedMap } from '../../src/math/maps';
import { ridgeFromMoments } from '../../src/math/moments';
import { activationLike, type PairedStates, ridgeByQR } from '../../src/math/testing/activations';
import { FIT_CASES, HELD_OUT, trainingRows } from '../../src/fit/testing/cases';
import { relativeError } from '../../src/math/matrix';
import { measureAccuracy } from './accuracy';
import { makeDataset } from './data';
import { streamAll, wgslFit } from './fits';
import { DELTA_R2, ERROR_W, LAMBDAS } from './goals';
import type { DriverFigure, DriverFigures } from './drivers-table';
import type { DatasetSpec } from './types';

/**
 * @param told gets each figure as soon as it is there
 * @throws LabError webgpu-no-adapter; Error on validation errors of the driver
 */
export async function measureDriver(
  specs: readonly DatasetSpec[],
  told: (figure: DriverFigure) => void = () => {},
): Promise<DriverFigures> {
  const lab = await createDevice();
  const { device } = lab;
  const figures: DriverFigure[] = [];
  const push = (name: string, tolerance: number, error: number | null): void => {
    const figure = { name, tolerance, error: error !== null && Number.isFinite(error) ? error : null };
    figures.push(figure);
    told(figure);
  };
  for (const item of KERNEL_CASES) push(`${item.kernel}: ${item.name}`, item.tolerance, await runCase(device, item));
  for (const { name, states, lambda, tolerance } of FIT_CASES) {
    const data = activationLike(states);
    const train = trainingRows(data);
    const fit = await wgslFit(device, data);
    await streamAll(fit, train, lastRows(data), lambda);
    push(
      `fit ${name}: W against QR`,
      tolerance,
      relativeError((await fit.solve(lambda)).best.W, ridgeByQR(train, lambda).data),
    );
    fit.dispose();
  }
  await measureMaps(device, push);
  for (const spec of specs) {
    const { rows } = await measureAccuracy(spec, { ours: { WGSL: ({ train }) => wgslFit(device, train) }, peers: {} });
    for (const { lambda, errorW, deltaR2, goal } of rows) {
      if (!LAMBDAS.includes(lambda) || !goal) continue;
      const name = `${spec.sourceWidth} → ${spec.targetWidth}, κ ${spec.kappa.toExponential(0)}, ${spec.stationary ? 'stationary' : 'first rows differ'}, λ ${lambda === 0 ? '0' : lambda.toExponential(0)}`;
      if (goal.errorW !== null) push(`${name}: W`, ERROR_W, errorW);
      push(`${name}: ΔR²`, DELTA_R2, deltaR2);
    }
  }
  const errors = lab.uncaptured();
  if (errors.length > 0) throw new Error(`The driver reported: ${errors[0]}`);
  const { vendor, architecture, description } = lab.report.info;
  lab.destroy();
  return { adapter: [vendor, architecture, description].filter(Boolean).join(' '), figures };
}

/** |ΔR²| of the kinds of map against float64, and what its own suite allows. */
async function measureMaps(
  device: GPUDevice,
  push: (name: string, tolerance: number, error: number | null) => void,
): Promise<void> {
  const { trainMoments: train, heldOutMoments: heldOut } = makeDataset({
    sourceWidth: 48,
    targetWidth: 64,
    rows: 4096,
    heldOut: 1024,
    kappa: 2e4,
    stationary: true,
  });
  const moments = { train, heldOut };
  const ridge = fittedMap(ridgeFromMoments(train, 1e-4).W, moments, 1e-4);
  const ranks = [1, 4, 16];
  const truth = mapsInFloat64({ moments, ridge, ranks });
  const found = await mapsOnGpu(device, { moments, ridge, ranks });
  truth.forEach(({ kind, rank, heldOutR2 }, i) => {
    push(
      `map ${kind}${rank === null ? '' : ` ${rank}`}: ΔR²`,
      kind === 'reduced-rank' ? 1e-4 : 1e-3,
      Math.abs(found[i].heldOutR2 - heldOutR2),
    );
  });
}

function lastRows(data: PairedStates): PairedStates {
  const from = data.rows - HELD_OUT;
  return {
    ...data,
    rows: HELD_OUT,
    X: data.X.slice(from * data.sourceWidth),
    Y: data.Y.slice(from * data.targetWidth),
  };
}
