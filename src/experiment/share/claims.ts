/**
 * Claims: the headline numbers of a run, each with the tolerance within which another device must find it. The names are
 * the lab's own, so that no link can put a wrong name to a number; and the tolerances follow from rules that the reader's
 * lab knows too: a link may claim more narrowly than the rule, never more widely.
 */
import { z } from 'zod';
import { message, type Message } from '../message';
import { refusal } from '../problems';
import { isDosed, REPORT_ORDER, TESTED, type Arm } from '../arms';
import type { Direction, EvidenceResult, MapResult, VectorResult } from '../run';
import { CHAIN_OUTCOMES, type ChainOutcome } from '../run/chain';
import { transferRatioOf } from '../transfer-ratio';
import { nativeShareOf } from '../verdict';

/** How a tolerance follows from its claim. The reasons are in docs/link-format.md. */
export const BASES = ['exact', 'arithmetic', 'two-samples', 'interval', 'repetition'] as const;
export type Basis = (typeof BASES)[number];

const OUTCOMES = ['steers', 'one-sided', 'fails'] as const;
const DIRECTIONS = ['positive', 'negative'] as const;

const RATE_IDS = REPORT_ORDER.flatMap((arm) =>
  (isDosed(arm) ? DIRECTIONS : (['none'] as const)).map((direction) => `rate.${arm}.${direction}` as const),
);
const COST_IDS = DIRECTIONS.flatMap((direction) => [
  `kl.${TESTED}.${direction}` as const,
  `rep3.${TESTED}.${direction}` as const,
]);

export const CLAIM_IDS = [
  'outcome',
  'verdict',
  'layer.source',
  'layer.target',
  'map.lambda',
  'map.r2',
  'map.shuffled',
  'map.cosine',
  'vector.cosine',
  'dose.r',
  'transfer.ratio',
  'transfer.share',
  ...RATE_IDS,
  ...COST_IDS,
] as const;
export type ClaimId = (typeof CLAIM_IDS)[number];

const isWord = (id: ClaimId): boolean => id === 'outcome' || id === 'verdict';

export const claimSchema = z
  .strictObject({
    id: z.enum(CLAIM_IDS),
    value: z.union([z.number().min(-1e12).max(1e12), z.enum([...new Set([...OUTCOMES, ...CHAIN_OUTCOMES])])]),
    /** Continuations behind a rate. */
    n: z.int().min(1).max(1_000_000).optional(),
    /** 95 % interval: Wilson's of a rate, the bootstrap's of the transfer ratio. */
    interval: z.tuple([z.number(), z.number()]).optional(),
    /** Largest absolute difference of a second run; 0 for what must be the same. */
    tolerance: z.strictObject({ basis: z.enum(BASES), value: z.number().min(0).max(1e12) }),
  })
  .refine((claim) => isWord(claim.id) === (typeof claim.value === 'string'), refusal('problem.claim-word', ['value']))
  .refine((claim) => !claim.id.startsWith('rate.') || claim.n !== undefined, refusal('problem.claim-count', ['n']));

export type Claim = z.infer<typeof claimSchema>;

/** Two results of float32 arithmetic on different devices, on numbers of the size of 1. */
const ARITHMETIC = 2e-3;
/** Quantile of the normal distribution: two devices that sample from one distribution exceed it once in a thousand claims. */
const Z = 3.29;
const Z95 = 1.96;
/** rep-3 is a mean over some dozens of short texts, each between 0 and a few tenths. */
const REPETITION = 0.06;

/** The half-width within which a second run must find the claim, by the rule for its name. */
export function toleranceOf({
  id,
  value,
  n,
  interval,
}: Pick<Claim, 'id' | 'value' | 'n' | 'interval'>): Claim['tolerance'] {
  if (isWord(id) || id === 'dose.r' || id === 'map.lambda' || id.startsWith('layer.'))
    return { basis: 'exact', value: 0 };
  if (id.startsWith('rate.')) return { basis: 'two-samples', value: twoFigures(twoSamples(Number(value), n ?? 1)) };
  if (id === 'transfer.ratio' || id === 'transfer.share') {
    const half = interval ? Math.max(interval[1] - Number(value), Number(value) - interval[0], 0) : 0;
    return { basis: 'interval', value: twoFigures((Math.SQRT2 * half * Z) / Z95) };
  }
  if (id.startsWith('rep3.')) return { basis: 'repetition', value: REPETITION };
  if (id.startsWith('kl.')) return { basis: 'arithmetic', value: twoFigures(0.005 + 0.02 * Math.abs(Number(value))) };
  return { basis: 'arithmetic', value: ARITHMETIC };
}

/**
 * Largest plausible difference of two shares of n that estimate one proportion. The proportion is drawn towards one half
 * by two successes and two failures (Agresti & Caffo 2000), so that shares of 0 and 1 leave room too.
 */
function twoSamples(share: number, n: number): number {
  const p = (share * n + 2) / (n + 4);
  return Z * Math.sqrt((2 * p * (1 - p)) / n);
}

/** The parts of a run that claims are made from; a quick verification has only the first two. */
export interface ClaimSource {
  map?: Pick<MapResult, 'layers' | 'lambda' | 'heldOutR2' | 'shuffledR2' | 'centredCosine'>;
  steer?: { vector: Pick<VectorResult, 'cosineMappedNative'> };
  evidence?: Pick<EvidenceResult, 'verdict' | 'arms'>;
}

/** The claims of a run, or of as much of one as there is. Numbers that are not finite cannot be claimed and are left out. */
export function claimsOf({ map, steer, evidence }: ClaimSource): Claim[] {
  const claims: Claim[] = [];
  const add = (
    id: ClaimId,
    value: number | (typeof OUTCOMES)[number] | ChainOutcome,
    more: Pick<Claim, 'n' | 'interval'> = {},
  ): void => {
    if (typeof value !== 'string' && !Number.isFinite(value)) return;
    const claim = {
      id,
      value: typeof value === 'number' ? rounded(value, id.startsWith('rate.') ? 5 : DIGITS) : value,
      ...more,
    };
    claims.push({ ...claim, tolerance: toleranceOf(claim) });
  };
  if (evidence) {
    add('outcome', evidence.verdict.outcome);
    if (evidence.verdict.chain) add('verdict', evidence.verdict.chain.outcome);
  }
  if (map) {
    add('layer.source', map.layers.source);
    add('layer.target', map.layers.target);
    // λ may be far below the figures that the others are rounded to.
    claims.push({
      id: 'map.lambda',
      value: map.lambda,
      tolerance: toleranceOf({ id: 'map.lambda', value: map.lambda }),
    });
    add('map.r2', map.heldOutR2);
    add('map.shuffled', map.shuffledR2);
    add('map.cosine', map.centredCosine);
  }
  if (steer) add('vector.cosine', steer.vector.cosineMappedNative);
  if (evidence) {
    add('dose.r', evidence.verdict.chosenDose.r);
    const ratio = transferRatioOf(evidence);
    if (ratio) add('transfer.ratio', ratio.value, { interval: short(ratio.interval) });
    const share = evidence.verdict.chain ? nativeShareOf(evidence) : null;
    if (share && share.interval.every(Number.isFinite))
      add('transfer.share', share.value, { interval: short(share.interval) });
  }
  for (const arm of evidence?.arms ?? []) {
    const { value, n, interval } = arm.conceptRate;
    add(`rate.${arm.name}.${arm.direction}` as ClaimId, value, { n, interval: short(interval) });
    if (arm.name !== TESTED || arm.direction === 'none') continue;
    add(`kl.${TESTED}.${arm.direction}`, arm.metrics.p95Kl);
    add(`rep3.${TESTED}.${arm.direction}`, arm.metrics.rep3);
  }
  return claims;
}

/** Digits after the point that a figure is claimed with. */
const DIGITS = 4;

const twoFigures = (value: number): number => Number(value.toPrecision(2));
const short = ([low, high]: [number, number]): [number, number] => [rounded(low, 3), rounded(high, 3)];

function rounded(value: number, digits: number): number {
  // `+ 0` turns −0, which canonical JSON writes as 0, into what is read back.
  return Number(value.toFixed(digits)) + 0;
}

/** What a claim's number is counted in. */
export function claimUnit(id: ClaimId): 'share' | 'number' | 'word' | 'block' {
  if (isWord(id)) return 'word';
  if (id.startsWith('layer.')) return 'block';
  return id.startsWith('rate.') ? 'share' : 'number';
}

/** What a claim is called, and what its number is. @param poles names of the concept's two sides */
export function claimMessages(
  id: ClaimId,
  poles: { positive: string; negative: string },
): { label: Message; help: Message } {
  const [kind, name, direction] = id.split('.') as [string, Arm, Direction];
  if (kind !== 'rate' && kind !== 'kl' && kind !== 'rep3') {
    const figure = id as Exclude<ClaimId, `${'rate' | 'kl' | 'rep3'}.${string}`>;
    return { label: message(`claim.${figure}`), help: message(`claim.${figure}.help`) };
  }
  const arm = message(`arms.${name}.name`);
  const towards = message(`claim.towards.${direction}`, { ...poles });
  if (kind === 'rate') return { label: message('claim.rate', { arm, towards }), help: message('claim.rate.help') };
  const metric = kind === 'kl' ? 'p95Kl' : 'rep3';
  return {
    label: message('claim.cost', { metric: message(`metric.${metric}.name`), arm, towards }),
    help: message(`metric.${metric}.help`),
  };
}
