/**
 * `npm run experiment -- <preset | file.json> [--out DIR] [--backend auto|webgpu|wasm] [--quick] [--source ID]
 * [--target ID] [--host URL] [--site DIR]` runs a whole experiment headless in the built lab and writes every file of the run (src/files/outputs.ts).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';
import { LabError } from '../src/experiment/errors';
import type { ModelRef } from '../src/experiment/model-ref';
import { parseExperimentJson, type Experiment } from '../src/experiment/schema';
import { renderReport } from '../src/files/report';
import type { HeadlessResult } from '../src/headless';
import { normaliseHost } from '../src/models/location';
import { exitCodeOf, ok, withHeadless } from './headless';
import { ROOT } from './serve';

const USAGE = 'Usage: npm run experiment -- <preset | file.json> [--out DIR] [--backend auto|webgpu|wasm] [--quick] [--source ID] [--target ID] [--host URL] [--site DIR]';

interface Arguments {
  experiment: Experiment;
  backend: 'auto' | 'webgpu' | 'wasm';
  out: string;
  /** Whether to download the experiment's models: asked for by --host. */
  download: boolean;
  /** A built copy of the lab to run in place of dist/. */
  site: string | null;
}

function readArguments(): Arguments {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        out: { type: 'string' },
        backend: { type: 'string', default: 'auto' },
        quick: { type: 'boolean', default: false },
        source: { type: 'string' },
        target: { type: 'string' },
        host: { type: 'string' },
        site: { type: 'string' },
      },
    });
  } catch (error) {
    throw new LabError('settings-invalid', (error as Error).message, USAGE);
  }
  const { values, positionals } = parsed;
  if (positionals.length !== 1) throw new LabError('settings-invalid', 'Name one preset or one experiment file.', USAGE);
  const { backend } = values;
  if (backend !== 'auto' && backend !== 'webgpu' && backend !== 'wasm') throw new LabError('settings-invalid', `--backend is “${backend}”.`, 'Use auto, webgpu or wasm.');
  let experiment = readExperiment(positionals[0]);
  if (values.quick) experiment = quickVariant(experiment);
  for (const role of ['source', 'target'] as const) {
    const id = values[role];
    if (!id) continue;
    const title = experiment.concept.kind === 'preset' ? experiment.concept.id : experiment.concept.title;
    const models = { ...experiment.models, [role]: { id, dtype: 'fp32' as const } };
    experiment = { ...experiment, models, title: `${models.source.id} → ${models.target.id}: ${title}` };
  }
  experiment = withHost(experiment, values.host ?? null);
  return { experiment, backend, download: values.host !== undefined, site: values.site ? resolve(values.site) : null, out: resolve(values.out ?? join('out', positionals[0].replace(/^.*[\\/]/, '').replace(/\.json$/, ''))) };
}

/**
 * Names the host as the place of the experiment's hub models: the flag is the consent that the page asks for with a card.
 * @throws LabError `settings-invalid` for a hub model without a host, a host that is no address, or a model from a folder
 */
function withHost(experiment: Experiment, host: string | null): Experiment {
  const place = (ref: ModelRef): ModelRef => {
    if (!ref.location) return ref;
    if (ref.location.kind === 'local') throw new LabError('settings-invalid', `“${ref.id}” is from a folder that was opened in a page.`, 'Run it there; or serve the folder by a mirror (tools/mirror.ts) and name it as a model of a hub.');
    if (host === null) throw new LabError('settings-invalid', `“${ref.id}” is a model of ${ref.location.host}, and nothing was said about downloading it.`, 'Give --host URL, the hub or a mirror of it, to download from there.');
    return { ...ref, location: { ...ref.location, host: normalised(host) } };
  };
  const { source, target } = experiment.models;
  return { ...experiment, models: { ...experiment.models, source: place(source), target: place(target) } };
}

function normalised(host: string): string {
  try {
    return normaliseHost(host);
  } catch (error) {
    throw new LabError('settings-invalid', (error as Error).message, 'Give the address of a hub or of a mirror after --host.', undefined, error);
  }
}

function readExperiment(name: string): Experiment {
  if (!name.endsWith('.json')) {
    const presets = JSON.parse(readFileSync(join(ROOT, 'public/presets/index.json'), 'utf8')) as string[];
    if (!presets.includes(name)) throw new LabError('unknown-preset', `There is no preset “${name}”.`, `Choose one of: ${presets.join(', ')}; or give a .json file.`);
    return defaultExperiment(name);
  }
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    throw new LabError('settings-invalid', `${name} could not be read: ${(error as Error).message}.`, 'Check the path of the experiment file.');
  }
  return parseExperimentJson(text);
}

async function runHeadless({ experiment, backend, download, site }: Arguments): Promise<HeadlessResult> {
  return withHeadless(site, async (page) => {
    if (download) ok(await page.evaluate(([e, b]) => window.lrtHeadless!.fetchModels(e, b), [experiment, backend] as const));
    return ok(await page.evaluate(([e, b]) => window.lrtHeadless!.run(e, b), [experiment, backend] as const));
  });
}

try {
  const args = readArguments();
  console.log(`Experiment: ${args.experiment.title}`);
  const { run, files, missing } = await runHeadless(args);
  mkdirSync(args.out, { recursive: true });
  for (const { name, base64 } of files) writeFileSync(join(args.out, name), Buffer.from(base64, 'base64'));
  console.log(`\n${renderReport(run).split('\n## What was run')[0].trim()}\n`);
  for (const { name, error } of missing) console.log(`${name} could not be made (${error.code}). ${error.what} ${error.remedy}`);
  console.log(`Total ${((run.timings.total ?? 0) / 1000).toFixed(1)} s. Wrote ${files.map(({ name }) => name).join(', ')} to ${args.out}`);
} catch (thrown) {
  const error = LabError.from(thrown);
  console.error(`\nerror ${error.code}: ${error.message}\n${error.remedy}`);
  process.exitCode = exitCodeOf(error.code);
}
