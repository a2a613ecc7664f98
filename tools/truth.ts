/**
 * What is known in advance of a run between two precisions that hold the same weights of one model: the map between equal
 * blocks is nearly the identity, the mapped vector is the native one, and it must steer.
 */
import { TESTED, unsteeredArm } from '../src/experiment/arms';
import type { ArmResult, Run } from '../src/experiment/run';

export interface Known {
  what: string;
  found: string;
  passed: boolean;
}

const LEAST_COSINE = 0.95;
/** Points by which the mapped vector must raise the share of wanted continuations over no steering, each way. */
const LEAST_RISE = 0.2;
/** Least R² at equal blocks; up to which block it is reached is told. */
const GOOD_R2 = 0.98;

/** Compares a run whose two models are one with what must come out. */
export function knownTruth(run: Run): Known[] {
  const { map } = run;
  const { vector, concept } = run.steer;
  const arm = (name: ArmResult['name'], direction: ArmResult['direction']): ArmResult =>
    run.evidence.arms.find((item) => item.name === name && item.direction === direction)!;
  const base = arm(unsteeredArm('target'), 'none');
  const rises = {
    up: arm(TESTED, 'positive').positiveRate - base.positiveRate,
    down: arm(TESTED, 'negative').negativeRate - base.negativeRate,
  };
  const points = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(Math.round(100 * x))} points`;
  const identity = map.family.find(({ kind }) => kind === 'identity')!.heldOutR2;
  return [
    {
      what: `held-out R² at block ${map.layers.source} of both at least ${GOOD_R2}`,
      found: `${map.heldOutR2.toFixed(4)}, identity ${identity.toFixed(4)}`,
      passed: map.layers.source === map.layers.target && map.heldOutR2 >= GOOD_R2,
    },
    {
      what: `cosine of mapped and native vector at least ${LEAST_COSINE}`,
      found: vector.cosineMappedNative.toFixed(4),
      passed: vector.cosineMappedNative >= LEAST_COSINE,
    },
    {
      what: `steering raises ${concept.positive} and ${concept.negative} by ${Math.round(100 * LEAST_RISE)} points each`,
      found: `${points(rises.up)}, ${points(rises.down)}`,
      passed: rises.up >= LEAST_RISE && rises.down >= LEAST_RISE,
    },
  ];
}

/** R² at every equal pair of blocks that was compared, and up to where it is good. */
export function equalBlocks({ map }: Run): string {
  const compared = map.grid.flatMap((row, block) => (Number.isFinite(row[block]) ? [{ block, r2: row[block] }] : []));
  const bad = compared.findIndex(({ r2 }) => r2 < GOOD_R2);
  const good = bad === 0 ? 'at none' : bad < 0 ? 'at all' : `up to block ${compared[bad - 1].block}`;
  return `R² at equal blocks: ${compared.map(({ block, r2 }) => `${block}: ${r2.toFixed(3)}`).join(', ')}; at least ${GOOD_R2} ${good}.`;
}
