/** The page of the command line: the same engine as the lab's, without a window. */
import { LabError, type LabErrorJson } from './experiment/errors';
import type { Run, Stage } from './experiment/run';
import { exportVector } from './lab/export';
import { renderReport } from './lab/report';
import { EngineClient } from './worker/client';
import type { BackendChoice, Progress } from './worker/protocol';
import { runRecovering } from './worker/recover';

export interface HeadlessResult {
  run: Run;
  report: string;
  /** safetensors, base64 */
  vector: string;
}

export interface HeadlessApi {
  run(experiment: unknown, backend: BackendChoice): Promise<{ ok: HeadlessResult } | { error: LabErrorJson }>;
}

declare global {
  interface Window {
    lrtHeadless?: HeadlessApi;
    /** Set by the command line before it calls run. */
    lrtReport?: (event: { progress: Progress } | { stage: Stage; milliseconds: number } | { device: string }) => void;
  }
}

const client = new EngineClient();

window.lrtHeadless = {
  async run(experiment, backend) {
    try {
      const baseUrl = new URL('./', document.baseURI).href;
      const start = async (): Promise<boolean> => {
        const device = await client.request('start', { backend, baseUrl });
        window.lrtReport?.({ device: `${device.backend}: ${device.reason}; adapter: ${device.adapter}` });
        return true;
      };
      await start();
      const run = await runRecovering(
        client,
        start,
        { experiment: experiment as Run['experiment'], until: 'evidence' },
        {
          onProgress: (progress) => window.lrtReport?.({ progress }),
          onStage: ({ stage, milliseconds }) => window.lrtReport?.({ stage, milliseconds }),
        },
      );
      if (!run) throw new LabError('internal', 'The engine ended without a run.', 'Report this with the experiment file.');
      let vector = '';
      for (const byte of exportVector(run)) vector += String.fromCharCode(byte);
      return { ok: { run, report: renderReport(run), vector: btoa(vector) } };
    } catch (error) {
      return { error: LabError.from(error).toJSON() };
    }
  },
};
