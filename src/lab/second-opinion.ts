/**
 * The second opinion: a prompt continued greedily and unsteered by the lab's runtime and, from the same files, by
 * transformers.js. Where the two part, the lab's own log-probabilities say whether it was a tie.
 */
import { LabError } from '../experiment/errors';
import { message } from '../experiment/message';
import type { Experiment } from '../experiment/schema';
import {
  partingOf,
  SECOND_OPINION_TOKENS,
  type ModelOpinion,
  type SecondOpinion,
  type Written,
} from '../experiment/second-opinion';
import { logSoftmax } from '../math/information';
import { fetchCatalog, openModel, transformersVersion } from '../models';
import { planExtraSession } from '../models/extra-session';
import { generateGreedily } from '../runtime/second-runtime';
import type { Decoded, LanguageModel, ModelSource } from '../runtime/types';
import type { LabContext } from './context';
import type { Role } from './model-pair';
import { deviceMemory, planPair } from './pair-memory';
import { promptIds } from './prompting';
import { knownModel, type LoadedPair } from './stage-models';
import { halves } from './concept';

/** Nats by which two tokens may differ and be a tie: twice what a log-probability moves between two backends. */
const TIE: Record<'float32' | 'reduced', number> = { float32: 0.04, reduced: 0.3 };

type OpinionContext = Pick<LabContext, 'runtime' | 'backend' | 'resources' | 'baseUrl' | 'signal' | 'progress'>;

/**
 * Asks for a second opinion on both models of a loaded pair, on the first prompt on screen. What cannot be compared is an
 * outcome with its reason, not an error.
 * @throws LabError `cancelled`, `webgpu-device-lost`; `chat-template`, `model-*` and others of the lab's own runtime
 */
export async function secondOpinion(
  experiment: Experiment,
  pair: LoadedPair,
  context: OpinionContext,
): Promise<SecondOpinion> {
  const prompt = await promptOf(experiment, context);
  const catalog = await fetchCatalog(context.baseUrl, context.signal);
  const source = async (role: Role): Promise<ModelSource> =>
    (await knownModel(experiment.models[role], catalog, context.baseUrl)).source;
  const sources = { source: await source('source'), target: await source('target') };
  const limits = context.backend.device?.limits ?? null;
  const plan = await planPair(experiment, sources, { backend: context.runtime.backend, limits }, context.signal);
  const held = pair.pair.residence === 'together' ? plan.whole.together : plan.whole.sequential;
  const models = await pair.pair.eachRole(async (role): Promise<ModelOpinion> => {
    const began = performance.now();
    const opinion = await onModel(prompt, experiment, role, sources[role], pair, held, context);
    return { ...opinion, milliseconds: Math.round(performance.now() - began) };
  });
  return { prompt, version: await transformersVersion(), models };
}

async function promptOf({ concept }: Experiment, { resources }: OpinionContext): Promise<string> {
  const { evaluationPrompts } = await resources.preset(concept.kind === 'preset' ? concept.id : concept.promptsFrom);
  return halves(evaluationPrompts).report[0];
}

async function onModel(
  prompt: string,
  { prompting }: Experiment,
  role: Role,
  source: ModelSource,
  pair: LoadedPair,
  held: number,
  context: OpinionContext,
): Promise<Omit<ModelOpinion, 'milliseconds'>> {
  const model = pair[role];
  const { tokenizer } = model;
  const ids = promptIds(prompt, tokenizer, prompting);
  const tolerance = TIE[source.dtype === 'fp32' ? 'float32' : 'reduced'];
  const base = {
    title: pair.titles[role],
    dtype: source.dtype,
    tolerance,
    partsAt: null,
    gap: null,
    reason: null,
    error: null,
  };
  const { signal } = context;
  const tell = (done: number): void =>
    context.progress({
      stage: 'models',
      done,
      total: SECOND_OPINION_TOKENS,
      unit: 'tokens',
      note: message('progress.second-opinion', { title: base.title }),
    });
  const weightBytes = model.info.files.reduce(
    (sum, { path, bytes }) => sum + (path.startsWith('onnx/') ? bytes : 0),
    0,
  );
  const extra = planExtraSession(
    { weightBytes, vocabSize: model.info.vocabSize, promptTokens: ids.length },
    held,
    deviceMemory(),
  );
  if (!extra.fits)
    return {
      ...base,
      outcome: 'not run',
      reason: message(`second-opinion.memory.${extra.short}`, {
        need: gigabytes(extra.need),
        budget: gigabytes(extra.budget),
      }),
      lab: null,
      other: null,
    };
  const [decoded] = await model.decode(
    { rows: [{ ids }], sites: [] },
    { maxNewTokens: SECOND_OPINION_TOKENS, sampling: { temperature: 0, topP: 1, seed: 0 }, signal },
  );
  const written = ({ ids: fresh, ended }: Decoded): Written => ({ ids: fresh, ended, pieces: tokenizer.pieces(fresh) });
  const lab = written(decoded);
  let other: Written;
  try {
    const files = await openModel(source, { signal });
    other = written(
      await generateGreedily(files, source.dtype, ids, { maxNewTokens: SECOND_OPINION_TOKENS, signal, onStep: tell }),
    );
  } catch (thrown) {
    const error = LabError.from(thrown);
    if (signal.aborted || error.code === 'cancelled' || error.code === 'webgpu-device-lost') throw error;
    return { ...base, outcome: 'not run', error: error.toJSON(), lab, other: null };
  }
  const partsAt = partingOf(lab, other);
  if (partsAt === null) return { ...base, outcome: 'equal', lab, other };
  const gap = await gapAt(model, ids, lab, other, partsAt);
  const outcome = gap !== null && gap <= tolerance ? 'tie' : 'differs';
  return { ...base, outcome, lab, other, partsAt, gap };
}

/** Nats between the two tokens that follow the shared ones, as the lab's runtime has them; the end of a text is its likeliest end token. */
async function gapAt(
  model: LanguageModel,
  prompt: readonly number[],
  lab: Written,
  other: Written,
  partsAt: number,
): Promise<number | null> {
  const rows = [{ ids: [...prompt, ...lab.ids.slice(0, partsAt)] }];
  const logProbs = logSoftmax(await model.nextTokenLogits({ rows, sites: [] }));
  const next = ({ ids }: Written): number | null =>
    partsAt < ids.length
      ? logProbs[ids[partsAt]]
      : model.config.eosIds.length > 0
        ? Math.max(...model.config.eosIds.map((id) => logProbs[id]))
        : null;
  const [mine, theirs] = [next(lab), next(other)];
  return mine === null || theirs === null ? null : mine - theirs;
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);
