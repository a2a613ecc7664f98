/** Stage 5: continuations of every arm at every dose, the chosen dose, the report half, the streams and the verdict. */
import type {
  Arm,
  ArmResult,
  DoseCell,
  DosedArm,
  EvidenceResult,
  ReplayEvidence,
  StopStreams,
} from '../experiment/run';
import { DOSED_ARMS } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { LabContext } from './context';
import { residentFirst } from './model-pair';
import { chooseDose, conclude, transferRatio, type TwoSided } from './conclude';
import { signedStops, type SideEffects } from './dose';
import { computeStreams, continueAll, type Ask } from './generate';
import { replayOf, vectorsOf } from './replay';
import { measureSides, type Sides } from './measure';
import type { Side } from './score';
import { halves, type SteerState } from './stage-steer';
import { sitesOf, steerAt, type SteeringArm } from './vectors';

/** The two arms that are compared within a few points, no steering and random steering, get this many times the continuations. */
const CONTROL_FACTOR = 2;
/** The arm whose curve decides the dose gets this many times the continuations of the choose-half. */
const DECIDING_FACTOR = 3;
/** Arms as they are reported. */
const ORDER: readonly Arm[] = ['small', 'large', ...DOSED_ARMS];
/** Sample texts kept per arm. */
const SAMPLES = 3;

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
    (steer.arms.length - 1 + DECIDING_FACTOR) * (stops.length - 1) * generation.chooseContinuations +
      (6 + 4 * CONTROL_FACTOR) * generation.continuations,
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
  const arms = [...source.arms, ...target.arms].toSorted((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
  const sides = { ...source.sides, ...target.sides } as Record<DosedArm, TwoSided>;
  doseResponse.push(...source.cells, ...target.cells);
  const streams = source.streams.map((item, s): StopStreams => ({
    ...item,
    arms: { ...item.arms, ...target.streams[s].arms },
  }));
  const replay: ReplayEvidence = {
    prompt: prompts.report[0],
    promptIds: { source: source.replay.promptIds, target: target.replay.promptIds },
    rows: [...source.replay.rows, ...target.replay.rows],
    vectors: vectorsOf(steer.arms),
  };
  const mapped = steer.arms.find((arm) => arm.arm === 'mapped')!;
  const verdict = conclude({
    concept: steer.concept,
    targetTitle: steer.targetTitle,
    arms,
    chosen,
    chosenDose: doseOf(mapped, chosen.r, steer),
    dose,
    transferRatio: transferRatio(sides.mapped, sides.native, sides.random, generation.seed),
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
    const asked = cycle(prompts, generation.chooseContinuations * (arm.arm === 'mapped' ? DECIDING_FACTOR : 1));
    const doses = stops.filter((r) => r !== 0);
    const asks: Ask[] = doses.flatMap((r) =>
      asked.map((prompt, k) => ({ prompt, steer: steerAt(arm, r, k), stream: k })),
    );
    const texts = await continueAll(context, arm.model, sitesOf(arm), asks, generation, experiment.prompting, counter);
    cells.set(
      arm.arm,
      doses.map((r, d) => {
        const slice = texts.slice(d * asked.length, (d + 1) * asked.length);
        const sides = measureSides(steer.concept.score, asked, slice);
        return cellOf(arm, r, sides, effectAt(steer.sideEffects[arm.arm], stops, r), steer, 'choose');
      }),
    );
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
  const times = (name: Arm): string[] =>
    cycle(
      prompts,
      generation.continuations * (name === 'large' || name === 'small' || name === 'random' ? CONTROL_FACTOR : 1),
    );
  const arms: ArmResult[] = [];
  const cells: DoseCell[] = [];
  const sides: ReportHalf['sides'] = {};
  const settings = { ...generation, seed: generation.seed + 100_003 };

  const [{ arm: first, model }] = own;
  const plain = first === 'small-steered' ? 'small' : 'large';
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
      measureSides(steer.concept.score, asPlain, unsteered),
      { mean: 0, p95: 0 },
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
      const measured = measureSides(steer.concept.score, asked, texts);
      const effect = effectAt(steer.sideEffects[arm.arm], stops, sign * r);
      both[sign === 1 ? 'up' : 'down'] = measured.sides;
      arms.push(
        armResult(arm.arm, sign === 1 ? 'positive' : 'negative', doseOf(arm, sign * r, steer), measured, effect, texts),
      );
      cells.push(cellOf(arm, sign * r, measured, effect, steer, 'report'));
    }
    sides[arm.arm] = both;
  }
  return { arms, cells, sides };
}

function armResult(
  name: Arm,
  direction: ArmResult['direction'],
  dose: ArmResult['dose'],
  sides: Sides,
  effect: SideEffects,
  texts: readonly string[],
): ArmResult {
  const wanted = direction === 'negative' ? sides.negative : sides.positive;
  return {
    name,
    direction,
    dose,
    conceptRate: { value: wanted.rate, n: sides.n, interval: wanted.interval },
    positiveRate: sides.positive.rate,
    negativeRate: sides.negative.rate,
    p95Kl: effect.p95,
    meanKl: effect.mean,
    rep3: sides.rep3,
    samples: texts.slice(0, SAMPLES),
  };
}

function cellOf(
  arm: SteeringArm,
  r: number,
  sides: Sides,
  effect: SideEffects,
  steer: SteerState,
  half: DoseCell['half'],
): DoseCell {
  const { alpha, isoKl } = doseOf(arm, r, steer);
  return {
    arm: arm.arm,
    r,
    alpha,
    isoKl,
    positive: sides.positive,
    negative: sides.negative,
    undecided: sides.undecided,
    n: sides.n,
    klMean: effect.mean,
    klP95: effect.p95,
    rep3: sides.rep3,
    half,
  };
}

/** A signed dose on its three scales. */
function doseOf(arm: SteeringArm, r: number, steer: SteerState): ArmResult['dose'] {
  const alpha = r * arm.medianNorm;
  const unitDose = steer.isoKlAlpha[arm.arm];
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
      note: 'Writing and scoring continuations',
    });
  };
}
