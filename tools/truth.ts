/** What is known in advance of a run between two precisions of one model: the map is nearly the identity, and so is what follows. */
import type { ArmResult, Run } from '../src/experiment/run';

export interface Known {
  what: string;
  found: string;
  passed: boolean;
}

const LEAST_R2 = 0.98;
const LEAST_COSINE = 0.95;
/** Points by which the mapped vector must raise the share of wanted continuations over no steering, each way. */
const LEAST_RISE = 0.2;

/** Compares a run whose two models are one with what must come out. */
export function knownTruth(run: Run): Known[] {
  const { map, vector } = run;
  const arm = (name: ArmResult['name'], direction: ArmResult['direction']): ArmResult => run.arms.find((item) => item.name === name && item.direction === direction)!;
  const base = arm('large', 'none');
  const rises = { up: arm('mapped', 'positive').positiveRate - base.positiveRate, down: arm('mapped', 'negative').negativeRate - base.negativeRate };
  const points = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(Math.round(100 * x))} points`;
  const { concept } = run;
  const diagonal = map.grid.map((row, block) => row[block]);
  return [
    { what: `held-out R² at block ${map.layers.source} of both at least ${LEAST_R2}`, found: `${map.heldOutR2.toFixed(4)} (all equal blocks: ${Math.min(...diagonal).toFixed(4)} to ${Math.max(...diagonal).toFixed(4)})`, passed: map.layers.source === map.layers.target && map.heldOutR2 >= LEAST_R2 },
    { what: `cosine of mapped and native vector at least ${LEAST_COSINE}`, found: vector.cosineMappedNative.toFixed(4), passed: vector.cosineMappedNative >= LEAST_COSINE },
    { what: `steering raises ${concept.positive} and ${concept.negative} by ${Math.round(100 * LEAST_RISE)} points each`, found: `${points(rises.up)}, ${points(rises.down)}`, passed: rises.up >= LEAST_RISE && rises.down >= LEAST_RISE },
  ];
}
