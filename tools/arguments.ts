/** The command line of `npm run experiment`: what is asked for, checked, before anything is started. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';
import { LabError } from '../src/experiment/errors';
import { isRepositoryId, type ModelRef } from '../src/experiment/model-ref';
import { parseExperimentJson, type Experiment } from '../src/experiment/schema';
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
--in-turn                        one model in memory at a time, as where the two do not fit together; changes no figure
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
  inTurn: boolean;
  out: string;
  /** Null where nothing was said about downloading. */
  origin: Origin | null;
  profile: string | null;
  /** A built copy of the lab to run in place of dist/. */
  site: string | null;
  /** An experiment on the models of fixtures/real, whose result is known in advance. */
  real: boolean;
}

const invalid = (what: string, remedy = USAGE): LabError => new LabError('settings-invalid', what, remedy);

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
        'in-turn': { type: 'boolean', default: false },
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
    throw invalid((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  if (positionals.length !== 1) throw invalid('Name one preset or one experiment file.');
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
    inTurn: values['in-turn'],
    real,
    origin,
    profile: values.profile ? resolve(values.profile) : null,
    site: values.site ? resolve(values.site) : null,
    out: resolve(values.out ?? join('out', name.replace(/^.*[\\/]/, '').replace(/\.json$/, ''))),
  };
}

function oneOf<T extends string>(flag: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (!found)
    throw invalid(`${flag} is “${value}”.`, `Use ${known.slice(0, -1).join(', ')} or ${known[known.length - 1]}.`);
  return found;
}

function originOf(
  { host, layout, models }: { host?: string; layout?: string; models?: string },
  real: boolean,
): Origin | null {
  if (host !== undefined && models !== undefined)
    throw invalid('Both --host and --models were given.', 'Say one place for the models.');
  if (layout !== undefined && host === undefined)
    throw invalid('--layout was given without --host.', 'It says how the host’s addresses are made: give --host too.');
  if (host !== undefined)
    return { kind: 'host', host: normalised(host), layout: oneOf('--layout', layout ?? 'hub', ['hub', 'folder']) };
  const path = models ?? (real ? join(REAL_FOLDER, 'hub') : null);
  if (path === null) return null;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw invalid(
      `There is no folder ${path}.`,
      real ? 'Make the models first: fixtures/real/README.md says how.' : 'Check the path after --models.',
    );
  }
  return { kind: 'folder', path: resolve(path) };
}

function normalised(host: string): string {
  try {
    return normaliseHost(host);
  } catch (error) {
    throw new LabError(
      'settings-invalid',
      (error as Error).message,
      'Give the address of a hub or of a mirror after --host.',
      undefined,
      error,
    );
  }
}

/**
 * Reads `id[@revision][:precision]`.
 * @throws LabError `settings-invalid` naming what is wrong with it
 */
export function readModelName(text: string): NamedModel {
  const parts = /^([^@:]+)(?:@([^:]+))?(?::([^:@]+))?$/.exec(text);
  const form = 'Write a model as id[@revision][:precision], such as lrt-stories-s, owner/name or owner/name@main:q4.';
  if (!parts || !isRepositoryId(parts[1])) throw invalid(`“${text}” is not the name of a model.`, form);
  const [, id, revision = null, dtype = null] = parts;
  if (revision !== null && !id.includes('/'))
    throw invalid(`“${id}” has no revisions: it is bundled with the lab.`, form);
  const known = DTYPES.find((each) => each === dtype);
  if (dtype !== null && !known) throw invalid(`“${dtype}” is not a precision.`, `Use one of: ${DTYPES.join(', ')}.`);
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
  throw new LabError(
    'unknown-preset',
    `There is no preset “${name}”.`,
    `Choose one of: ${presets.join(', ')}; or ${real.join(', ')}; or give a .json file.`,
  );
}

function readExperiment(file: string): Experiment {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`${file} could not be read: ${(error as Error).message}.`, 'Check the path of the experiment file.');
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
    if (location?.kind === 'local')
      throw invalid(
        `“${id}” is from a folder that was opened in a page.`,
        'Run it there; or give the folder above it after --models and name it with --source or --target.',
      );
    if (isBundled(wanted)) continue;
    if (!args.origin)
      throw invalid(
        `“${id}” is a model of ${location?.host ?? 'a hub'}, and nothing was said about downloading it.`,
        'Give --host URL, the hub or a mirror of it, to download from there; or --models DIR, a folder of models.',
      );
    const revision = args.named[role]?.revision;
    if (revision && args.origin.kind === 'host' && args.origin.layout === 'folder')
      throw invalid(`“${id}@${revision}” names a revision, and a plain folder has none.`, 'Leave the revision out.');
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
    if (pin && commit !== pin)
      throw new LabError(
        'model-not-found',
        `The files of “${id}” are not those that the experiment names.`,
        'Name the model with --source or --target to run it as it is now.',
      );
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
