/** The replay of a verification: the author's tokens forced through all arms on this device. */
import { unpackHalf } from '../../experiment/half';
import { message, type Message } from '../../experiment/message';
import type { Experiment } from '../../experiment/schema';
import { armSpec, DOSED_ARMS, type DosedArm } from '../../experiment/arms';
import type { ModelRef } from '../../experiment/model-ref';
import type { Evidence, EvidenceRow, RunDocument } from '../../experiment/share/document';
import { verdictOf, type Check, type Verdict } from '../../experiment/share/verification';
import { seededDirections } from '../arms';
import type { Role } from '../model-pair';
import { promptIds, type Prompting } from '../prompting';
import { halved, replayRows, roleOf, type Forced, type ReplayRole } from '../replay';
import type { LoadedPair } from '../stage-models';
import { INTERVENTIONS } from '../../onnx';
import { scopeOf } from '../operations';
import type { SteeringArm } from '../vectors';

/** The author's figures are rounded to half a thousandth of a nat; beyond it, the last float32 bits of two runs of one build. */
const SAME_NATS = 0.0015;
/** Largest |Δ log-probability| of float32 on two backends; with 16-bit or quantised weights kernels differ far more. */
const TOLERANCE: Record<'float32' | 'reduced', number> = { float32: 0.02, reduced: 0.15 };

/** Tolerance in nats for a model's precision. */
export const replayTolerance = ({ dtype }: ModelRef): number =>
  dtype === 'fp32' ? TOLERANCE.float32 : TOLERANCE.reduced;

export interface ReplayOutcome {
  verdict: Verdict;
  summary: Message;
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
  /** Only for operations whose dose is α alone (`vectorsSuffice`): a link says nothing of norms and projections. */
  const roleHere = (role: Role): ReplayRole => {
    const model = pair[role];
    const { layers: blocks, hiddenSize } = model.info;
    if (layers[role] >= blocks) throw new RangeError(`block ${layers[role]} is steered, and the model has ${blocks}`);
    const steered = (arm: DosedArm, direction: Float32Array): SteeringArm => ({
      arm,
      model,
      layer: layers[role],
      directions: [direction],
      medianNorm: 1,
      operation: experiment.transfer.operation,
      scope: scopeOf(experiment),
      further: [],
      projections: [[{ mean: NaN, high: NaN, low: NaN }]],
    });
    const arms = DOSED_ARMS.filter((id) => armSpec(id).model === role).flatMap((arm): SteeringArm[] => {
      const { vector } = armSpec(arm);
      if (vector !== null) return [steered(arm, unpackHalf(vectors[vector], hiddenSize))];
      const [seeded] = seededDirections(arm, hiddenSize, experiment.generation) ?? [];
      return seeded ? [steered(arm, halved(seeded))] : [];
    });
    return { model, arms };
  };
  return { source: roleHere('source'), target: roleHere('target') };
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
    const rows = evidence.rows.filter(({ arm }) => armSpec(arm).model === role);
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
      ? message('verify.replay.not-forced')
      : message('verify.replay.forced', {
          tokens,
          rows: rows.length,
          worst: worst.toFixed(4),
          agree: ((100 * agree) / tokens).toFixed(1),
        });
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
  if (!known)
    return [
      {
        name: message('verify.replay.ids', { role }),
        expected: message('verify.replay.ids-expected', { size: info.vocabSize }),
        actual: message('verify.replay.ids-found'),
        verdict: 'differs',
      },
    ];
  const [expected, actual] = [
    evidence.promptIds[role].join(' '),
    promptIds(evidence.prompt, tokenizer, prompting).join(' '),
  ];
  const wrong = rows.filter((row) => tokenizer.decode(row.ids) !== row.text);
  return [
    {
      name: message('verify.replay.prompt', { role }),
      expected: message('verify.tokens', { ids: expected }),
      actual: message('verify.tokens', { ids: actual }),
      verdict: expected === actual ? 'reproduced' : 'differs',
    },
    {
      name: message('verify.replay.texts', { role }),
      expected: message('verify.replay.texts-expected', { count: rows.length }),
      actual:
        wrong.length === 0
          ? message('verify.replay.texts-found', { count: rows.length })
          : message('verify.replay.texts-wrong', { rows: wrong.map(rowName) }),
      verdict: wrong.length === 0 ? 'reproduced' : 'differs',
    },
  ];
}

const rowName = ({ arm, direction }: Pick<EvidenceRow, 'arm' | 'direction'>): Message =>
  message('verify.replay.row', { arm: message(`arms.${arm}.name`), direction });

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
      name: rowName(row),
      expected: message('verify.device.within', { tolerance }),
      actual: message('verify.replay.row-found', { worst: worst.toFixed(4), agree, tokens: row.ids.length }),
      verdict,
    },
  };
}
