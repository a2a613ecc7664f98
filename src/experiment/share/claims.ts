/**
 * Claims: the headline numbers of a run, each with the tolerance within which another device must find it. The names are
 * the lab's own, so that no link can put a wrong name to a number; and the tolerances follow from rules that the reader's
 * lab knows too: a link may claim more narrowly than the rule, never more widely.
 */
import { z } from 'zod';
import { isDosed, REPORT_ORDER, TESTED, type Arm } from '../arms';
import { refusal } from '../problems';
import type { ArmResult, MapResult, Run, VectorResult } from '../run';

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
  'layer.source',
  'layer.target',
  'map.lambda',
  'map.r2',
  'map.shuffled',
  'map.cosine',
  'vector.cosine',
  'dose.r',
  'transfer.ratio',
  ...RATE_IDS,
  ...COST_IDS,
] as const;
export type ClaimId = (typeof CLAIM_IDS)[number];

export const claimSchema = z
  .strictObject({
    id: z.enum(CLAIM_IDS),
    value: z.union([z.number().min(-1e12).max(1e12), z.enum(OUTCOMES)]),
    /** Continuations behind a rate. */
    n: z.int().min(1).max(1_000_000).optional(),
    /** 95 % interval: Wilson's of a rate, the bootstrap's of the transfer ratio. */
    interval: z.tuple([z.number(), z.number()]).optional(),
    /** Largest absolute difference of a second run; 0 for what must be the same. */
    tolerance: z.strictObject({ basis: z.enum(BASES), value: z.number().min(0).max(1e12) }),
  })
  .refine(
    (claim) => (claim.id === 'outcome') === (typeof claim.value === 'string'),
    refusal('problem.claim-word', ['value']),
  )
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
  if (id === 'outcome' || id === 'dose.r' || id === 'map.lambda' || id.startsWith('layer.'))
    return { basis: 'exact', value: 0 };
  if (id.startsWith('rate.')) return { basis: 'two-samples', value: twoFigures(twoSamples(Number(value), n ?? 1)) };
  if (id === 'transfer.ratio') {
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
  vector?: Pick<VectorResult, 'cosineMappedNative'>;
  verdict?: Run['verdict'];
  arms?: readonly ArmResult[];
}

/** The claims of a run, or of as much of one as there is. Numbers that are not finite cannot be claimed and are left out. */
export function claimsOf(run: ClaimSource): Claim[] {
  const claims: Claim[] = [];
  const add = (
    id: ClaimId,
    value: number | (typeof OUTCOMES)[number],
    more: Pick<Claim, 'n' | 'interval'> = {},
  ): void => {
    if (typeof value === 'number' && !Number.isFinite(value)) return;
    const claim = {
      id,
      value: typeof value === 'number' ? rounded(value, id.startsWith('rate.') ? 5 : DIGITS) : value,
      ...more,
    };
    claims.push({ ...claim, tolerance: toleranceOf(claim) });
  };
  if (run.verdict) add('outcome', run.verdict.outcome);
  if (run.map) {
    add('layer.source', run.map.layers.source);
    add('layer.target', run.map.layers.target);
    // λ may be far below the figures that the others are rounded to.
    claims.push({
      id: 'map.lambda',
      value: run.map.lambda,
      tolerance: toleranceOf({ id: 'map.lambda', value: run.map.lambda }),
    });
    add('map.r2', run.map.heldOutR2);
    add('map.shuffled', run.map.shuffledR2);
    add('map.cosine', run.map.centredCosine);
  }
  if (run.vector) add('vector.cosine', run.vector.cosineMappedNative);
  if (run.verdict) {
    add('dose.r', run.verdict.chosenDose.r);
    const { transferRatio: ratio } = run.verdict;
    if (ratio && ratio.interval.every(Number.isFinite))
      add('transfer.ratio', ratio.value, { interval: short(ratio.interval) });
  }
  for (const arm of run.arms ?? []) {
    const { value, n, interval } = arm.conceptRate;
    add(`rate.${arm.name}.${arm.direction}` as ClaimId, value, { n, interval: short(interval) });
    if (arm.name !== TESTED || arm.direction === 'none') continue;
    add(`kl.${TESTED}.${arm.direction}`, arm.p95Kl);
    add(`rep3.${TESTED}.${arm.direction}`, arm.rep3);
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

export interface ClaimText {
  label: string;
  /** What the number is, in a sentence. */
  help: string;
  unit: 'share' | 'number' | 'word' | 'block';
}

/** The lab's words for a claim. @param ends names of the concept's two sides @param armName name of an arm */
export function claimText(
  id: ClaimId,
  ends: { positive: string; negative: string },
  armName: (arm: Arm) => string,
): ClaimText {
  const fixed: Partial<Record<ClaimId, ClaimText>> = {
    outcome: {
      label: 'Outcome',
      help: 'Whether the mapped vector steers the large model both ways, one way, or not.',
      unit: 'word',
    },
    'layer.source': { label: 'Block of the small model', help: 'After which block the vector is read.', unit: 'block' },
    'layer.target': {
      label: 'Block of the large model',
      help: 'After which block the vector is added.',
      unit: 'block',
    },
    'map.lambda': {
      label: 'λ',
      help: 'Ridge weight, as a fraction of the mean diagonal of the standardised covariance.',
      unit: 'number',
    },
    'map.r2': {
      label: 'Held-out R² of the map',
      help: 'Share of the variance of the large model’s states that the map predicts on texts it was not fitted to.',
      unit: 'number',
    },
    'map.shuffled': {
      label: 'Held-out R², shuffled pairs',
      help: 'The control: a map fitted to pairs that do not belong together.',
      unit: 'number',
    },
    'map.cosine': {
      label: 'Centred cosine of the map',
      help: 'Mean cosine of predicted and true states, both less their mean.',
      unit: 'number',
    },
    'vector.cosine': {
      label: 'Cosine mapped · native',
      help: 'Between the carried vector and the one found in the large model itself.',
      unit: 'number',
    },
    'dose.r': {
      label: 'Chosen dose r',
      help: 'In multiples of the median length of the states at the steered block.',
      unit: 'number',
    },
    'transfer.ratio': {
      label: 'Transfer ratio',
      help: 'Effect of the mapped vector over that of the native one, both less the effect of random vectors.',
      unit: 'number',
    },
  };
  const known = fixed[id];
  if (known) return known;
  const [what, arm, direction] = id.split('.');
  const name = armName(arm as Arm);
  const towards =
    direction === 'positive'
      ? `toward ${ends.positive}`
      : direction === 'negative'
        ? `toward ${ends.negative}`
        : `on the side of ${ends.positive}`;
  if (what === 'kl')
    return {
      label: `p95 KL, ${name} ${towards}`,
      help: '95th percentile of KL(base‖steered) per token of neutral text, in nats.',
      unit: 'number',
    };
  if (what === 'rep3')
    return {
      label: `rep-3, ${name} ${towards}`,
      help: 'Share of word trigrams that repeat an earlier one.',
      unit: 'number',
    };
  return {
    label: `${name}, ${towards}`,
    help: 'Share of continuations on the wanted side, with its 95 % Wilson interval.',
    unit: 'share',
  };
}
