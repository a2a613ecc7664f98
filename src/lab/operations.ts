/**
 * What a dose is to each operation, and which positions are steered (docs/operations.md). The nodes are in
 * `onnx/interventions`; here a dose becomes the numbers that they are fed.
 */
import type { Experiment, Operation, Scope } from '../experiment/schema';
import { mean, quantile } from '../math/stats';
import type { Intervention, SteeredRow } from '../runtime/types';
import { projectRow } from './project';

/** Projections of the unsteered corpus on a unit direction v̂, in the units of the stream. */
export interface Projections {
  mean: number;
  /** The percentile of the settings (`transfer.capPercentile`) of h·v̂, and that of h·(−v̂). */
  high: number;
  low: number;
}

/** A dose at one block: r, and α = r · median‖h‖ there. */
export interface Dose {
  r: number;
  alpha: number;
}

interface DoseRule {
  /** Whether projections of the unsteered corpus are compared with: a run then keeps them. */
  needsProjections: boolean;
  /** What a dose other than 0 means. @param unit v̂ */
  of(dose: Dose, unit: Float32Array, projections: Projections): Pick<Intervention, 'vector' | 'value' | 'share'>;
}

const added: DoseRule = { needsProjections: false, of: ({ alpha }, vector) => ({ vector, value: alpha }) };

export const DOSE_RULES = {
  add: added,
  'add-keep-norm': added,
  // The projection becomes the corpus' mean, moved by α.
  clamp: {
    needsProjections: true,
    of: ({ alpha }, vector, projections) => ({ vector, value: projections.mean + alpha }),
  },
  // Towards the positive side what falls short is lifted: the cap lies along −v̂. Towards the negative what exceeds is cut.
  cap: {
    needsProjections: true,
    of: ({ r }, unit, { high, low }) => ({
      vector: r > 0 ? unit.map((x) => -x) : unit,
      value: r > 0 ? low : high,
      share: Math.abs(r),
    }),
  },
  // The share of the projection that is taken away; a negative one adds to it.
  ablate: { needsProjections: false, of: ({ r }, vector) => ({ vector, value: 0, share: r }) },
} satisfies Record<Operation, DoseRule> as Readonly<Record<Operation, DoseRule>>;

/** Mean and percentiles of the projections of row-major states on a unit direction. @param percentile 0 to 100 */
export function projectionsOf(rows: Float32Array, direction: Float32Array, percentile: number): Projections {
  const projections = Array.from({ length: rows.length / direction.length }, (_, i) => projectRow(rows, i, direction));
  return {
    mean: mean(projections),
    high: quantile(projections, percentile / 100),
    low: quantile(
      projections.map((p) => -p),
      percentile / 100,
    ),
  };
}

/** Which positions are steered. */
export interface ScopeChoice {
  scope: Scope;
  /** Prompt tokens that `tail` steers. */
  tokens: number;
}

export function scopeOf({ transfer }: Pick<Experiment, 'transfer'>): ScopeChoice {
  return { scope: transfer.scope, tokens: transfer.scopeTokens };
}

/** What is done to one text, and at which of its positions. */
export interface Steer {
  /** Empty for nothing: dose 0. */
  interventions: Intervention[];
  scope: ScopeChoice;
}

/** A row of a batch. @param promptTokens how many of the ids are the prompt; what follows was generated */
export function steeredRow(ids: readonly number[], promptTokens: number, steer: Steer | null): SteeredRow {
  if (!steer || steer.interventions.length === 0) return { ids };
  const { scope, tokens } = steer.scope;
  const from = { all: 0, generated: promptTokens, tail: Math.max(0, promptTokens - tokens) }[scope];
  return { ids, interventions: steer.interventions, from };
}
