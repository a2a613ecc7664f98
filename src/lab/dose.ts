/** The dose axis: next-token distributions of every stop, side effects on neutral text, and the iso-KL scale. */
import type { DosedArm, PerArm } from '../experiment/arms';
import type { AxisArm, DoseAxis } from '../experiment/run';
import { klFromLogits, logSoftmax } from '../math/information';
import { quantile } from '../math/stats';
import type { LanguageModel } from '../runtime/types';
import { yieldToEventLoop, type LabContext } from './context';
import { residentFirst } from './model-pair';
import { promptIds, type Prompting } from './prompting';
import { steeredRow } from './operations';
import { sitesOf, steerAt, type SteeringArm } from './vectors';

/** Bars shown per arm. */
const SHOWN_TOKENS = 10;
/** Neutral text rows of one steered pass. */
export const SIDE_EFFECT_ROWS = 32;
/** Neutral texts are cut here: enough tokens for a p95, few enough to be quick. */
export const NEUTRAL_TOKENS = 40;

/** A neutral text is read as if the model had written it: its first token is the prompt, which `generated` leaves alone. */
const NEUTRAL_PROMPT = 1;

/** Signed stops, ascending, with 0 in the middle. */
export function signedStops(stops: readonly number[]): number[] {
  return [...stops.toReversed().map((r) => -r), 0, ...stops];
}

/**
 * Next-token distributions of all dosed arms at all stops, one batched pass a model. Where only generated tokens are
 * steered: of the second new token, after the unsteered model's likeliest first.
 * The unsteered row (r = 0) is part of the batch, so that the axis is complete by itself.
 * @throws LabError `chat-template`
 */
export async function computeAxis(
  arms: readonly SteeringArm[],
  prompt: string,
  stops: readonly number[],
  prompting: Prompting,
  signal?: AbortSignal,
): Promise<Omit<DoseAxis, 'written'>> {
  const started = performance.now();
  const result: Partial<Record<DosedArm, AxisArm>> = {};
  for (const group of residentFirst(byModelAndLayer(arms), ([{ model }]) => model)) {
    const { model, scope } = group[0];
    const sites = sitesOf(group[0]);
    const V = model.info.vocabSize;
    const asked = promptIds(prompt, model.tokenizer, prompting);
    // Where only generated tokens are steered, the first that shows it follows the unsteered model's likeliest.
    const ids =
      scope.scope === 'generated'
        ? [...asked, argmax(await model.nextTokenLogits({ rows: [{ ids: asked }], sites }))]
        : asked;
    const rows = group.flatMap((arm) => stops.map((r) => steeredRow(ids, asked.length, steerAt(arm, r))));
    const logits = await model.nextTokenLogits({ rows, sites });
    group.forEach((arm, g) => {
      const at = (s: number): Float32Array =>
        logits.subarray((g * stops.length + s) * V, (g * stops.length + s + 1) * V);
      const base = at(stops.indexOf(0));
      const distributions = stops.map((_, s) => logSoftmax(at(s)).map(Math.exp));
      const shown = topTokens(distributions);
      const pieces = model.tokenizer.pieces(shown);
      result[arm.arm] = {
        tokens: shown.map((id, i) => ({ id, text: pieces[i] })),
        probabilities: distributions.map((p) => shown.map((id) => round(p[id]))),
        kl: stops.map((_, s) => round(klFromLogits(base, at(s)))),
      };
    });
    await yieldToEventLoop(signal);
  }
  return {
    prompt,
    stops: [...stops],
    arms: Object.fromEntries(arms.map(({ arm }) => [arm, result[arm]])) as PerArm<DosedArm, AxisArm>,
    milliseconds: Math.round(performance.now() - started),
  };
}

/** The union of the likeliest tokens over the stops, at most SHOWN_TOKENS, by their best probability anywhere on the axis. */
function topTokens(distributions: readonly ArrayLike<number>[]): number[] {
  const best = new Map<number, number>();
  for (const p of distributions) {
    const order = Array.from(p, (value, id) => ({ id, value }))
      .sort((a, b) => b.value - a.value)
      .slice(0, 4);
    for (const { id, value } of order) best.set(id, Math.max(best.get(id) ?? 0, value));
  }
  return [...best]
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN_TOKENS)
    .map(([id]) => id);
}

/** KL(base‖steered) per token of neutral text at every stop, nats. */
export interface SideEffects {
  mean: number;
  p95: number;
}

/**
 * Side effects of one arm at each of the given signed doses. Neutral texts are cut to `maxTokens` ids.
 * The direction of the divergence is KL(base‖steered), in nats, per token.
 */
export async function sideEffects(
  context: LabContext,
  arm: SteeringArm,
  doses: readonly number[],
  texts: readonly string[],
  base: ReadonlyMap<LanguageModel, Float32Array[]>,
  maxTokens: number,
): Promise<SideEffects[]> {
  const ids = neutralIds(arm.model, texts, maxTokens);
  const reference = base.get(arm.model)!;
  const kls: number[][] = doses.map(() => []);
  const cells = doses.flatMap((r, d) => ids.map((row, t) => ({ r, d, t, row })));
  const V = arm.model.info.vocabSize;
  for (let start = 0; start < cells.length; start += SIDE_EFFECT_ROWS) {
    const batch = cells.slice(start, start + SIDE_EFFECT_ROWS);
    const logits = await arm.model.logits({
      rows: batch.map(({ row, r, t }) => steeredRow(row, NEUTRAL_PROMPT, steerAt(arm, r, t))),
      sites: sitesOf(arm),
    });
    batch.forEach(({ d, t, row }, k) => {
      for (let i = 1; i < row.length; i++)
        kls[d].push(klFromLogits(reference[t].subarray(i * V, (i + 1) * V), logits[k].subarray(i * V, (i + 1) * V)));
    });
    await yieldToEventLoop(context.signal);
  }
  return kls.map((values) => ({
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    p95: quantile(values, 0.95),
  }));
}

/** Unsteered logits of the neutral texts, once per model: what every dose is compared with. */
export async function neutralLogits(
  model: LanguageModel,
  texts: readonly string[],
  maxTokens: number,
): Promise<Float32Array[]> {
  return model.logits({ rows: neutralIds(model, texts, maxTokens).map((ids) => ({ ids })), sites: [] });
}

function neutralIds(model: LanguageModel, texts: readonly string[], maxTokens: number): number[][] {
  return texts.map((text) => model.tokenizer.encode(text).slice(0, maxTokens));
}

/**
 * α at which the p95 KL reaches 1 nat (the iso-KL dose 1), by linear interpolation between stops on the worse of the two
 * signs; null if the axis does not reach it.
 * @param magnitudes ascending |r| @param p95 p95 KL at +r and −r, [sign][stop]
 */
export function isoKlAlpha(
  magnitudes: readonly number[],
  p95: readonly [readonly number[], readonly number[]],
  medianNorm: number,
): number | null {
  let previous = { r: 0, kl: 0 };
  for (let i = 0; i < magnitudes.length; i++) {
    const kl = Math.max(p95[0][i], p95[1][i]);
    if (kl >= 1) {
      const share = (1 - previous.kl) / (kl - previous.kl);
      return (previous.r + share * (magnitudes[i] - previous.r)) * medianNorm;
    }
    previous = { r: magnitudes[i], kl };
  }
  return null;
}

/** Arms that share a model and a layer run in one batch. */
export function byModelAndLayer<A extends { model: LanguageModel; layer: number }>(arms: readonly A[]): A[][] {
  const groups: A[][] = [];
  for (const arm of arms) {
    const group = groups.find(([first]) => first.model === arm.model && first.layer === arm.layer);
    if (group) group.push(arm);
    else groups.push([arm]);
  }
  return groups;
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

function round(x: number): number {
  return Math.round(x * 1e5) / 1e5;
}
