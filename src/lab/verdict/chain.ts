/**
 * The verdict as a chain of questions, each with its number, interval and threshold, each able to end the chain with a
 * sentence of its own (docs/verdict.md). Pure: what was judged goes in, what can be said of it comes out.
 */
import { message, type Message } from '../../experiment/message';
import type { Answer, Chain, ChainFigure, ChainOutcome, ChainStep, Stability } from '../../experiment/run';
import { QUESTIONS } from '../../experiment/run/chain';
import type { Thresholds } from '../../experiment/thresholds';
import {
  answerOf,
  liftOf,
  morePrompts,
  POLES,
  type Judged,
  type Lift,
  type LiftAnswer,
  type Pole,
  type Unsteered,
} from './effects';
import { controlsStep, type ComparedInput } from './compared';
import { nativeShare, shareStep } from './share';
import { ends, goesOn, percent, type Asked } from './step';

export interface ChainInput {
  concept: Record<Pole, string>;
  targetTitle: string;
  r: number;
  thresholds: Thresholds;
  /** Tests of the pairs that made the vectors; of the source null where its vector was brought along. */
  stability: { source: Stability | null; target: Stability };
  base: Unsteered;
  mapped: Judged;
  native: Judged;
  /** Perplexity of steered text under the unsteered target, as a multiple of its own; NaN where it was not measured. */
  perplexityRatio: Record<Pole, number>;
  /** Null before the controls have been run. */
  compared: ComparedInput | null;
  seed: number;
}

/** One side of the concept, as far as it has been judged. */
interface Judgement {
  side: Pole;
  lift: Lift;
  answer: LiftAnswer | 'full';
}

/** Asks the questions in their order until one ends the chain. */
export function concludeChain(input: ChainInput): Chain {
  const { thresholds, mapped, native, base, compared } = input;
  const steps: ChainStep[] = [];
  let outcome: ChainOutcome | null = null;
  const ask = (answered: Asked): boolean => {
    steps.push(answered.step);
    outcome = answered.ends;
    return outcome === null;
  };
  const judged = (arm: Judged): Judgement[] => POLES.map((side) => judge(input, arm, side));
  const ofMapped = judged(mapped);
  const ofNative = judged(native);
  const moved = ofMapped.flatMap(({ side, answer }) => (answer === 'lifts' ? [side] : []));
  let share: Chain['share'] = null;
  let controls: Chain['compared'] = [];
  if (
    ask(askPairs(input)) &&
    ask(askHeadroom(input, ofMapped)) &&
    ask(askNative(input, ofNative, ofMapped)) &&
    ask(askMapped(input, ofMapped)) &&
    ask(askFluent(input, moved))
  ) {
    const against = controlsStep(input, moved);
    controls = against.rows;
    if (ask(against.asked)) {
      share = nativeShare({ mapped, native, base, sides: moved, nulls: compared?.nulls ?? [], thresholds });
      ask(shareStep(share, thresholds));
    }
  }
  const missing = compared === null || compared.missing.length > 0;
  const last = steps.at(-1)!;
  for (const question of QUESTIONS.slice(steps.length))
    steps.push({ question, answer: 'unasked', sentence: message('run.chain.unasked'), figures: [] });
  const transfers = outcome === null;
  return {
    outcome: outcome ?? 'transfers',
    provisional: transfers && missing,
    sides: moved,
    sentence: transfers ? transferSentence(input, ofMapped, missing) : last.sentence,
    r: input.r,
    prompts: new Set(mapped.prompts).size,
    thresholds,
    steps,
    compared: controls,
    share,
  };
}

/** A side is judged where there is room for a lift. */
function judge({ base, thresholds, seed }: ChainInput, arm: Judged, side: Pole): Judgement {
  const lift = liftOf(arm, base, side, { seed });
  const full = 1 - lift.base < thresholds.minHeadroom;
  return { side, lift, answer: full ? 'full' : answerOf(lift, thresholds.minLift) };
}

function askPairs({ stability, thresholds }: ChainInput): Asked {
  const both = [
    ['source', stability.source],
    ['target', stability.target],
  ] as const;
  const figures = both.flatMap(([role, found]): ChainFigure[] =>
    found === null
      ? []
      : [
          {
            label: message('run.chain.figure.pairs-p', { model: role, flips: found.flips }),
            value: found.p,
            interval: null,
            threshold: { relation: 'at-most', value: thresholds.maxPairsP },
            counts: null,
          },
          ...(found.splitHalf
            ? [
                {
                  label: message('run.chain.figure.split-half', { model: role }),
                  value: found.splitHalf.cosine,
                  interval: found.splitHalf.interval,
                  threshold: null,
                  counts: null,
                },
              ]
            : []),
        ],
  );
  const unstable = both.find(([, found]) => found !== null && found.p > thresholds.maxPairsP);
  if (unstable) {
    const params = { model: unstable[0], p: unstable[1]!.p, most: thresholds.maxPairsP };
    return ends('pairs', 'no', message('run.chain.pairs.no', params), figures, 'cannot-judge');
  }
  const worst = Math.max(...both.map(([, found]) => found?.p ?? 0));
  return goesOn('pairs', 'yes', message('run.chain.pairs.yes', { p: worst }), figures);
}

function askHeadroom({ concept, thresholds }: ChainInput, judged: readonly Judgement[]): Asked {
  const figures = judged.map(({ side, lift }): ChainFigure => ({
    label: message('run.chain.figure.headroom', { side: concept[side] }),
    value: 1 - lift.base,
    interval: null,
    threshold: { relation: 'at-least', value: thresholds.minHeadroom },
    counts: null,
  }));
  const full = judged.filter(({ answer }) => answer === 'full');
  const params = (side: Pole, lift: Lift) => ({
    side: concept[side],
    rate: percent(lift.base),
    least: percent(thresholds.minHeadroom),
  });
  if (full.length === 0) return goesOn('headroom', 'yes', message('run.chain.headroom.yes'), figures);
  const [{ side, lift }] = full;
  if (full.length === 1)
    return goesOn('headroom', 'one', message('run.chain.headroom.one', params(side, lift)), figures);
  return ends('headroom', 'no', message('run.chain.headroom.no', params(side, lift)), figures, 'cannot-judge');
}

/** What became of a side, in words. */
function sideMessage({ concept, thresholds }: ChainInput, { side, lift, answer }: Judgement): Message {
  return message(`run.chain.side.${answer}`, {
    side: concept[side],
    count: lift.count,
    of: lift.of,
    base: percent(lift.base),
    points: percent(lift.estimate),
    low: percent(lift.low),
    high: percent(lift.high),
    least: percent(thresholds.minLift),
  });
}

function liftFigures({ concept, thresholds }: ChainInput, judged: readonly Judgement[]): ChainFigure[] {
  return judged.map(({ side, lift }) => ({
    label: message('run.chain.figure.lift', { side: concept[side] }),
    value: lift.estimate,
    interval: [lift.low, lift.high],
    threshold: { relation: 'at-least', value: thresholds.minLift },
    counts: { count: lift.count, of: lift.of },
  }));
}

/** The answer for both sides together. A side without room counts as one that is not asked about. */
function together(judged: readonly Judgement[]): Answer {
  const lifts = judged.filter(({ answer }) => answer === 'lifts').length;
  if (lifts > 0) return lifts === 2 ? 'yes' : 'one';
  return judged.some(({ answer }) => answer === 'undecided') ? 'undecided' : 'no';
}

/** Most prompts that any undecided side needs; null where it needs too many. */
function promptsNeeded({ thresholds }: ChainInput, judged: readonly Judgement[]): number | null {
  const needed = judged
    .filter(({ answer }) => answer === 'undecided')
    .map(({ lift }) => morePrompts(lift, thresholds.minLift));
  return needed.includes(null) ? null : Math.max(0, ...(needed as number[]));
}

const needed = (prompts: number | null): { known: string; prompts: number } => ({
  known: String(prompts !== null),
  prompts: prompts ?? 0,
});

function askNative(input: ChainInput, ofNative: readonly Judgement[], ofMapped: readonly Judgement[]): Asked {
  const answer = together(ofNative);
  const params = {
    r: input.r,
    target: input.targetTitle,
    sides: ofNative.map((side) => sideMessage(input, side)),
    ...needed(promptsNeeded(input, ofNative)),
  };
  const figures = liftFigures(input, ofNative);
  const sentence = message(`run.chain.native.${answer as 'yes' | 'one' | 'no' | 'undecided'}`, params);
  // What the mapped vector can do, the target lets be done, whatever the native one does.
  const steerable = answer === 'yes' || answer === 'one' || ['yes', 'one'].includes(together(ofMapped));
  if (steerable) return goesOn('native', answer, sentence, figures);
  return ends('native', answer, sentence, figures, answer === 'no' ? 'not-steerable' : 'undecided');
}

function askMapped(input: ChainInput, judged: readonly Judgement[]): Asked {
  const answer = together(judged);
  const params = {
    r: input.r,
    target: input.targetTitle,
    least: percent(input.thresholds.minLift),
    sides: judged.map((side) => sideMessage(input, side)),
    ...needed(promptsNeeded(input, judged)),
  };
  const figures = liftFigures(input, judged);
  const sentence = message(`run.chain.mapped.${answer as 'yes' | 'one' | 'no' | 'undecided'}`, params);
  if (answer === 'yes' || answer === 'one') return goesOn('mapped', answer, sentence, figures);
  return ends('mapped', answer, sentence, figures, answer === 'no' ? 'no-effect' : 'undecided');
}

function askFluent({ concept, perplexityRatio, thresholds, r }: ChainInput, moved: readonly Pole[]): Asked {
  const most = thresholds.maxPerplexityRatio;
  const figures = moved.map((side): ChainFigure => ({
    label: message('run.chain.figure.perplexity', { side: concept[side] }),
    value: perplexityRatio[side],
    interval: null,
    threshold: { relation: 'at-most', value: most },
    counts: null,
  }));
  const ratio = Math.max(...moved.map((side) => perplexityRatio[side]));
  if (!Number.isFinite(ratio)) return goesOn('fluent', 'unmeasured', message('run.chain.fluent.unmeasured'), figures);
  const params = { ratio, most, r };
  if (ratio <= most) return goesOn('fluent', 'yes', message('run.chain.fluent.yes', params), figures);
  return ends('fluent', 'no', message('run.chain.fluent.no', params), figures, 'no-effect');
}

function transferSentence(input: ChainInput, judged: readonly Judgement[], missing: boolean): Message {
  const { concept, targetTitle, r, compared } = input;
  const moved = judged.filter(({ answer }) => answer === 'lifts');
  return message('run.chain.transfers', {
    Positive: concept.positive.charAt(0).toUpperCase() + concept.positive.slice(1),
    negative: concept.negative,
    target: targetTitle,
    r,
    both: String(moved.length === 2),
    side: concept[moved[0].side],
    sides: judged.map((side) => sideMessage(input, side)),
    controls: compared === null ? 'running' : missing ? 'missing' : 'beaten',
  });
}
