/**
 * Verification: an author's claims beside what the reader's own device finds. Here are the verdicts and the document that
 * a reader keeps; the work is done in lab/verify.
 */
import { z } from 'zod';
import { digestOf } from '../digest';
import type { LabErrorJson } from '../errors';
import { message, type Message } from '../message';
import type { Backend } from '../run';
import { claimsOf, toleranceOf, type Basis, type Claim, type ClaimId, type ClaimSource } from './claims';

/** Version 2: sentences are keys and parameters. Version 1 held them in words, which nothing here reads; its digest is checked as it is. */
export const VERIFICATION_SCHEMA = 2;

export const VERDICTS = ['reproduced', 'within tolerance', 'differs', 'not run'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const STEPS = ['integrity', 'artifacts', 'self-test', 'second-opinion', 'replay', 'refit', 'claims'] as const;
export type StepId = (typeof STEPS)[number];

/** How much is computed again: replay and refit, or the whole run with its continuations. */
export const DEPTHS = ['quick', 'full'] as const;
export type Depth = (typeof DEPTHS)[number];

/** One thing that was looked at: what was expected, what was found. `noted` is no part of a verdict. */
export interface Check {
  name: Message;
  expected: Message;
  actual: Message;
  verdict: Verdict | 'noted';
}

export interface Step {
  id: StepId;
  verdict: Verdict;
  /** What was found; null where an error says why nothing was. */
  summary: Message | null;
  checks: Check[];
  /** Why the step could not be taken; null where it was, or had nothing to do. */
  error: LabErrorJson | null;
  milliseconds: number;
}

export interface ClaimCheck {
  id: ClaimId;
  claimed: Claim['value'];
  here: Claim['value'] | null;
  /** here − claimed; null where there is nothing to subtract. */
  difference: number | null;
  tolerance: number;
  basis: Basis;
  verdict: Verdict;
  /** What more there is to say. */
  notes: Message[];
}

/** What a reader keeps and compares with another reader's. */
export interface Verification {
  format: 'lrt-lab verification';
  schema: typeof VERIFICATION_SCHEMA;
  /** Digest of the shared document, and of its experiment. */
  document: string;
  experiment: string;
  title: string;
  depth: Depth;
  when: string;
  app: { name: 'lrt-lab'; version: string };
  device: {
    backend: Backend;
    adapter: string;
    userAgent: string;
    versions: Record<string, string>;
    kernels: string;
  } | null;
  steps: Step[];
  claims: ClaimCheck[];
  verdict: Verdict;
  /** SHA-256 over the canonical JSON of all the fields above. */
  digest: string;
}

/** Closes a verification with its verdict and digest. */
export function closeVerification(open: Omit<Verification, 'format' | 'schema' | 'verdict' | 'digest'>): Verification {
  const body = {
    format: 'lrt-lab verification' as const,
    schema: VERIFICATION_SCHEMA as typeof VERIFICATION_SCHEMA,
    ...open,
    verdict: wholeVerdict(open.steps),
  };
  return { ...body, digest: digestOf(body) };
}

/** Nothing is confirmed by a verification in which a step failed or no claim was compared. */
function wholeVerdict(steps: readonly Step[]): Verdict {
  const verdict = verdictOf(steps);
  const claims = steps.find(({ id }) => id === 'claims');
  const incomplete = steps.some(({ error }) => error !== null) || !claims || claims.verdict === 'not run';
  return verdict !== 'differs' && incomplete ? 'not run' : verdict;
}

const digestedSchema = z.looseObject({ format: z.literal('lrt-lab verification'), digest: z.string() });

/** True where a verification from a file is what its digest says. */
export function isWholeVerification(value: unknown): boolean {
  const parsed = digestedSchema.safeParse(value);
  if (!parsed.success) return false;
  const { digest, ...body } = parsed.data;
  return digestOf(body) === digest;
}

/** The verdict of several: any difference counts first, then the weaker kind of agreement; what was not run is left out. */
export function verdictOf(parts: readonly { verdict: Verdict }[]): Verdict {
  const has = (verdict: Verdict): boolean => parts.some((part) => part.verdict === verdict);
  if (has('differs')) return 'differs';
  if (parts.every((part) => part.verdict === 'not run')) return 'not run';
  return has('within tolerance') ? 'within tolerance' : 'reproduced';
}

/** Figures that hold at one dose only. */
const AT_DOSE = /^(rate\.(?!small\.|large\.)|kl\.|rep3\.|transfer\.)/;

/**
 * Compares claims with what was found here.
 * @param here as much of a run as was computed; null for nothing
 */
export function compareClaims(claims: readonly Claim[], here: ClaimSource | null): ClaimCheck[] {
  const found = new Map(here ? claimsOf(here).map((claim) => [claim.id, claim]) : []);
  const doseClaimed = claims.find(({ id }) => id === 'dose.r')?.value;
  const dose = found.get('dose.r')?.value;
  const otherDose = dose !== undefined && doseClaimed !== undefined && dose !== doseClaimed;
  return claims.map((claim) => {
    const { id, value: claimed } = claim;
    const rule = toleranceOf(claim);
    const wide = claim.tolerance.value > rule.value * 1.001;
    const tolerance = Math.min(claim.tolerance.value, rule.value);
    const base = { id, claimed, tolerance, basis: rule.basis };
    const notes = wide ? [message('verify.note.wide', { allowed: claim.tolerance.value })] : [];
    const mine = found.get(id);
    if (!mine) return { ...base, here: null, difference: null, verdict: 'not run', notes };
    if (otherDose && AT_DOSE.test(id)) {
      return {
        ...base,
        here: null,
        difference: null,
        verdict: 'not run',
        notes: [...notes, message('verify.note.other-dose', { here: dose, claimed: doseClaimed })],
      };
    }
    if (claim.n !== undefined && mine.n !== claim.n)
      notes.push(message('verify.note.other-n', { here: mine.n ?? 0, claimed: claim.n }));
    const difference = typeof claimed === 'number' && typeof mine.value === 'number' ? mine.value - claimed : null;
    return {
      ...base,
      here: mine.value,
      difference,
      verdict: claim.n !== undefined && mine.n !== claim.n ? 'differs' : agreement(claimed, mine.value, tolerance),
      notes,
    };
  });
}

function agreement(claimed: Claim['value'], here: Claim['value'], tolerance: number): Verdict {
  if (claimed === here) return 'reproduced';
  if (typeof claimed !== 'number' || typeof here !== 'number') return 'differs';
  const difference = Math.abs(here - claimed);
  // Both are rounded alike; what is left of a difference of zero is rounding of the subtraction.
  if (difference < 1e-9 * Math.max(1, Math.abs(claimed))) return 'reproduced';
  return difference <= tolerance * (1 + 1e-9) ? 'within tolerance' : 'differs';
}

const verdictKey = <V extends Verdict>(verdict: V): Dashed<V> => verdict.replaceAll(' ', '-') as Dashed<V>;
type Dashed<V extends string> = V extends `${infer A} ${infer B}` ? `${A}-${B}` : V;

/** Counts of each verdict that there is: “21 reproduced · 3 within tolerance”. */
export function countVerdicts(parts: readonly { verdict: Verdict }[]): Message[] {
  return VERDICTS.map((verdict) => ({ verdict, n: parts.filter((part) => part.verdict === verdict).length }))
    .filter(({ n }) => n > 0)
    .map(({ verdict, n }) => message(`verify.count.${verdictKey(verdict)}`, { n }));
}
