/** Test helper: what `npm run truth` has recorded. */
import type { Outcome, ChainOutcome } from '../../experiment/run';
import type { Thresholds } from '../../experiment/thresholds';
import type { NullKind } from './null-cases';

export interface Truth {
  /** Under which the cases were judged. */
  thresholds: Thresholds;
  cases: {
    kind: NullKind;
    concept: string;
    seed: number;
    outcome: ChainOutcome;
    /** What the rule before the chain says of the same continuations. */
    earlier: Outcome;
    r: number;
  }[];
}

export const TRUTH_FILE = new URL('../../../fixtures/truth/null-cases.json', import.meta.url);
