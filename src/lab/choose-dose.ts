/**
 * Which dose is reported. Steering that is strong enough to move every text is strong enough to break it, so the dose
 * wanted is the smallest that does what is asked and leaves the text whole. Both are judged on the choose-half of the
 * prompts; the report half says what came of it.
 */
import { TESTED } from '../experiment/arms';
import { message, type Message } from '../experiment/message';
import type { Baseline, DoseCell, UsableWindow } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { MessageKey } from '../i18n/keys';
import { breaksLimit, type Limits } from '../metrics';

/** Share of continuations on the wanted side that is asked of a dose where the settings do not say. */
const WANTED_RATE = 0.8;
/** The edge of the window is known well enough when what is left between is this share of its dose. */
const EDGE_RESOLUTION = 0.05;
const SAME = 1e-9;

/** What earlier rules said of their choice: runs that were kept still say so. */
export const EARLIER_REASONS = [
  'run.dose.window',
  'run.dose.costly',
  'run.dose.best',
] as const satisfies readonly MessageKey[];

type DoseSettings = Experiment['dose'];

/** The limits of a run: of the settings, and for unknown words the share of unsteered text with what is allowed above it. */
export function limitsOf(
  { maxP95Kl, maxRep3, maxPerplexityRatio, maxUnknownWords }: DoseSettings,
  unsteered: Pick<Baseline, 'unknownWords'>,
): Limits & Pick<UsableWindow, 'maxP95Kl' | 'maxRep3'> {
  // Of unsteered text without a word there is no share to go by.
  const words = Number.isNaN(unsteered.unknownWords) ? 0 : unsteered.unknownWords;
  return {
    maxP95Kl,
    maxRep3,
    ...(maxPerplexityRatio === undefined ? {} : { maxPerplexityRatio }),
    ...(maxUnknownWords === undefined ? {} : { maxUnknownWords: words + maxUnknownWords }),
  };
}

/**
 * Whether text is broken. Settings that do not limit its perplexity are those of a lab that could not measure it: there
 * the side effects on neutral text stand for it.
 */
const isBroken = ({ metrics }: DoseCell, limits: Limits): boolean =>
  breaksLimit(metrics, limits, limits.maxPerplexityRatio === undefined ? undefined : 'fluency');

/** The arm under test at one magnitude, both ways. */
interface Tried {
  r: number;
  up: DoseCell;
  down: DoseCell;
}

/** The magnitudes at which the arm under test was tried both ways on the choose-half, ascending. */
function triedDoses(cells: readonly DoseCell[]): Tried[] {
  const own = cells.filter(({ arm, half }) => arm === TESTED && half === 'choose');
  return own
    .flatMap((up): Tried[] => {
      const down = up.r > 0 ? own.find(({ r }) => Math.abs(r + up.r) < SAME) : undefined;
      return down ? [{ r: up.r, up, down }] : [];
    })
    .sort((a, b) => a.r - b.r);
}

/** Splits doses in those up to which all are fluent both ways, and the rest: a whole text past a broken one is luck. */
function splitAtEdge(tried: readonly Tried[], limits: Limits): { fluent: Tried[]; rest: Tried[] } {
  const at = tried.findIndex(({ up, down }) => isBroken(up, limits) || isBroken(down, limits));
  return at === -1 ? { fluent: [...tried], rest: [] } : { fluent: tried.slice(0, at), rest: tried.slice(at) };
}

/** The window of the doses tried: where the steered text is fluent. */
export function usableWindow(cells: readonly DoseCell[], limits: ReturnType<typeof limitsOf>): UsableWindow {
  const { fluent, rest } = splitAtEdge(triedDoses(cells), limits);
  return { largestR: fluent.at(-1)?.r ?? null, firstBroken: rest[0]?.r ?? null, ...limits };
}

/**
 * The next dose to try on the way to the edge of the window: half way between the largest fluent dose, or none at all, and
 * the smallest broken one. Null where nothing broke, or the edge is known within a twentieth.
 */
export function nextEdgeDose({ largestR, firstBroken }: UsableWindow): number | null {
  if (firstBroken == null) return null;
  const low = largestR ?? 0;
  if (firstBroken - low <= EDGE_RESOLUTION * firstBroken + SAME) return null;
  const middle = Number(((low + firstBroken) / 2).toPrecision(4));
  return middle > low && middle < firstBroken ? middle : null;
}

export interface ChosenDose {
  r: number;
  window: UsableWindow;
  reason: Message;
}

/** The sides of a concept, and the share of unsteered continuations on each. */
export interface Poles {
  positive: { name: string; unsteered: number };
  negative: { name: string; unsteered: number };
}

/**
 * The reported dose. A number is taken as it is. `auto`: the smallest fluent dose that brings the wanted share of
 * continuations to both sides; else the smallest that does on one side, where the unsteered model did not do so by itself;
 * else the fluent dose with the greatest effect, both ways together, the smaller of equals. Where none is fluent, the
 * smallest dose tried.
 */
export function chooseDose(
  cells: readonly DoseCell[],
  dose: DoseSettings,
  limits: ReturnType<typeof limitsOf>,
  { positive, negative }: Poles,
): ChosenDose {
  const window = usableWindow(cells, limits);
  const chose = (r: number, reason: Message): ChosenDose => ({ r, window, reason });
  if (dose.chosen !== 'auto') return chose(dose.chosen, message('run.dose.hand'));
  const tried = triedDoses(cells);
  const { fluent } = splitAtEdge(tried, limits);
  const wanted = dose.wantedRate ?? WANTED_RATE;
  const rate = Math.round(wanted * 100);
  if (fluent.length === 0)
    return chose(
      Math.min(...(tried.length > 0 ? tried.map(({ r }) => r) : dose.stops)),
      message('run.dose.none-fluent'),
    );
  const upAt = ({ up }: Tried): boolean => up.positive.rate >= wanted;
  const downAt = ({ down }: Tried): boolean => down.negative.rate >= wanted;
  const both = fluent.find((each) => upAt(each) && downAt(each));
  if (both) return chose(both.r, message('run.dose.smallest', { rate }));
  const moves = { up: positive.unsteered < wanted, down: negative.unsteered < wanted };
  const one = fluent.find((each) => (moves.up && upAt(each)) || (moves.down && downAt(each)));
  if (one) {
    const side = moves.up && upAt(one) ? positive.name : negative.name;
    return chose(one.r, message('run.dose.smallest-one', { rate, side }));
  }
  const effect = ({ up, down }: Tried): number => up.positive.rate + down.negative.rate;
  const greatest = fluent.reduce((best, each) => (effect(each) > effect(best) + SAME ? each : best));
  return chose(greatest.r, message('run.dose.fluent-best', { rate }));
}
