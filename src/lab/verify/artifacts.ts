/** What an experiment reads, by its digests: those of the author beside those of the files here. */
import { version } from '../../../package.json';
import { digestOf } from '../../experiment/digest';
import type { ModelReport } from '../../experiment/run';
import { listingDigest, type Pins, type RunDocument } from '../../experiment/share/document';
import type { Check } from '../../experiment/share/verification';
import { kernelsDigest } from '../../gpu/kernels/digest';
import type { PipelineContext } from '../pipeline';

const MISSING = 'not there';

function same(name: string, expected: string, actual: string): Check {
  return { name, expected, actual, verdict: expected === actual ? 'reproduced' : 'differs' };
}

const noted = (name: string, expected: string, actual: string): Check => ({ name, expected, actual, verdict: 'noted' });

/** Files of one model. In a short link one digest stands for all of them. */
export function modelChecks(role: string, pinned: Pins['source'], here: Pick<ModelReport, 'id' | 'digests'>): Check[] {
  if (!pinned.files) return [same(`${role}, all files of ${here.id}`, pinned.digest, listingDigest(here.digests))];
  const expected = new Map(pinned.files.map(({ path, sha256 }) => [path, sha256]));
  const actual = new Map(here.digests.map(({ path, sha256 }) => [path, sha256]));
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].toSorted();
  const files = paths.map((path) =>
    same(`${role}, ${path}`, expected.get(path) ?? MISSING, actual.get(path) ?? MISSING),
  );
  const whole = listingDigest(pinned.files);
  return whole === pinned.digest
    ? files
    : [...files, same(`${role}, digest of the link’s own list of files`, pinned.digest, whole)];
}

/** Corpus, preset, and what the author's lab was: versions are noted, and not judged. */
export async function dataChecks(document: RunDocument, context: PipelineContext): Promise<Check[]> {
  const { experiment, pins } = document.spec;
  const { concept, corpus } = experiment;
  const preset = concept.kind === 'preset' ? concept.id : concept.promptsFrom;
  const { deviceReport: device, backend } = context;
  const versions = Object.entries(pins.versions).map(([library, value]) =>
    noted(library, value, device.versions[library] ?? MISSING),
  );
  return [
    same(`Corpus “${corpus.id}”`, pins.corpus, (await context.resources.corpus(corpus.id)).sha256),
    same(`Preset “${preset}”`, pins.preset, digestOf(await context.resources.preset(preset))),
    noted('WGSL kernels', pins.kernels, kernelsDigest()),
    noted('Version of the lab', pins.app, version),
    noted('Solver', pins.solver, backend.solver),
    noted('Backend', `${pins.backend}, ${pins.adapter}`, `${device.backend}, ${device.adapter}`),
    ...versions,
  ];
}
