/** The command line of `npm run experiment`: what is asked for, checked, before anything is started. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';
import { LabError } from '../src/experiment/errors';
import { isRepositoryId, type ModelRef } from '../src/experiment/model-ref';
import { parseExperimentJson, type Experiment } from '../src/experiment/schema';
import { HUB } from '../src/models/hub';
import { DTYPES } from '../src/models/layout';
import { normaliseHost } from '../src/models/location';
import { ROOT } from './serve';

export const USAGE = `Usage: npm run experiment -- <preset | file.json> [options]

--source MODEL, --target MODEL   instead of the experiment's models: id[@revision][:precision], such as lrt-stories-s,
                                 lrt-stories-l:q4 or, of a hub, owner/name, owner/name:q4, owner/name@main:fp32
--host URL                       download models of the form owner/name from this hub or mirror; saying so is the consent
--layout hub|folder              folder: the host is any web server, with model folders below the address (default hub)
--models DIR                     instead of a host: model folders on this disk, DIR/owner/name/config.json and so on
--corpus ID                      instead of the experiment's corpus: stories, or general for general English models
--profile DIR                    keep the browser's storage here, so that the next run need not download again
--out DIR                        where the run, its report and its other files go (default out/<experiment>)
--backend auto|webgpu|wasm       what to compute on
--sequential                        one model in memory at a time, as where the two do not fit together; changes no figure
--quick                          Stories S → Stories M, less of everything
--site DIR                       a built copy of the lab to run instead of dist/
--help                           this text`;

/** Where the outputs of fixtures/real/make.py are; outside git. */
export const REAL_FOLDER = resolve(process.env.LRT_REAL ?? join(ROOT, '.cache/real'));
const REAL_EXPERIMENTS = join(ROOT, 'fixtures/real');

/** A model as the command line writes it. */
export interface NamedModel {
  id: string;
  revision: string | null;
  dtype: ModelRef['dtype'] | null;
}

/** Where models of the form owner/name come from. */
export type Origin = { kind: 'host'; host: string; layout: 'hub' | 'folder' } | { kind: 'folder'; path: string };

export interface Arguments {
  /** Models that are not bundled have no commit yet: `pinned` adds it. */
  experiment: Experiment;
  /** As the command line names them; null where the experiment's own stands. */
  named: Record<'source' | 'target', NamedModel | null>;
  backend: 'auto' | 'webgpu' | 'wasm';
  /** One model in memory at a time; otherwise the lab goes by its memory plan. */
  sequential: boolean;
  out: string;
  /** Null where nothing was said about downloading. */
  origin: Origin | null;
  profile: string | null;
  /** A built copy of the lab to run in place of dist/. */
  site: string | null;
  /** An experiment on the models of fixtures/real, whose result is known in advance. */
  real: boolean;
}

/**
 * Reads the arguments. @returns null where only the usage was asked for
 * @throws LabError `settings-invalid` or `unknown-preset`
 */
export function readArguments(argv: readonly string[]): Arguments | null {
  const text = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        out: text,
        backend: { ...text, default: 'auto' },
        quick: { type: 'boolean', default: false },
        sequential: { type: 'boolean', default: false },
        source: text,
        target: text,
        host: text,
        layout: text,
        models: text,
        corpus: text,
        profile: text,
        site: text,
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new LabError('settings-invalid.arguments', { reason: (error as Error).message, usage: USAGE }, error);
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  if (positionals.length !== 1) throw new LabError('settings-invalid.one-experiment', { usage: USAGE });
  const backend = oneOf('--backend', values.backend, ['auto', 'webgpu', 'wasm']);
  const [name] = positionals;
  const file = name.endsWith('.json') ? name : realFile(name);
  let experiment = file ? readExperiment(file) : presetExperiment(name);
  if (values.quick) experiment = quickVariant(experiment);
  if (values.corpus) experiment = { ...experiment, corpus: { ...experiment.corpus, id: values.corpus } };
  const named = {
    source: values.source ? readModelName(values.source) : null,
    target: values.target ? readModelName(values.target) : null,
  };
  const real = file !== null && !name.endsWith('.json');
  const origin = originOf(values, real);
  requirePlaces({ experiment, named, origin });
  return {
    experiment,
    named,
    backend,
    sequential: values['sequential'],
    real,
    origin,
    profile: values.profile ? resolve(values.profile) : null,
    site: values.site ? resolve(values.site) : null,
    out: resolve(values.out ?? join('out', name.replace(/^.*[\\/]/, '').replace(/\.json$/, ''))),
  };
}

function oneOf<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (!found) throw new LabError('settings-invalid.flag', { flag, value, known: known.join(', ') });
  return found;
}

function originOf(
  { host, layout, models }: { host?: string; layout?: string; models?: string },
  real: boolean,
): Origin | null {
  if (host !== undefined && models !== undefined) throw new LabError('settings-invalid.two-places');
  if (layout !== undefined && host === undefined) throw new LabError('settings-invalid.layout');
  if (host !== undefined)
    return { kind: 'host', host: normaliseHost(host), layout: oneOf('--layout', layout ?? 'hub', ['hub', 'folder']) };
  const path = models ?? (real ? join(REAL_FOLDER, 'hub') : null);
  if (path === null) return null;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new LabError(real ? 'settings-invalid.real-models' : 'settings-invalid.models-folder', { path });
  }
  return { kind: 'folder', path: resolve(path) };
}

/**
 * Reads `id[@revision][:precision]`.
 * @throws LabError `settings-invalid` naming what is wrong with it
 */
export function readModelName(text: string): NamedModel {
  const parts = /^([^@:]+)(?:@([^:]+))?(?::([^:@]+))?$/.exec(text);
  if (!parts || !isRepositoryId(parts[1])) throw new LabError('settings-invalid.model-name', { name: text });
  const [, id, revision = null, dtype = null] = parts;
  if (revision !== null && !id.includes('/')) throw new LabError('settings-invalid.bundled-revision', { id });
  const known = DTYPES.find((each) => each === dtype);
  if (dtype !== null && !known)
    throw new LabError('settings-invalid.precision', { precision: dtype, precisions: DTYPES.join(', ') });
  return { id, revision, dtype: known ?? null };
}

function realFile(name: string): string | null {
  const file = join(REAL_EXPERIMENTS, `${name}.json`);
  return /^[\w-]+$/.test(name) && existsSync(file) ? file : null;
}

function presetExperiment(name: string): Experiment {
  const presets = JSON.parse(readFileSync(join(ROOT, 'public/presets/index.json'), 'utf8')) as string[];
  if (presets.includes(name)) return defaultExperiment(name);
  const real = readdirSync(REAL_EXPERIMENTS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
  throw new LabError('unknown-preset.command', { name, presets: presets.join(', '), real: real.join(', ') });
}

function readExperiment(file: string): Experiment {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LabError('settings-invalid.unreadable', { file, reason: (error as Error).message }, error);
  }
  return parseExperimentJson(text);
}

/** What a role asks for: the command line's model, else the experiment's. */
function wantedOf({ experiment, named }: Pick<Arguments, 'experiment' | 'named'>, role: 'source' | 'target'): ModelRef {
  const name = named[role];
  return name ? { id: name.id, dtype: name.dtype ?? 'fp32' } : experiment.models[role];
}

const isBundled = ({ id, location }: ModelRef): boolean => !location && !id.includes('/');

/** @throws LabError `settings-invalid` for a model that could not be had from where the arguments say */
function requirePlaces(args: Pick<Arguments, 'experiment' | 'named' | 'origin'>): void {
  for (const role of ['source', 'target'] as const) {
    const wanted = wantedOf(args, role);
    const { id, location } = wanted;
    if (location?.kind === 'local') throw new LabError('settings-invalid.local-model', { id });
    if (isBundled(wanted)) continue;
    if (!args.origin) throw new LabError('settings-invalid.no-place', { id, host: location?.host ?? HUB });
    const revision = args.named[role]?.revision;
    if (revision && args.origin.kind === 'host' && args.origin.layout === 'folder')
      throw new LabError('settings-invalid.folder-revision', { id, revision });
  }
}

/** A repository as it is asked for; `revision` absent for the newest. */
export type CommitOf = (request: {
  host: string;
  id: string;
  layout: 'hub' | 'folder';
  revision?: string;
}) => Promise<string>;

/**
 * Puts the named models into the experiment and pins each that is not bundled to a commit.
 * @param host where models of the form owner/name are; null where there are none
 * @throws LabError `model-not-found` for a plain folder whose files are not those that the experiment names; else as `commitOf`
 */
export async function pinned(
  args: Pick<Arguments, 'experiment' | 'named'>,
  host: { url: string; layout: 'hub' | 'folder' } | null,
  commitOf: CommitOf,
): Promise<Experiment> {
  const { experiment, named } = args;
  const place = async (role: 'source' | 'target'): Promise<ModelRef> => {
    const wanted = wantedOf(args, role);
    if (isBundled(wanted) || !host) return wanted;
    const { id, dtype, location } = wanted;
    const pin = location?.kind === 'hub' ? location.commit : null;
    const revision = named[role]?.revision ?? pin;
    const commit = await commitOf({
      host: host.url,
      id,
      layout: host.layout,
      ...(host.layout === 'hub' && revision ? { revision } : {}),
    });
    if (pin && commit !== pin) throw new LabError('model-not-found.pinned', { id });
    return { id, dtype, location: { kind: 'hub', host: host.url, commit } };
  };
  const { models, concept } = experiment;
  const source = await place('source');
  const target = await place('target');
  const title =
    named.source || named.target
      ? `${source.id} → ${target.id}: ${concept.kind === 'preset' ? concept.id : concept.title}`.slice(0, 120)
      : experiment.title;
  return { ...experiment, models: { ...models, source, target }, title };
}
