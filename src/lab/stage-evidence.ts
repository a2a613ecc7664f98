/** Stage 5: continuations of every arm at every dose, the chosen dose, the report half, the streams and the verdict. */
import type {
  ArmResult,
  Baseline,
  DoseCell,
  EvidenceResult,
  Half,
  ReplayEvidence,
  StopStreams,
} from '../experiment/run';
import {
  ARMS,
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
import { chooseDose, limitsOf } from './choose-dose';
import { conclude, transferRatio, type TwoSided } from './conclude';
import { signedStops } from './dose';
import { doseCurve, unsteeredCount } from './dose-curve';
import { wordsOfCorpus } from './fluency';
import { computeStreams, type Continuation } from './generate';
import { shareOverDraws } from '../math/grouped';
import { replayOf } from './replay';
import type { Measured } from './measure';
import type { Side } from './judges';
import { halves } from './concept';
import type { SteerState } from './stage-steer';
import type { SteeringArm } from './vectors';
import { choosing, cycle, reading, reporting, Writer } from './writing';
import { judgeTransfer } from './verdict/judge-transfer';
import { message } from '../experiment/message';

/** Sample texts kept per arm. */
const SAMPLES = 3;

/** Generates, measures and concludes. */
export async function evidenceStage(
  context: LabContext,
  experiment: Experiment,
  steer: SteerState,
): Promise<EvidenceResult> {
  const { generation, dose, prompting } = experiment;
  const prompts = halves(steer.concept.evaluationPrompts);
  const progress = progressCounter(
    context,
    workOfCurve(experiment, steer, dose.edgeDoses ?? 0) + workOfReport(experiment),
  );
  const knownWords = wordsOfCorpus(await context.resources.corpus(experiment.corpus.id));
  const writer = new Writer(context, experiment, steer, knownWords, progress.count);

  const curve = await doseCurve(writer, experiment, steer, prompts.choose);
  progress.spare(workOfCurve(experiment, steer, dose.edgeDoses ?? 0) - progress.done());
  const doseResponse = curve.cells;
  const { model: large } = steer.arms.find((arm) => arm.arm === TESTED)!;
  const { baseline } = curve.unsteered.get(large)!;
  const chosen = chooseDose(doseResponse, dose, limitsOf(dose, baseline), {
    positive: { name: steer.concept.positive, unsteered: baseline.positive.rate },
    negative: { name: steer.concept.negative, unsteered: baseline.negative.rate },
  });
  const shown = signedStops([...new Set([...dose.stops, ...curve.edge, chosen.r])].sort((a, b) => a - b));
  const { source, target } = await steer.pair.eachRole(async (role) => {
    const own = steer.arms.filter(({ model }) => model === steer.pair[role]);
    const report = await reportHalf(writer, experiment, own, chosen.r, prompts.report);
    const streams = await computeStreams(context, own, steer.scales, prompts.report[0], shown, generation, prompting);
    const [up, down] = [chosen.r, -chosen.r].map((r) => streams.find(({ stop }) => stop === r)!);
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
  const bySetting = conclude({
    concept: steer.concept,
    targetTitle: steer.targetTitle,
    arms,
    chosen,
    chosenDose: writer.doseOf(tested, chosen.r),
    transferRatio: transferRatio(sides[TESTED], sides[REFERENCE], sides[ISOTROPIC], generation.seed),
  });
  // In the order of the models, whichever wrote first: which one that is depends on what the memory holds.
  const chosenOn = [...curve.unsteered.values()].map(({ baseline: of }) => of);
  const ordered = chosenOn.toSorted((a, b) => ARMS.indexOf(a.arm) - ARMS.indexOf(b.arm));
  const baselines = [...ordered, source.baseline, target.baseline];
  const evidence = { arms, doseResponse, baselines, streams, replay };
  const chain = await judgeTransfer(
    context,
    experiment,
    steer,
    writer,
    { r: chosen.r, prompts: prompts.report, sides, unsteered: target.unsteered, arms },
    (provisional) => context.provisional?.({ ...evidence, verdict: { ...bySetting, chain: provisional } }),
  );
  return { ...evidence, verdict: { ...bySetting, chain } };
}

interface ReportHalf {
  arms: ArmResult[];
  cells: DoseCell[];
  sides: Partial<Record<DosedArm, TwoSided>>;
  baseline: Baseline;
  /** Sides of the continuations without steering. */
  unsteered: Side[];
}

/** One model's arms, and the model without steering, at the chosen dose on the held-back prompts. */
async function reportHalf(
  writer: Writer,
  { generation }: Pick<Experiment, 'generation'>,
  own: readonly SteeringArm[],
  r: number,
  prompts: readonly string[],
): Promise<ReportHalf> {
  const times = (name: Arm): string[] => cycle(prompts, reporting(name, generation));
  const cells: DoseCell[] = [];
  const sides: ReportHalf['sides'] = {};
  const plain = unsteeredArm(armSpec(own[0].arm).model);
  const unsteered = await writer.unsteered(plain, own[0], times(plain), 'report');
  const arms = [armResult(plain, 'none', { r: 0, alpha: 0, isoKl: 0 }, unsteered.measured, unsteered.continuations)];
  for (const arm of own) {
    const both: Record<'up' | 'down', Side[]> = { up: [], down: [] };
    for (const [way, direction, signed] of [
      ['up', 'positive', r],
      ['down', 'negative', -r],
    ] as const) {
      const [{ measured, continuations, read }] = await writer.steered(
        arm,
        times(arm.arm),
        [signed],
        unsteered,
        'report',
      );
      both[way] = measured.sides;
      arms.push(
        armResult(arm.arm, direction, writer.doseOf(arm, signed), measured, continuations, arm.directions.length),
      );
      cells.push(writer.cell(arm, signed, measured, 'report', read));
    }
    sides[arm.arm] = both;
  }
  return { arms, cells, sides, baseline: unsteered.baseline, unsteered: unsteered.measured.sides };
}

function armResult(
  name: Arm,
  direction: ArmResult['direction'],
  dose: ArmResult['dose'],
  measured: Measured,
  continuations: readonly Continuation[],
  draws = 1,
): ArmResult {
  const { positive, negative, n, metrics, sides } = measured;
  const wanted = direction === 'negative' ? negative : positive;
  const side = direction === 'negative' ? -1 : 1;
  return {
    name,
    direction,
    dose,
    conceptRate: { value: wanted.rate, n, interval: draws > 1 ? overDraws(sides, side, draws) : wanted.interval },
    positiveRate: positive.rate,
    negativeRate: negative.rate,
    metrics,
    samples: continuations.slice(0, SAMPLES).map(({ text }) => text),
  };
}

/** Interval of the share on a side where continuation k is of draw k mod draws. */
function overDraws(sides: readonly Side[], wanted: Side, draws: number): [number, number] {
  const { low, high } = shareOverDraws(
    sides.map((_, k) => k % draws),
    sides.map((side) => (side === wanted ? 1 : 0)),
  );
  return [low, high];
}

/** Continuations of an arm at one dose, one way: written, and read. */
function workAt(arm: Arm, half: Half, written: number): number {
  return written + reading(arm, half, written);
}

/** Those of the dose–response at most. @param edgeDoses tried between two stops */
function workOfCurve({ generation, dose }: Experiment, steer: SteerState, edgeDoses: number): number {
  const models = [...new Set(steer.arms.map(({ model }) => model))];
  const unsteered = models.reduce((sum, model) => sum + unsteeredCount(steer.arms, model, generation), 0);
  return steer.arms.reduce((sum, { arm }) => {
    const doses = dose.stops.length + (arm === TESTED ? edgeDoses : 0);
    return sum + 2 * doses * workAt(arm, 'choose', choosing(arm, generation));
  }, unsteered);
}

/** Those of the report. */
function workOfReport({ generation }: Experiment): number {
  return ARMS.reduce((sum, id) => {
    const written = reporting(id, generation);
    return sum + (armSpec(id).base === null ? written : 2 * workAt(id, 'report', written));
  }, 0);
}

interface ProgressCounter {
  /** So much more was done. */
  count: (n: number) => void;
  /** So much need not be done: the search for the edge ended early, or stops lay past it. */
  spare: (n: number) => void;
  done: () => number;
}

function progressCounter(context: LabContext, most: number): ProgressCounter {
  let done = 0;
  let total = most;
  const tell = (): void =>
    context.progress({
      stage: 'evidence',
      done: Math.min(done, total),
      total,
      unit: 'continuations',
      note: message('progress.evidence'),
    });
  return {
    count: (n) => {
      done += n;
      tell();
    },
    spare: (n) => {
      total -= n;
      if (n > 0) tell();
    },
    done: () => done,
  };
}
