/** The page of the command line: the same engine as the lab's, without a window. */
import { wordsOf } from './i18n/text';
import { bytesToBase64 } from './base/bytes';
import { LabError, type LabErrorJson } from './experiment/errors';
import type { ModelRef } from './experiment/model-ref';
import type { Run, Stage } from './experiment/run';
import { parseExperiment, parsePreset, type ContrastPair, type Experiment } from './experiment/schema';
import type { Step, Verification } from './experiment/share/verification';
import { outputsOf } from './files/outputs';
import { EngineClient } from './worker/client';
import type { BackendChoice, Progress, RepositoryRequest, ResidenceChoice, VerifyRequest } from './worker/protocol';
import { runRecovering } from './worker/recover';
import { message } from './experiment/message';

export interface HeadlessResult {
  run: Run;
  /** Bytes that the memory plan says the models and the fit take, as they were held. */
  planned: number;
  /** Every file of the run, in base64; or why one cannot be made. */
  files: { name: string; base64: string }[];
  missing: { name: string; error: LabErrorJson }[];
}

export interface HeadlessApi {
  /** Commit that a repository is at; of a plain folder the digest of its listing. Fetches listings only. */
  commitOf(request: RepositoryRequest): Promise<{ ok: string } | { error: LabErrorJson }>;
  /** Downloads the models of an experiment that are on a hub, at their commits, or in a folder of that layout. The caller has agreed to it. */
  fetchModels(
    experiment: unknown,
    backend: BackendChoice,
    layout?: 'hub' | 'folder',
  ): Promise<{ ok: null } | { error: LabErrorJson }>;
  run(
    experiment: unknown,
    backend: BackendChoice,
    residence?: ResidenceChoice,
  ): Promise<{ ok: HeadlessResult } | { error: LabErrorJson }>;
  /** Verifies a shared document; each step is reported as it ends. */
  verify(request: VerifyRequest, backend: BackendChoice): Promise<{ ok: Verification } | { error: LabErrorJson }>;
}

declare global {
  interface Window {
    lrtHeadless?: HeadlessApi;
    /** Set by the command line before it calls run. */
    lrtReport?: (
      event: { progress: Progress } | { stage: Stage; milliseconds: number } | { device: string } | { step: Step },
    ) => void;
  }
}

const client = new EngineClient();

/** The contrast pairs of a run; null where its vector was brought along. The engine has read and checked the preset by now. */
async function pairsOf(concept: Experiment['concept'], baseUrl: string): Promise<ContrastPair[] | null> {
  if (concept.kind !== 'preset') return concept.kind === 'pairs' ? concept.pairs : null;
  const response = await fetch(new URL(`presets/${encodeURIComponent(concept.id)}.json`, baseUrl));
  return parsePreset(await response.json(), concept.id).pairs;
}

async function fetchModel(
  { id, dtype, location }: ModelRef,
  backend: BackendChoice,
  layout: 'hub' | 'folder',
): Promise<void> {
  if (location?.kind !== 'hub') return;
  const { host, commit } = location;
  const { repository, variants } = await client.request('repository', {
    request: layout === 'hub' ? { host, id, revision: commit } : { host, id, layout },
    backend,
  });
  if (repository.commit !== commit) throw new LabError('model-not-found.changed', { id });
  const variant = variants.find((each) => each.dtype === dtype);
  if (variant && !variant.runs) throw new LabError('graph-unsupported.float16', { id, precision: dtype });
  const plan = await client.request('plan', { repository, dtype });
  const licence = repository.license ?? 'licence not stated';
  await client.request(
    'download',
    { plan },
    {
      onProgress: (progress) =>
        window.lrtReport?.({
          progress: { ...progress, note: message('progress.of-model', { model: id, licence, note: progress.note }) },
        }),
    },
  );
}

window.lrtHeadless = {
  async commitOf(request) {
    try {
      return { ok: (await client.request('repository', { request, backend: 'wasm' })).repository.commit };
    } catch (error) {
      return { error: LabError.from(error).toJSON() };
    }
  },
  async fetchModels(experiment, backend, layout = 'hub') {
    try {
      const { source, target } = parseExperiment(experiment).models;
      await fetchModel(source, backend, layout);
      await fetchModel(target, backend, layout);
      return { ok: null };
    } catch (error) {
      return { error: LabError.from(error).toJSON() };
    }
  },
  async verify(request, backend) {
    try {
      const device = await client.request('start', { backend, baseUrl: new URL('./', document.baseURI).href });
      window.lrtReport?.({
        device: `${device.backend}: ${wordsOf('en').say(device.reason)}; adapter: ${device.adapter}`,
      });
      const verification = await client.request('verify', request, {
        onProgress: (progress) => window.lrtReport?.({ progress }),
        onVerify: (_, step) => step && window.lrtReport?.({ step }),
      });
      return { ok: verification };
    } catch (error) {
      return { error: LabError.from(error).toJSON() };
    }
  },
  async run(experiment, backend, residence) {
    try {
      const parsed = parseExperiment(experiment);
      const baseUrl = new URL('./', document.baseURI).href;
      const start = async (): Promise<boolean> => {
        const device = await client.request('start', { backend, baseUrl, residence });
        window.lrtReport?.({
          device: `${device.backend}: ${wordsOf('en').say(device.reason)}; adapter: ${device.adapter}`,
        });
        return true;
      };
      await start();
      const run = await runRecovering(
        client,
        start,
        { experiment: parsed, until: 'evidence' },
        {
          onProgress: (progress) => window.lrtReport?.({ progress }),
          onStage: ({ stage, milliseconds, provisional }) => provisional || window.lrtReport?.({ stage, milliseconds }),
        },
      );
      if (!run) throw new LabError('internal.no-run');
      const map = await client.request('map-arrays', { experiment: run.experiment });
      const plan = await client.request('memory', { experiment: parsed, backend, baseUrl });
      const result: HeadlessResult = {
        run,
        planned: run.models.sequential === null ? plan.whole.together : plan.whole.sequential,
        files: [],
        missing: [],
      };
      for (const { name, contents } of outputsOf(run, {
        vector: 'mapped',
        map,
        pairs: await pairsOf(run.experiment.concept, baseUrl),
      })) {
        try {
          const made = contents();
          result.files.push({
            name,
            base64: bytesToBase64(typeof made === 'string' ? new TextEncoder().encode(made) : made),
          });
        } catch (error) {
          result.missing.push({ name, error: LabError.from(error).toJSON() });
        }
      }
      return { ok: result };
    } catch (error) {
      return { error: LabError.from(error).toJSON() };
    }
  },
};
