/** What each stage of the check does, in a process of its own: a driver that crashes takes one stage with it. */
import { measureAccuracy } from '../solver/accuracy';
import { measureDriver } from '../solver/drivers';
import { wgslFit } from '../solver/fits';
import { datasets, driverDatasets } from '../solver/goals';
import type { DatasetSpec } from '../solver/types';
import { measurePeak } from '../solver/peak';
import { createDevice, type LabDevice } from '../../src/gpu/device';
import { compileKernels } from '../../src/gpu/kernel';
import { cases as abCases } from '../../src/gpu/kernels/ab/cases';
import { abKernels } from '../../src/gpu/kernels/ab/ab';
import { ALL_KERNELS } from '../../src/gpu/kernels/all';
import { cases as atbCases } from '../../src/gpu/kernels/atb/cases';
import { atbKernels, reduceKernel } from '../../src/gpu/kernels/atb/atb';
import { KERNEL_CASES } from '../../src/gpu/kernels/cases';
import { fits, TILES } from '../../src/gpu/kernels/shared/tile';
import { oneTile, setTuning, tuningOf } from '../../src/gpu/kernels/shared/tuning';
import { type KernelCase, runCase } from '../../src/gpu/kernels/testing';
import { liveMemory } from '../../src/gpu/scope';
import { tune } from '../../src/gpu/tune';
import {
  type AccuracyFigure,
  type AdapterData,
  errorText,
  type Figure,
  type FitRow,
  type KernelData,
  type StageData,
  type StageName,
} from '../../tools/gpu-check/report';
import { type FitSize, measureFit } from './fit';
import { measureProducts, type ProductPlan, type ProductSize } from './products';

export interface StageContext {
  small: boolean;
  /** Float32 operations a second by the card's data sheet. */
  sheet: number | null;
  /** Which part of a stage that runs as several processes. */
  part: number;
}

/** Tells all that a stage has found so far. */
export type Told<N extends StageName> = (data: StageData[N]) => void;

export const RUN: { [N in StageName]: (context: StageContext, told: Told<N>) => Promise<void> } = {
  adapter: adapterStage,
  kernels: kernelStage,
  products: productStage,
  fit: fitStage,
  drivers: driverStage,
  accuracy: accuracyStage,
};

/** How many processes a stage is divided among: those whose time goes into truths on the CPU, and which time nothing. */
export function partsOf(stage: StageName, small: boolean): number {
  return stage === 'accuracy' ? accuracyParts(small).length : 1;
}

async function withLab<T>(work: (lab: LabDevice) => Promise<T>): Promise<T> {
  const lab = await createDevice();
  try {
    return await Promise.race([
      work(lab),
      lab.lost.then((error): never => {
        throw error;
      }),
    ]);
  } finally {
    lab.destroy();
  }
}

const limitsOf = (limits: GPUSupportedLimits): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const name in limits) {
    const value = (limits as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') found[name] = value;
  }
  return found;
};

async function adapterStage(_: StageContext, told: Told<'adapter'>): Promise<void> {
  await withLab(async ({ device, report }) => {
    const { vendor, architecture, device: model, description } = report.info;
    const data: AdapterData = {
      name: [vendor, architecture, model, description].filter(Boolean).join(' '),
      software: report.software,
      info: report.info,
      features: report.features,
      limits: report.limits,
      deviceFeatures: [...device.features].sort(),
      deviceLimits: limitsOf(device.limits),
    };
    told(data);
    return Promise.resolve();
  });
}

async function figureOf(
  device: GPUDevice,
  item: KernelCase,
  kernels: Parameters<typeof runCase>[2] = ALL_KERNELS,
): Promise<Figure> {
  const name = `${item.kernel}: ${item.name}`;
  const { tolerance } = item;
  const before = liveMemory(device);
  try {
    const error = await runCase(device, item, kernels);
    const after = liveMemory(device);
    if (after.buffers !== before.buffers || after.bytes !== before.bytes)
      return { name, tolerance, error, passed: false, failure: 'memory was not given back' };
    return { name, tolerance, error: Number.isFinite(error) ? error : null, passed: error <= tolerance };
  } catch (error) {
    return { name, tolerance, error: null, passed: false, failure: errorText(error) };
  }
}

/** The cases of the test suite on a device with default limits, then the two products with every tile. */
async function kernelStage({ small }: StageContext, told: Told<'kernels'>): Promise<void> {
  const data: KernelData = { cases: [], tiles: [], uncaptured: [] };
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  const plain = await adapter?.requestDevice();
  if (!plain) throw new Error('The adapter gives no device with default limits.');
  plain.addEventListener('uncapturederror', (event) => data.uncaptured.push(event.error.message));
  await compileKernels(plain, ALL_KERNELS);
  for (const item of KERNEL_CASES) {
    data.cases.push(await figureOf(plain, item));
    told(data);
  }
  plain.destroy();
  await withLab(async (lab) => {
    const preset = tuningOf(lab.device);
    const tiles = TILES.filter((candidate) => fits(candidate, lab.device.limits));
    // A software adapter compiles each for ten seconds.
    for (const tile of small ? tiles.slice(0, 2) : tiles) {
      setTuning(lab.device, oneTile(tile));
      const cases = [...atbCases, ...abCases].filter((item) => !small || item.quick);
      const kernels = [reduceKernel, atbKernels.of(tile), abKernels.of(tile)];
      for (const item of cases) {
        const figure = await figureOf(lab.device, item, kernels);
        data.tiles.push({ ...figure, name: `${figure.name}, tile ${tile.name}` });
      }
      told(data);
    }
    setTuning(lab.device, preset);
    data.uncaptured.push(...lab.uncaptured());
    told(data);
  });
}

/** Groups of the kernel in registers: a software adapter would take a minute for those that fill a card. */
const groupsOf = (lab: LabDevice): number => (lab.report.software ? 4 : 4096);

const WIDE = { m: 2304, n: 3584 };

function productSizes(small: boolean): ProductSize[] {
  if (small)
    return [
      { product: 'AᵀB', rows: 4096, m: 192, n: 256 },
      { product: 'AB', rows: 1024, m: 192, n: 256 },
    ];
  return [
    { product: 'AᵀB', rows: 4096, m: 512, n: 512 },
    { product: 'AᵀB', rows: 20_000, m: 576, n: 960 },
    { product: 'AᵀB', rows: 20_000, m: 896, n: 1536 },
    { product: 'AᵀB', rows: 20_000, ...WIDE },
    { product: 'AᵀB', rows: 100_000, ...WIDE },
    { product: 'AB', rows: 4096, m: 576, n: 960 },
    { product: 'AB', rows: 4096, ...WIDE },
  ];
}

async function productStage({ small, sheet }: StageContext, told: Told<'products'>): Promise<void> {
  const plan: Omit<ProductPlan, 'registerGroups'> = {
    sizes: productSizes(small),
    everyTile: small ? null : { product: 'AᵀB', rows: 20_480, ...WIDE },
    tune: !small,
    timing: small ? { rounds: 3, budget: 1 } : { rounds: 7, budget: 2 },
  };
  await withLab((lab) => measureProducts(lab, { ...plan, registerGroups: groupsOf(lab) }, sheet, told));
}

function fitSizes(small: boolean): FitSize[] {
  return small
    ? [{ sourceWidth: 96, targetWidth: 128, rows: 4096 }]
    : [
        { sourceWidth: 192, targetWidth: 256, rows: 20_480 },
        { sourceWidth: 576, targetWidth: 960, rows: 20_480 },
        { sourceWidth: 896, targetWidth: 1536, rows: 20_480 },
        { sourceWidth: 2304, targetWidth: 3584, rows: 100_352 },
      ];
}

async function fitStage({ small, sheet }: StageContext, told: Told<'fit'>): Promise<void> {
  await withLab(async (lab) => {
    const registers = await measurePeak(lab.device, groupsOf(lab));
    const rows: FitRow[] = [];
    const peaks = { sheet, registers };
    const preset = tuningOf(lab.device);
    const tunings: { name: FitRow['tuning']; tuning: typeof preset }[] = [{ name: 'preset', tuning: preset }];
    if (!small) {
      tunings.push({ name: 'tuned', tuning: (await tune(lab.device, { budgetMilliseconds: 2000 })).tuning });
      setTuning(lab.device, preset);
    }
    for (const size of fitSizes(small)) {
      for (const tuning of tunings) {
        rows.push(await measureFit(lab, size, tuning, peaks, small ? 1 : 3));
        told(rows);
      }
    }
  });
}

/** The figures of the bench's drivers table: kernels with the lab's limits, the fit's cases, the kinds of map. */
async function driverStage({ small }: StageContext, told: Told<'drivers'>): Promise<void> {
  const figures: Figure[] = [];
  await measureDriver(small ? [] : driverDatasets(false), ({ name, tolerance, error }) => {
    figures.push({ name, tolerance, error, passed: error !== null && error <= tolerance });
    told(figures);
  });
}

/** The datasets of each process, the large ones first: their float64 truths take the longest. */
function accuracyParts(small: boolean): DatasetSpec[][] {
  if (small) return [driverDatasets(true).slice(0, 2)];
  return datasets(false)
    .map((spec) => [spec])
    .sort(([a], [b]) => b.sourceWidth - a.sourceWidth);
}

async function accuracyStage({ small, part }: StageContext, told: Told<'accuracy'>): Promise<void> {
  const rows: AccuracyFigure[] = [];
  await withLab(async ({ device }) => {
    for (const spec of accuracyParts(small)[part]) {
      const name = `${spec.sourceWidth} → ${spec.targetWidth}, N ${spec.rows}, κ ${spec.kappa.toExponential(0)}, ${spec.stationary ? 'stationary' : 'first rows differ'}`;
      const found = await measureAccuracy(spec, { ours: { WGSL: ({ train }) => wgslFit(device, train) }, peers: {} });
      for (const { lambda, truth, errorW, deltaR2, badPivots, passes, met, failure } of found.rows)
        rows.push({ name, lambda, truth, errorW, deltaR2, badPivots, passes, met, failure });
      for (const { deltaR2, badPivots, met, failure } of found.paths)
        rows.push({
          name,
          lambda: null,
          truth: null,
          errorW: null,
          deltaR2,
          badPivots,
          passes: null,
          met,
          failure,
        });
      told(rows);
    }
  });
}
