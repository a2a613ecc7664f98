/** Stage 5: continuations of every arm at every dose, the chosen dose, the report half, the streams and the verdict. */
import type { ArmResult, DoseCell, EvidenceResult, ReplayEvidence, StopStreams } from '../experiment/run';
import {
  ARM_SPECS,
  armSpec,
  ISOTROPIC,
  REFERENCE,
  REPORT_ORDER,
  TESTED,
  unsteeredArm,
  type Arm,
  type DosedArm,
  type PerArm,
} from '../experiment/arms';
import type { Experiment } from '../experiment/schema';
import type { LabContext } from './context';
import { residentFirst } from './model-pair';
import { chooseDose, conclude, transferRatio, type TwoSided } from './conclude';
import { signedStops, type SideEffects } from './dose';
import { computeStreams, continueAll, type Ask } from './generate';
import { replayOf } from './replay';
import { measureTexts, type Measured } from './measure';
import type { Side } from './judges';
import { halves } from './concept';
import type { SteerState } from './stage-steer';
import { sitesOf, steerAt, type SteeringArm } from './vectors';
import { message } from '../experiment/message';

/** Sample texts kept per arm. */
const SAMPLES = 3;

/** Continuations of an arm at one dose, of the half that chooses it and of the half that reports. */
const choosing = (arm: Arm, { chooseContinuations }: Experiment['generation']): number =>
  Math.ceil(armSpec(arm).continuations.choose * chooseContinuations);
const reporting = (arm: Arm, { continuations }: Experiment['generation']): number =>
  Math.ceil(armSpec(arm).continuations.report * continuations);

/** Side effects of an arm of this run at every signed stop. */
const effectsOf = (steer: SteerState, { arm }: SteeringArm): readonly SideEffects[] => steer.sideEffects[arm]!;

function cycle(prompts: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, i) => prompts[i % prompts.length]);
}

/** Generates, measures and concludes. */
export async function evidenceStage(
  context: LabContext,
  experiment: Experiment,
  steer: SteerState,
): Promise<EvidenceResult> {
  const { generation, dose, prompting } = experiment;
  const stops = signedStops(dose.stops);
  const prompts = halves(steer.concept.evaluationPrompts);
  const counter = progressCounter(
    context,
    ARM_SPECS.reduce(
      (sum, { id, base }) =>
        sum + (stops.length - 1) * choosing(id, generation) + (base === null ? 1 : 2) * reporting(id, generation),
      0,
    ),
  );

  const doseResponse = await doseCurve(context, experiment, steer, stops, prompts.choose, counter);
  const chosen = chooseDose(doseResponse, dose);
  const { source, target } = await steer.pair.eachRole(async (role) => {
    const own = steer.arms.filter(({ model }) => model === steer.pair[role]);
    const report = await reportHalf(context, experiment, steer, own, chosen.r, prompts.report, counter);
    const streams = await computeStreams(context, own, steer.scales, prompts.report[0], stops, generation, prompting);
    const [up, down] = await streamsAt(context, steer, own, streams, chosen.r, experiment);
    return { ...report, streams, replay: await replayOf(role, own, up, down, chosen.r, prompting, context.signal) };
  });
  const arms = [...source.arms, ...target.arms].toSorted(
    (a, b) => REPORT_ORDER.indexOf(a.name) - REPORT_ORDER.indexOf(b.name),
  );
  const sides = { ...source.sides, ...target.sides } as PerArm<DosedArm, TwoSided>;
  doseResponse.push(...source.cells, ...target.cells);
  const streams = source.streams.map((item, s): StopStreams => ({
    ...item,
    arms: { ...item.arms, ...target.streams[s].arms },
  }));
  const replay: ReplayEvidence = {
    prompt: prompts.report[0],
    promptIds: { source: source.replay.promptIds, target: target.replay.promptIds },
    rows: [...source.replay.rows, ...target.replay.rows],
  };
  const tested = steer.arms.find((arm) => arm.arm === TESTED)!;
  const verdict = conclude({
    concept: steer.concept,
    targetTitle: steer.targetTitle,
    arms,
    chosen,
    chosenDose: doseOf(tested, chosen.r, steer),
    dose,
    transferRatio: transferRatio(sides[TESTED], sides[REFERENCE], sides[ISOTROPIC], generation.seed),
  });
  return { arms, doseResponse, streams, replay, verdict };
}

/** The streams at r and −r; a dose set by hand may lie between the stops and is then decoded by itself. */
async function streamsAt(
  context: LabContext,
  steer: SteerState,
  own: readonly SteeringArm[],
  streams: readonly StopStreams[],
  r: number,
  { generation, prompting }: Experiment,
): Promise<StopStreams[]> {
  const known = [r, -r].map((signed) => streams.find(({ stop }) => Math.abs(stop - signed) < 1e-9));
  if (known.every((item) => item !== undefined)) return known;
  return computeStreams(context, own, steer.scales, streams[0].prompt, [r, -r], generation, prompting);
}

/** The dose–response of every dosed arm on the choose-half; all stops of an arm decode together. */
async function doseCurve(
  context: LabContext,
  experiment: Experiment,
  steer: SteerState,
  stops: readonly number[],
  prompts: readonly string[],
  counter: (n: number) => void,
): Promise<DoseCell[]> {
  const { generation } = experiment;
  const cells = new Map<DosedArm, DoseCell[]>();
  for (const arm of residentFirst(steer.arms, ({ model }) => model)) {
    const asked = cycle(prompts, choosing(arm.arm, generation));
    const doses = stops.filter((r) => r !== 0);
    const asks: Ask[] = doses.flatMap((r) =>
      asked.map((prompt, k) => ({ prompt, steer: steerAt(arm, r, k), stream: k })),
    );
    const texts = await continueAll(context, arm.model, sitesOf(arm), asks, generation, experiment.prompting, counter);
    const own: DoseCell[] = [];
    for (const [d, r] of doses.entries()) {
      const slice = texts.slice(d * asked.length, (d + 1) * asked.length);
      const effect = effectAt(effectsOf(steer, arm), stops, r);
      const measured = await measureTexts(steer.concept.judge, asked, slice, effect, context);
      own.push(cellOf(arm, r, measured, steer, 'choose'));
    }
    cells.set(arm.arm, own);
  }
  return steer.arms.flatMap(({ arm }) => cells.get(arm)!);
}

interface ReportHalf {
  arms: ArmResult[];
  cells: DoseCell[];
  sides: Partial<Record<DosedArm, TwoSided>>;
}

/** One model's arms, and the model without steering, at the chosen dose on the held-back prompts. */
async function reportHalf(
  context: LabContext,
  experiment: Experiment,
  steer: SteerState,
  own: readonly SteeringArm[],
  r: number,
  prompts: readonly string[],
  counter: (n: number) => void,
): Promise<ReportHalf> {
  const { generation } = experiment;
  const stops = signedStops(experiment.dose.stops);
  const times = (name: Arm): string[] => cycle(prompts, reporting(name, generation));
  const arms: ArmResult[] = [];
  const cells: DoseCell[] = [];
  const sides: ReportHalf['sides'] = {};
  const { maxNewTokens, temperature, topP, seed } = generation;
  const settings = { maxNewTokens, temperature, topP, seed: seed + 100_003 };

  const [{ arm: first, model }] = own;
  const plain = unsteeredArm(armSpec(first).model);
  const asPlain = times(plain);
  const unsteered = await continueAll(
    context,
    model,
    sitesOf(own[0]),
    asPlain.map((prompt, k) => ({ prompt, stream: k })),
    settings,
    experiment.prompting,
    counter,
  );
  arms.push(
    armResult(
      plain,
      'none',
      { r: 0, alpha: 0, isoKl: 0 },
      await measureTexts(steer.concept.judge, asPlain, unsteered, { mean: 0, p95: 0 }, context),
      unsteered,
    ),
  );
  for (const arm of own) {
    const asked = times(arm.arm);
    const both: Record<'up' | 'down', Side[]> = { up: [], down: [] };
    for (const sign of [1, -1] as const) {
      const texts = await continueAll(
        context,
        arm.model,
        sitesOf(arm),
        asked.map((prompt, k) => ({ prompt, steer: steerAt(arm, sign * r, k), stream: k })),
        settings,
        experiment.prompting,
        counter,
      );
      const effect = effectAt(effectsOf(steer, arm), stops, sign * r);
      const measured = await measureTexts(steer.concept.judge, asked, texts, effect, context);
      both[sign === 1 ? 'up' : 'down'] = measured.sides;
      arms.push(
        armResult(arm.arm, sign === 1 ? 'positive' : 'negative', doseOf(arm, sign * r, steer), measured, texts),
      );
      cells.push(cellOf(arm, sign * r, measured, steer, 'report'));
    }
    sides[arm.arm] = both;
  }
  return { arms, cells, sides };
}

function armResult(
  name: Arm,
  direction: ArmResult['direction'],
  dose: ArmResult['dose'],
  measured: Measured,
  texts: readonly string[],
): ArmResult {
  const { positive, negative, n, metrics } = measured;
  const wanted = direction === 'negative' ? negative : positive;
  return {
    name,
    direction,
    dose,
    conceptRate: { value: wanted.rate, n, interval: wanted.interval },
    positiveRate: positive.rate,
    negativeRate: negative.rate,
    metrics,
    samples: texts.slice(0, SAMPLES),
  };
}

function cellOf(
  arm: SteeringArm,
  r: number,
  { positive, negative, n, metrics }: Measured,
  steer: SteerState,
  half: DoseCell['half'],
): DoseCell {
  const { alpha, isoKl } = doseOf(arm, r, steer);
  return { arm: arm.arm, r, alpha, isoKl, positive, negative, n, metrics, half };
}

/** A signed dose on its three scales. */
function doseOf(arm: SteeringArm, r: number, steer: SteerState): ArmResult['dose'] {
  const alpha = r * arm.medianNorm;
  const unitDose = steer.isoKlAlpha[arm.arm] ?? null;
  return { r, alpha, isoKl: unitDose === null ? null : alpha / unitDose };
}

/** Side effects at a dose: measured at the stops, linear between them (a dose set by hand may lie between two). */
function effectAt(effects: readonly SideEffects[], stops: readonly number[], r: number): SideEffects {
  const clamped = Math.min(Math.max(r, stops[0]), stops[stops.length - 1]);
  const right = Math.max(
    1,
    stops.findIndex((stop) => stop >= clamped - 1e-12),
  );
  const share = (clamped - stops[right - 1]) / (stops[right] - stops[right - 1]);
  const blend = (a: number, b: number): number => a + share * (b - a);
  return {
    mean: blend(effects[right - 1].mean, effects[right].mean),
    p95: blend(effects[right - 1].p95, effects[right].p95),
  };
}

function progressCounter(context: LabContext, total: number): (n: number) => void {
  let done = 0;
  return (n) => {
    done += n;
    context.progress({
      stage: 'evidence',
      done: Math.min(done, total),
      total,
      unit: 'continuations',
      note: message('progress.evidence'),
    });
  };
}
