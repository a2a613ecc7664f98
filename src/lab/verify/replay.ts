/** The replay of a verification: the author's tokens forced through all arms on this device. */
import type { Arm, DosedArm } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import type { ModelRef } from '../../experiment/model-ref';
import type { Evidence, EvidenceRow, RunDocument } from '../../experiment/share/document';
import { verdictOf, type Check, type Verdict } from '../../experiment/share/verification';
import type { Role } from '../model-pair';
import { promptIds, type Prompting } from '../prompting';
import { halved, replayRows, ROLE_ARMS, roleOf, unpackHalf, type Forced, type ReplayRole } from '../replay';
import type { LoadedPair } from '../stage-models';
import { INTERVENTIONS } from '../../onnx';
import { scopeOf } from '../operations';
import { randomDirections, type SteeringArm } from '../vectors';

/** The author's figures are rounded to half a thousandth of a nat; beyond it, the last float32 bits of two runs of one build. */
const SAME_NATS = 0.0015;
/** Largest |Δ log-probability| of float32 on two backends; with 16-bit or quantised weights kernels differ far more. */
const TOLERANCE: Record<'float32' | 'reduced', number> = { float32: 0.02, reduced: 0.15 };

/** Tolerance in nats for a model's precision. */
export const replayTolerance = ({ dtype }: ModelRef): number =>
  dtype === 'fp32' ? TOLERANCE.float32 : TOLERANCE.reduced;

export interface ReplayOutcome {
  verdict: Verdict;
  summary: string;
  checks: Check[];
}

/** Whether a link's vectors are all that a replay needs: else the refit has to find norms, projections and further vectors first. */
export function vectorsSuffice({ transfer }: Experiment): boolean {
  return INTERVENTIONS[transfer.operation].vector === 'dose' && transfer.also.length === 0;
}

/** The models' arms with the vectors of the link, or with those that were found here. @throws RangeError where a vector does not fit */
export function replayRoles(
  document: RunDocument,
  evidence: Evidence,
  pair: LoadedPair,
  own: readonly SteeringArm[] | null,
): Record<Role, ReplayRole> {
  if (own) {
    const of = (role: Role): ReplayRole => roleOf(own.filter(({ model }) => model === pair[role]));
    return { source: of('source'), target: of('target') };
  }
  const { vectors, layers } = evidence;
  if (!vectors) throw new RangeError('the link carries no vectors');
  const { experiment } = document.spec;
  const { randomVectors, seed } = experiment.generation;
  const { source, target } = pair;
  for (const role of ['source', 'target'] as const) {
    if (layers[role] >= pair[role].info.layers)
      throw new RangeError(`block ${layers[role]} is steered, and the model has ${pair[role].info.layers}`);
  }
  /** Only for operations whose dose is α alone (`vectorsSuffice`): a link says nothing of norms and projections. */
  const arm = (role: Role, name: DosedArm, direction: Float32Array): SteeringArm => ({
    arm: name,
    model: pair[role],
    layer: layers[role],
    directions: [direction],
    medianNorm: 1,
    operation: experiment.transfer.operation,
    scope: scopeOf(experiment),
    further: [],
    projections: [[{ mean: NaN, high: NaN, low: NaN }]],
  });
  const width = target.info.hiddenSize;
  return {
    source: {
      model: source,
      arms: [arm('source', 'small-steered', unpackHalf(vectors.source, source.info.hiddenSize))],
    },
    target: {
      model: target,
      arms: [
        arm('target', 'mapped', unpackHalf(vectors.mapped, width)),
        arm('target', 'native', unpackHalf(vectors.native, width)),
        arm('target', 'random', halved(randomDirections(width, randomVectors, seed)[0])),
      ],
    },
  };
}

/** Forces the link's rows through both models and compares every token. */
export async function replay(
  document: RunDocument,
  evidence: Evidence,
  pair: LoadedPair,
  roles: Record<Role, ReplayRole>,
  signal: AbortSignal,
): Promise<ReplayOutcome> {
  const parts = await pair.pair.eachRole(async (role): Promise<{ checks: Check[]; rows: RowResult[] }> => {
    const arms: readonly Arm[] = ROLE_ARMS[role];
    const rows = evidence.rows.filter(({ arm }) => arms.includes(arm));
    const { model } = roles[role];
    const texts = textChecks(role, evidence, rows, model, document.spec.experiment.prompting);
    // Tokens that the model does not have cannot be forced through it; a text that is not what its tokens say can wait.
    if (texts.length === 1) return { checks: texts, rows: [] };
    const forced = await replayRows(roles[role], evidence.promptIds[role], rows, signal);
    const tolerance = replayTolerance(document.spec.experiment.models[role]);
    return { checks: texts, rows: rows.map((row, i) => compareRow(row, forced[i], tolerance)) };
  });
  const rows = [...parts.source.rows, ...parts.target.rows];
  const checks = [...parts.source.checks, ...parts.target.checks, ...rows.map(({ check }) => check)];
  const judged = checks.flatMap(({ verdict }) => (verdict === 'noted' ? [] : [{ verdict }]));
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
  const agree = rows.reduce((sum, row) => sum + row.agree, 0);
  const worst = Math.max(0, ...rows.map((row) => row.worst));
  const summary =
    tokens === 0
      ? 'The tokens of the link could not be forced through the models here.'
      : `${tokens} tokens of ${rows.length} continuations: largest difference of a log-probability ${worst.toFixed(4)} nat, the likeliest token agrees at ${((100 * agree) / tokens).toFixed(1)} %.`;
  return { verdict: verdictOf(judged), summary, checks };
}

/** That prompt, texts and token ids of the link belong together; one check alone where the model does not have the tokens. */
function textChecks(
  role: Role,
  evidence: Evidence,
  rows: readonly EvidenceRow[],
  { tokenizer, info }: ReplayRole['model'],
  prompting: Prompting,
): Check[] {
  const known = [...evidence.promptIds[role], ...rows.flatMap(({ ids }) => ids)].every((id) => id < info.vocabSize);
  const size = role === 'source' ? 'small' : 'large';
  if (!known)
    return [
      { name: `Tokens, ${size} model`, expected: `ids below ${info.vocabSize}`, actual: 'others', verdict: 'differs' },
    ];
  const [expected, actual] = [
    evidence.promptIds[role].join(' '),
    promptIds(evidence.prompt, tokenizer, prompting).join(' '),
  ];
  const wrong = rows.filter((row) => tokenizer.decode(row.ids) !== row.text);
  return [
    {
      name: `Prompt, ${size} model`,
      expected: `tokens ${expected}`,
      actual: `tokens ${actual}`,
      verdict: expected === actual ? 'reproduced' : 'differs',
    },
    {
      name: `Texts, ${size} model`,
      expected: `${rows.length} are what their tokens say`,
      actual:
        wrong.length === 0
          ? `${rows.length} are`
          : `not ${wrong.map(({ arm, direction }) => `${arm} ${direction}`).join(', ')}`,
      verdict: wrong.length === 0 ? 'reproduced' : 'differs',
    },
  ];
}

interface RowResult {
  tokens: number;
  agree: number;
  worst: number;
  check: Check;
}

/** One continuation, token by token. Two likeliest tokens that are as close as the tolerance may change places. */
export function compareRow(row: EvidenceRow, forced: Forced, tolerance: number): RowResult {
  const argmax = new Map(row.argmax);
  let [agree, worst, torn] = [0, 0, 0];
  row.ids.forEach((id, t) => {
    worst = Math.max(worst, Math.abs(forced.logProbs[t] + row.millinats[t] / 1000));
    if ((argmax.get(t) ?? id) === forced.argmax[t]) agree++;
    else if (forced.lead[t] > 2 * tolerance) torn++;
  });
  const verdict: Verdict =
    !(worst <= tolerance) || torn > 0
      ? 'differs'
      : worst <= SAME_NATS && agree === row.ids.length
        ? 'reproduced'
        : 'within tolerance';
  return {
    tokens: row.ids.length,
    agree,
    worst,
    check: {
      name: `${row.arm}${row.direction === 'none' ? '' : `, ${row.direction}`}`,
      expected: `log-probabilities within ${tolerance} nat`,
      actual: `largest difference ${worst.toFixed(4)} nat; likeliest token the same at ${agree} of ${row.ids.length}`,
      verdict,
    },
  };
}
