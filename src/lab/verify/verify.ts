/**
 * Verification of a shared document on this device, step by step: integrity → artifacts → device self-test → replay →
 * refit → claims. A step that fails does not end the others that can do without it; nothing is fetched from a hub.
 */
import { version } from '../../../package.json';
import { fromBase64 } from '../../experiment/base64';
import { digestOf } from '../../experiment/digest';
import { LabError } from '../../experiment/errors';
import type { MapResult, VectorResult } from '../../experiment/run';
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
import { unpackHalf } from '../replay';
import type { LoadedPair } from '../stage-models';
import type { SteerState } from '../stage-steer';
import { dataChecks, modelChecks } from './artifacts';
import { deviceChecks } from './device';
import { replay, replayRoles, vectorsSuffice } from './replay';

export interface VerifyRequest {
  document: RunDocument;
  /** Digest of the document as it was read; migrations that it went through. */
  digest: string;
  migrated: string[];
  depth: Depth;
}

interface Outcome {
  verdict: Verdict;
  summary: string;
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
        summary: error.message,
        checks: [],
        error: error.toJSON(),
        milliseconds: Math.round(performance.now() - started),
      };
    }
    steps.push(step);
    onStep(id, step);
    return step.error === null;
  };
  const skip = (id: StepId, why: string): Promise<boolean> => take(id, () => ({ verdict: 'not run', summary: why }));

  await take('integrity', () => integrity(document, digest, migrated));

  let pair: LoadedPair | null = null;
  await take('artifacts', async () => {
    pair = await pipeline.pair(experiment, context);
    const { source, target } = pair.result;
    const checks = [
      ...modelChecks('Small model', pins.source, source),
      ...modelChecks('Large model', pins.target, target),
      ...(await dataChecks(document, context)),
    ];
    const judged = checks.filter(({ verdict }) => verdict !== 'noted');
    const differing = judged.filter(({ verdict }) => verdict === 'differs');
    const summary =
      differing.length === 0
        ? `All ${judged.length} digests are those of the link.`
        : `${differing.length} of ${judged.length} digests differ: ${differing.map(({ name }) => name).join('; ')}. What follows is computed from what is here.`;
    return { verdict: differing.length === 0 ? 'reproduced' : 'differs', summary, checks };
  });

  await take('self-test', async () => {
    const checks = await deviceChecks(context);
    const wrong = checks.filter(({ verdict }) => verdict === 'differs');
    return {
      verdict: wrong.length === 0 ? 'reproduced' : 'differs',
      summary:
        wrong.length === 0
          ? `${checks.filter(({ verdict }) => verdict === 'reproduced').length} checks passed on ${device.backend}.`
          : `This device computes wrongly: ${wrong.map(({ name }) => name).join('; ')}.`,
      checks,
    };
  });

  if (!pair) {
    const why = 'The models could not be loaded here.';
    await skip('replay', why);
    await skip('refit', why);
    await take('claims', () => ({ verdict: 'not run', summary: why }));
    return close(null);
  }
  const loaded: LoadedPair = pair;

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
      : skip('replay', 'The link carries no continuations: it is a short one.');

  // With the author's own vectors the replay needs no refit, and says of each by itself whether it holds.
  const carried = evidence?.vectors !== null && vectorsSuffice(experiment);
  if (carried) await replayStep(null);
  let found: ClaimSource | null = null;
  let steer: SteerState | null = null;
  await take('refit', async () => {
    const parts: { map?: MapResult; vector?: VectorResult } = {};
    const listening: PipelineContext = {
      ...context,
      onStage: (event) => {
        if (event.stage === 'map') parts.map = event.result;
        if (event.stage === 'steer') parts.vector = event.result.vector;
      },
    };
    const run = await pipeline.run(experiment, depth === 'full' ? 'evidence' : 'steer', listening);
    steer = await pipeline.steering(experiment, context);
    found = run ?? parts;
    const compared = compareClaims(
      document.claims.filter(({ id }) => REFITTED.test(id)),
      parts,
    );
    const vectors = vectorChecks(document, parts.vector);
    const verdict = verdictOf([...compared, ...vectors.map((check) => ({ verdict: check.verdict as Verdict }))]);
    return {
      verdict,
      summary: `Map and vector from the pinned corpus and seed: ${countVerdicts(compared) || 'nothing was claimed of them'}.${run ? ' The whole run was made again, with its continuations.' : ''}`,
      checks: vectors,
    };
  });
  if (!carried) {
    if (steer) await replayStep(steer);
    else
      await skip('replay', 'The link does not carry all that steering needs, and there is no refit to take it from.');
  }
  return close(found);

  async function close(source: ClaimSource | null): Promise<Verification> {
    const claims = compareClaims(document.claims, source);
    if (source)
      await take('claims', () => ({
        verdict: verdictOf(claims),
        summary:
          claims.length === 0 ? 'The link claims nothing.' : `${claims.length} claims: ${countVerdicts(claims)}.`,
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
  if (thrown instanceof RangeError)
    return new LabError(
      'link-invalid',
      `The link does not fit the models that it names: ${thrown.message}.`,
      'Ask its author for a link that the lab made.',
      undefined,
      thrown,
    );
  return LabError.from(thrown);
}

/** Digest and form of the document. One that was migrated has another text than the one that the digest is of. */
function integrity(document: RunDocument, digest: string, migrated: readonly string[]): Outcome {
  if (migrated.length > 0) {
    return {
      verdict: 'reproduced',
      summary: `The link is whole: contents and digest belong together. It is of an older version, and was brought up to this one: ${migrated.join(', ')}.`,
      checks: [{ name: 'Digest of the document, as it came', expected: digest, actual: digest, verdict: 'reproduced' }],
    };
  }
  const actual = documentDigest(document);
  const whole = actual === digest;
  return {
    verdict: whole ? 'reproduced' : 'differs',
    summary: whole
      ? 'The link is whole: contents and digest belong together.'
      : 'The document is not what its digest says.',
    checks: [{ name: 'Digest of the document', expected: digest, actual, verdict: whole ? 'reproduced' : 'differs' }],
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
      name: `Vector of the link, ${name}`,
      expected: `cosine with the one found here at least ${SAME_VECTOR}`,
      actual: found.toFixed(6),
      verdict: found >= SAME_VECTOR ? 'reproduced' : 'differs',
    };
  });
}
