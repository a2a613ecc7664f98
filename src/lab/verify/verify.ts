/**
 * Verification of a shared document on this device, step by step: integrity → artifacts → device self-test → replay →
 * refit → claims. A step that fails does not end the others that can do without it; nothing is fetched from a hub.
 */
import { version } from '../../../package.json';
import { fromBase64 } from '../../experiment/base64';
import { digestOf } from '../../experiment/digest';
import { LabError } from '../../experiment/errors';
import { message, verbatim, type Message } from '../../experiment/message';
import type { MapResult, SteerResult, VectorResult } from '../../experiment/run';
import type { ClaimSource } from '../../experiment/share/claims';
import { documentDigest } from '../../experiment/share/codec';
import type { RunDocument } from '../../experiment/share/document';
import {
  closeVerification,
  compareClaims,
  countVerdicts,
  verdictOf,
  type Check,
  type Depth,
  type Step,
  type StepId,
  type Verdict,
  type Verification,
} from '../../experiment/share/verification';
import { kernelsDigest } from '../../gpu/kernels/digest';
import { cosine } from '../../math/stats';
import type { Pipeline, PipelineContext } from '../pipeline';
import { unpackHalf } from '../../experiment/half';
import type { LoadedPair } from '../stage-models';
import type { SteerState } from '../stage-steer';
import { dataChecks, modelChecks } from './artifacts';
import { deviceChecks } from './device';
import { replay, replayRoles, vectorsSuffice } from './replay';
import { secondOpinionStep } from './second-opinion';

export interface VerifyRequest {
  document: RunDocument;
  /** Digest of the document as it was read; migrations that it went through. */
  digest: string;
  migrated: string[];
  depth: Depth;
}

interface Outcome {
  verdict: Verdict;
  summary: Message;
  checks?: Check[];
}

/** Claims that a quick verification recomputes. */
const REFITTED = /^(layer|map|vector)\./;
/** Least cosine of a vector in the link and the one that the refit gives here. */
const SAME_VECTOR = 0.999;

/**
 * Verifies a document.
 * @param onStep called as each step begins (null) and when it has ended
 * @throws LabError `cancelled`, `webgpu-device-lost`; any other failure is the outcome of its step
 */
export async function verify(
  request: VerifyRequest,
  pipeline: Pipeline,
  context: PipelineContext,
  onStep: (id: StepId, step: Step | null) => void,
): Promise<Verification> {
  const { document, digest, migrated, depth } = request;
  const { experiment, pins } = document.spec;
  const { deviceReport: device } = context;
  const steps: Step[] = [];
  const when = new Date().toISOString();

  /** Takes one step; returns whether it could be taken. */
  const take = async (id: StepId, work: () => Promise<Outcome> | Outcome): Promise<boolean> => {
    onStep(id, null);
    const started = performance.now();
    let step: Step;
    try {
      const { checks = [], ...outcome } = await work();
      step = { id, ...outcome, checks, error: null, milliseconds: Math.round(performance.now() - started) };
    } catch (thrown) {
      const error = named(thrown);
      if (context.signal.aborted || error.code === 'cancelled' || error.code === 'webgpu-device-lost') throw error;
      step = {
        id,
        verdict: 'not run',
        // The error says it, in the reader's language.
        summary: null,
        checks: [],
        error: error.toJSON(),
        milliseconds: Math.round(performance.now() - started),
      };
    }
    steps.push(step);
    onStep(id, step);
    return step.error === null;
  };
  const skip = (id: StepId, why: Message): Promise<boolean> => take(id, () => ({ verdict: 'not run', summary: why }));

  await take('integrity', () => integrity(document, digest, migrated));

  let pair: LoadedPair | null = null;
  await take('artifacts', async () => {
    pair = await pipeline.pair(experiment, context);
    const { source, target } = pair.result;
    const checks = [
      ...modelChecks('source', pins.source, source),
      ...modelChecks('target', pins.target, target),
      ...(await dataChecks(document, context)),
    ];
    const judged = checks.filter(({ verdict }) => verdict !== 'noted');
    const differing = judged.filter(({ verdict }) => verdict === 'differs');
    const summary =
      differing.length === 0
        ? message('verify.artifacts.same', { count: judged.length })
        : message('verify.artifacts.differ', {
            differing: differing.length,
            count: judged.length,
            names: differing.map(({ name }) => name),
          });
    return { verdict: differing.length === 0 ? 'reproduced' : 'differs', summary, checks };
  });

  await take('self-test', async () => {
    const checks = await deviceChecks(context);
    const wrong = checks.filter(({ verdict }) => verdict === 'differs');
    return {
      verdict: wrong.length === 0 ? 'reproduced' : 'differs',
      summary:
        wrong.length === 0
          ? message('verify.device.passed', {
              count: checks.filter(({ verdict }) => verdict === 'reproduced').length,
              backend: device.backend,
            })
          : message('verify.device.wrong', { names: wrong.map(({ name }) => name) }),
      checks,
    };
  });

  if (!pair) {
    const why = message('verify.models.missing');
    await skip('second-opinion', why);
    await skip('replay', why);
    await skip('refit', why);
    await take('claims', () => ({ verdict: 'not run', summary: why }));
    return close(null);
  }
  const loaded: LoadedPair = pair;
  await take('second-opinion', () => secondOpinionStep(experiment, loaded, context));

  const { evidence } = document;
  const replayStep = (steer: SteerState | null): Promise<boolean> =>
    evidence
      ? take('replay', () =>
          replay(
            document,
            evidence,
            loaded,
            replayRoles(document, evidence, loaded, steer?.arms ?? null),
            context.signal,
          ),
        )
      : skip('replay', message('verify.replay.short'));

  // With the author's own vectors the replay needs no refit, and says of each by itself whether it holds.
  const carried = evidence?.vectors !== null && vectorsSuffice(experiment);
  if (carried) await replayStep(null);
  let found: ClaimSource | null = null;
  let steer: SteerState | null = null;
  await take('refit', async () => {
    const parts: { map?: MapResult; steer?: SteerResult } = {};
    const listening: PipelineContext = {
      ...context,
      onStage: (event) => {
        if (event.stage === 'map') parts.map = event.result;
        if (event.stage === 'steer') parts.steer = event.result;
      },
    };
    const run = await pipeline.run(experiment, depth === 'full' ? 'evidence' : 'steer', listening);
    steer = await pipeline.steering(experiment, context);
    found = run ?? parts;
    const compared = compareClaims(
      document.claims.filter(({ id }) => REFITTED.test(id)),
      parts,
    );
    const vectors = vectorChecks(document, parts.steer?.vector);
    const verdict = verdictOf([...compared, ...vectors.map((check) => ({ verdict: check.verdict as Verdict }))]);
    return {
      verdict,
      summary: message(compared.length > 0 ? 'verify.refit' : 'verify.refit.unclaimed', {
        counts: countVerdicts(compared),
        whole: String(run !== null),
      }),
      checks: vectors,
    };
  });
  if (!carried) {
    if (steer) await replayStep(steer);
    else await skip('replay', message('verify.replay.no-vectors'));
  }
  return close(found);

  async function close(source: ClaimSource | null): Promise<Verification> {
    const claims = compareClaims(document.claims, source);
    if (source)
      await take('claims', () => ({
        verdict: verdictOf(claims),
        summary:
          claims.length === 0
            ? message('verify.claims.none')
            : message('verify.claims', { count: claims.length, counts: countVerdicts(claims) }),
      }));
    const { backend, adapter, userAgent, versions } = device;
    return closeVerification({
      document: digest,
      experiment: digestOf(experiment),
      title: experiment.title,
      depth,
      when,
      app: { name: 'lrt-lab', version },
      device: { backend, adapter, userAgent, versions, kernels: kernelsDigest() },
      steps,
      claims,
    });
  }
}

/** What does not fit together inside a link is the link's fault, and named as that. */
function named(thrown: unknown): LabError {
  if (thrown instanceof RangeError) return new LabError('link-invalid.models', { reason: thrown.message }, thrown);
  return LabError.from(thrown);
}

/** Digest and form of the document. One that was migrated has another text than the one that the digest is of. */
function integrity(document: RunDocument, digest: string, migrated: readonly string[]): Outcome {
  if (migrated.length > 0) {
    return {
      verdict: 'reproduced',
      summary: message('verify.integrity.migrated', { steps: migrated.join(', ') }),
      checks: [
        {
          name: message('verify.integrity.digest-as-it-came'),
          expected: verbatim(digest),
          actual: verbatim(digest),
          verdict: 'reproduced',
        },
      ],
    };
  }
  const actual = documentDigest(document);
  const whole = actual === digest;
  return {
    verdict: whole ? 'reproduced' : 'differs',
    summary: message(whole ? 'verify.integrity.whole' : 'verify.integrity.differs'),
    checks: [
      {
        name: message('verify.integrity.digest'),
        expected: verbatim(digest),
        actual: verbatim(actual),
        verdict: whole ? 'reproduced' : 'differs',
      },
    ],
  };
}

/** The vectors of the link beside those that the refit gives here. */
function vectorChecks({ evidence }: RunDocument, here: VectorResult | undefined): Check[] {
  const vectors = evidence?.vectors;
  if (!vectors || !here) return [];
  return (['source', 'mapped', 'native'] as const).map((name): Check => {
    const mine = fromBase64(here.values[name]);
    const found = cosine(unpackHalf(vectors[name], mine.length), mine);
    return {
      name: message('verify.refit.vector', { vector: name }),
      expected: message('verify.refit.cosine', { least: SAME_VECTOR }),
      actual: verbatim(found.toFixed(6)),
      verdict: found >= SAME_VECTOR ? 'reproduced' : 'differs',
    };
  });
}
