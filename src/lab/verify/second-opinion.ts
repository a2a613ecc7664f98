/** The second opinion as a step of a verification: both models, token by token. */
import {
  opinionMessage,
  SECOND_OPINION_TOKENS,
  type ModelOpinion,
  type Written,
} from '../../experiment/second-opinion';
import { verdictOf, type Check, type Verdict } from '../../experiment/share/verification';
import type { Experiment } from '../../experiment/schema';
import { listed, message, verbatim, type Message } from '../../experiment/message';
import type { PipelineContext } from '../pipeline';
import { secondOpinion } from '../second-opinion';
import type { LoadedPair } from '../stage-models';

const VERDICTS: Record<ModelOpinion['outcome'], Verdict> = {
  equal: 'reproduced',
  tie: 'within tolerance',
  differs: 'differs',
  'not run': 'not run',
};

/** @throws LabError `cancelled`, `webgpu-device-lost` and those of the lab's own runtime */
export async function secondOpinionStep(
  experiment: Experiment,
  pair: LoadedPair,
  context: PipelineContext,
): Promise<{ verdict: Verdict; summary: Message; checks: Check[] }> {
  const { models } = await secondOpinion(experiment, pair, context);
  const both = [models.source, models.target];
  const checks = both.map((opinion): Check => ({
    name: message('second-opinion.check', { title: opinion.title, n: SECOND_OPINION_TOKENS }),
    expected: tokens(opinion.other),
    actual: tokens(opinion.lab),
    verdict: VERDICTS[opinion.outcome],
  }));
  return {
    verdict: verdictOf(both.map(({ outcome }) => ({ verdict: VERDICTS[outcome] }))),
    summary: listed(
      both.map((opinion) =>
        message('verify.second-opinion', { title: opinion.title, opinion: opinionMessage(opinion) }),
      ),
    ),
    checks,
  };
}

const tokens = (written: Written | null): Message => verbatim(written ? written.ids.join(' ') : '–');
