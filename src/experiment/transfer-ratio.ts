/**
 * Whether a transfer ratio can be printed as a number. It is a quotient, and where its denominator (the native vector's
 * effect over random) may be zero, value and bootstrap interval say nothing: of two samples without any effect they were
 * “100 % (100 % to 100 %)”. Judged from the rates that every run carries, so that old runs are judged too.
 */
import { ISOTROPIC, REFERENCE, type Arm } from './arms';
import { message, type Message } from './message';
import type { ArmResult, EvidenceResult } from './run';

/** Two-sided 95 %. */
const Z = 1.96;

type Rates = Pick<ArmResult, 'name' | 'direction' | 'positiveRate' | 'negativeRate' | 'conceptRate'>;

/** Mean side of an arm's continuations (+1, 0 or −1 each), and the variance of that mean. */
function meanSide({ positiveRate, negativeRate, conceptRate: { n } }: Rates): { mean: number; variance: number } {
  // One success and one failure more, as Agresti and Caffo (2000) do: rates of 0 and 1 of few texts are not certain.
  const count = n + 2;
  const side = positiveRate - negativeRate;
  const decided = ((positiveRate + negativeRate) * n + 2) / count;
  const smoothed = (side * n) / count;
  return { mean: side, variance: Math.max(0, decided - smoothed ** 2) / count };
}

/** E = (mean side steered up − mean side steered down) / 2; null where the run has no such arm. */
function effectOf(arms: readonly Rates[], name: Arm): { mean: number; variance: number } | null {
  const sides = (['positive', 'negative'] as const).map((direction) =>
    arms.find((arm) => arm.name === name && arm.direction === direction),
  );
  if (!sides[0] || !sides[1]) return null;
  const [up, down] = [meanSide(sides[0]), meanSide(sides[1])];
  return { mean: (up.mean - down.mean) / 2, variance: (up.variance + down.variance) / 4 };
}

/** The ratio of a run, or null where there is none or its denominator is not apart from zero at 95 %. */
export function transferRatioOf({
  verdict: { transferRatio },
  arms,
}: {
  verdict: Pick<EvidenceResult['verdict'], 'transferRatio'>;
  arms: readonly Rates[];
}): EvidenceResult['verdict']['transferRatio'] {
  if (!transferRatio || ![transferRatio.value, ...transferRatio.interval].every(Number.isFinite)) return null;
  const native = effectOf(arms, REFERENCE);
  if (!native) return transferRatio;
  const random = effectOf(arms, ISOTROPIC) ?? { mean: 0, variance: 0 };
  const apart = Math.abs(native.mean - random.mean) > Z * Math.sqrt(native.variance + random.variance);
  return apart ? transferRatio : null;
}

/** The verdict's reasons as they are shown: one that prints a ratio which cannot be estimated says so instead. */
export function reasonsOf(evidence: Pick<EvidenceResult, 'arms' | 'verdict'>): Message[] {
  const estimable = transferRatioOf(evidence) !== null;
  return evidence.verdict.reasons.map((reason) =>
    reason.key === 'run.reason.transfer' && !estimable ? message('run.reason.not-estimable') : reason,
  );
}
