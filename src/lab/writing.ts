/** What the arms write, measured: steered continuations beside the unsteered ones of the same prompts. */
import { armSpec, TESTED, type Arm } from '../experiment/arms';
import type { ArmResult, Baseline, DoseCell, Half } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { unknownShare } from '../metrics';
import type { LabContext } from './context';
import { likelihoods, perplexityOf, type Likelihood } from './fluency';
import { continueAll, type Continuation } from './generate';
import type { Side } from './judges';
import { measureTexts, writingOf, type Measured } from './measure';
import { SideEffectsAt } from './side-effects';
import type { SteerState } from './stage-steer';
import { sitesOf, steerAt, type SteeringArm } from './vectors';

/** Continuations of an arm at one dose, of the half that chooses it and of the half that reports. */
export const choosing = (arm: Arm, { chooseContinuations }: Experiment['generation']): number =>
  Math.ceil(armSpec(arm).continuations.choose * chooseContinuations);
export const reporting = (arm: Arm, { continuations }: Experiment['generation']): number =>
  Math.ceil(armSpec(arm).continuations.report * continuations);

/**
 * Continuations of an arm at one dose whose perplexity is taken. Reading a text costs as much as writing it, and a text
 * that falls apart is found out soon. The arm under test decides the dose and is read most; of the others the first few
 * show where they fall apart.
 */
const READ: Record<Half, { tested: number; others: number }> = {
  choose: { tested: 24, others: 4 },
  report: { tested: 24, others: 4 },
};
export const reading = (arm: Arm, half: Half, written: number): number =>
  Math.min(written, READ[half][arm === TESTED ? 'tested' : 'others']);

/** As many prompts as are asked for, from the first again where they run out. */
export function cycle(prompts: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, i) => prompts[i % prompts.length]);
}

/** Unsteered continuations of one model, with their likelihoods under it. */
export interface Unsteered {
  continuations: Continuation[];
  likelihoods: Likelihood[];
  measured: Measured;
  baseline: Baseline;
}

/** Writes and measures continuations of one half of the prompts. */
export class Writer {
  readonly #context: LabContext;
  readonly #experiment: Experiment;
  readonly #steer: SteerState;
  readonly #effects: SideEffectsAt;
  readonly #knownWords: ReadonlySet<string>;
  readonly #count: (n: number) => void;

  /** @param count told of every continuation that was written, and again of those that were read */
  constructor(
    context: LabContext,
    experiment: Experiment,
    steer: SteerState,
    knownWords: ReadonlySet<string>,
    count: (n: number) => void,
  ) {
    this.#context = context;
    this.#experiment = experiment;
    this.#steer = steer;
    this.#effects = new SideEffectsAt(context, experiment, steer);
    this.#knownWords = knownWords;
    this.#count = count;
  }

  /** What a model writes by itself. @param own an arm of the model, for its sites */
  async unsteered(arm: Arm, own: SteeringArm, prompts: readonly string[], half: Half): Promise<Unsteered> {
    const { generation, prompting } = this.#experiment;
    const continuations = await continueAll(
      this.#context,
      own.model,
      sitesOf(own),
      prompts.map((prompt, k) => ({ prompt, stream: k })),
      { ...generation, seed: seedOf(half, generation) },
      prompting,
      this.#count,
      true,
    );
    // Unsteered text was likely as it was written: it need not be read again.
    const found = continuations.map(({ logProb, ids }): Likelihood => ({ logProb: logProb!, tokens: ids.length }));
    const perplexity = perplexityOf(found);
    const measured = await measureTexts(
      this.#steer.concept.judge,
      prompts,
      continuations,
      {
        sideEffects: { mean: 0, p95: 0 },
        perplexity: { steered: perplexity, unsteered: perplexity },
        knownWords: this.#knownWords,
      },
      this.#context,
    );
    const { positive, negative, n } = measured;
    const baseline: Baseline = {
      arm,
      half,
      positive,
      negative,
      n,
      perplexity,
      tokens: found.reduce((sum, { tokens }) => sum + tokens, 0),
      unknownWords: unknownShare({ ...writingOf(continuations), knownWords: this.#knownWords }),
    };
    return { continuations, likelihoods: found, measured, baseline };
  }

  /**
   * What an arm writes at several doses, decoded together.
   * @param prompts one a continuation @param doses signed r @param unsteered of the same model and half, its prompts
   *   beginning with these @param read of how many a dose the perplexity is taken
   */
  async steered(
    arm: SteeringArm,
    prompts: readonly string[],
    doses: readonly number[],
    unsteered: Pick<Unsteered, 'likelihoods'>,
    half: Half,
    read = reading(arm.arm, half, prompts.length),
  ): Promise<{ r: number; continuations: Continuation[]; measured: Measured; read: number }[]> {
    const { generation, prompting } = this.#experiment;
    const all = await continueAll(
      this.#context,
      arm.model,
      sitesOf(arm),
      doses.flatMap((r) => prompts.map((prompt, k) => ({ prompt, steer: steerAt(arm, r, k), stream: k }))),
      { ...generation, seed: seedOf(half, generation) },
      prompting,
      this.#count,
    );
    const n = prompts.length;
    const texts = doses.map((_, d) => all.slice(d * n, (d + 1) * n));
    const found = await likelihoods(
      arm.model,
      texts.flatMap((own) => own.slice(0, read)),
      this.#context.signal,
      this.#count,
    );
    const base = perplexityOf(unsteered.likelihoods.slice(0, read));
    const results = [];
    for (const [d, r] of doses.entries()) {
      const continuations = texts[d];
      const measured = await measureTexts(
        this.#steer.concept.judge,
        prompts,
        continuations,
        {
          sideEffects: await this.#effects.at(arm, r),
          perplexity: { steered: perplexityOf(found.slice(d * read, (d + 1) * read)), unsteered: base },
          knownWords: this.#knownWords,
        },
        this.#context,
      );
      results.push({ r, continuations, measured, read });
    }
    return results;
  }

  /**
   * The side of every continuation of the report half that an arm writes at several doses; nothing else is measured of them.
   * @param prompts one a continuation @param from number of the first continuation, by which it draws @param doses signed r
   * @returns one list a dose
   */
  async sides(
    arm: SteeringArm,
    prompts: readonly string[],
    from: number,
    doses: readonly number[],
    onDone: (count: number) => void,
  ): Promise<Side[][]> {
    const { generation, prompting } = this.#experiment;
    const written = await continueAll(
      this.#context,
      arm.model,
      sitesOf(arm),
      doses.flatMap((r) =>
        prompts.map((prompt, k) => ({ prompt, steer: steerAt(arm, r, from + k), stream: from + k })),
      ),
      { ...generation, seed: seedOf('report', generation) },
      prompting,
      onDone,
    );
    const n = prompts.length;
    const texts = written.map(({ text }, k) => ({ prompt: prompts[k % n], text }));
    const sides = await this.#steer.concept.judge(texts, this.#context);
    return doses.map((_, d) => sides.slice(d * n, (d + 1) * n));
  }

  /** A dose of an arm as a cell of the dose–response. */
  cell(arm: SteeringArm, r: number, { positive, negative, n, metrics }: Measured, half: Half, read: number): DoseCell {
    const { alpha, isoKl } = this.doseOf(arm, r);
    return { arm: arm.arm, r, alpha, isoKl, positive, negative, n, read, metrics, half };
  }

  /** A signed dose on its three scales. */
  doseOf(arm: SteeringArm, r: number): ArmResult['dose'] {
    const alpha = r * arm.medianNorm;
    const unitDose = this.#steer.isoKlAlpha[arm.arm] ?? null;
    return { r, alpha, isoKl: unitDose === null ? null : alpha / unitDose };
  }
}

/** The two halves draw from streams of their own. */
function seedOf(half: Half, { seed }: Experiment['generation']): number {
  return half === 'choose' ? seed : seed + 100_003;
}
