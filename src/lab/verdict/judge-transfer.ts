/** The chain of a run: asked at once of what has been written, and again when the controls have been run. */
import { REFERENCE, TESTED, type DosedArm, type PerArm } from '../../experiment/arms';
import type { ArmResult, Chain } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import { thresholdsOf } from '../../experiment/thresholds';
import type { TwoSided } from '../conclude';
import type { LabContext } from '../context';
import type { Side } from '../judges';
import type { SteerState } from '../stage-steer';
import { cycle, type Writer } from '../writing';
import { concludeChain, type ChainInput } from './chain';
import type { Judged } from './effects';
import { answerOfDraw } from './compared';
import { runControls, runOn } from './run-controls';

/** What the report half has given. */
export interface Reported {
  r: number;
  /** Of the report half, each once. */
  prompts: readonly string[];
  sides: PerArm<DosedArm, TwoSided>;
  /** Of the target without steering. */
  unsteered: readonly Side[];
  arms: readonly ArmResult[];
}

/**
 * The controls are run only where the chain comes to them: where the mapped vector has no effect there is nothing to
 * compare.
 * @param onProvisional told the verdict as it stands before the controls
 */
export async function judgeTransfer(
  context: LabContext,
  experiment: Experiment,
  { concept, targetTitle, stability, controls }: SteerState,
  writer: Writer,
  { r, prompts, sides, unsteered, arms }: Reported,
  onProvisional: (chain: Chain) => void,
): Promise<Chain> {
  const thresholds = thresholdsOf(experiment);
  const numbersOf = (count: number): number[] => Array.from({ length: count }, (_, k) => k % prompts.length);
  const judged = ({ up, down }: TwoSided): Judged => ({ prompts: numbersOf(up.length), up, down });
  const ratio = (direction: ArmResult['direction']): number =>
    arms.find((arm) => arm.name === TESTED && arm.direction === direction)?.metrics.perplexityRatio ?? NaN;
  const input: ChainInput = {
    concept,
    targetTitle,
    r,
    thresholds,
    stability,
    base: { prompts: numbersOf(unsteered.length), sides: unsteered },
    mapped: judged(sides[TESTED]),
    native: judged(sides[REFERENCE]),
    perplexityRatio: { positive: ratio('positive'), negative: ratio('negative') },
    compared: null,
    seed: experiment.generation.seed,
  };
  const first = concludeChain(input);
  if (first.outcome !== 'transfers') return first;
  onProvisional(first);
  const n = input.mapped.prompts.length;
  const compared = await runControls(
    context,
    controls,
    writer,
    cycle(prompts, n),
    numbersOf(n),
    r,
    thresholds.nullDirections,
  );
  const looked = concludeChain({ ...input, compared });
  const asWell = looked.compared.some((row) => answerOfDraw(row, thresholds) === 'as-well');
  const open = new Set(
    compared.draws.filter((_, k) => looked.compared[k] && answerOfDraw(looked.compared[k], thresholds) === 'undecided'),
  );
  // Where a control does as well already, more of the others changes nothing.
  if (asWell || open.size === 0) return looked;
  const further = await runOn(context, controls, writer, prompts, r, compared, input.mapped, open);
  return concludeChain({ ...input, compared: further });
}
