/** What an experiment reads, by its digests: those of the author beside those of the files here. */
import { version } from '../../../package.json';
import { digestOf } from '../../experiment/digest';
import { message, verbatim, type Message } from '../../experiment/message';
import type { ModelReport } from '../../experiment/run';
import { listingDigest, type Pins, type RunDocument } from '../../experiment/share/document';
import type { Check } from '../../experiment/share/verification';
import { kernelsDigest } from '../../gpu/kernels/digest';
import type { Role } from '../model-pair';
import type { PipelineContext } from '../pipeline';

const MISSING = message('verify.artifacts.missing');
const said = (text: string | undefined): Message => (text === undefined ? MISSING : verbatim(text));

/** @param expected undefined for what is not there */
function same(name: Message, expected: string | undefined, actual: string | undefined): Check {
  return {
    name,
    expected: said(expected),
    actual: said(actual),
    verdict: expected === actual ? 'reproduced' : 'differs',
  };
}

const noted = (name: Message, expected: string, actual: string | undefined): Check => ({
  name,
  expected: said(expected),
  actual: said(actual),
  verdict: 'noted',
});

/** Files of one model. In a short link one digest stands for all of them. */
export function modelChecks(role: Role, pinned: Pins['source'], here: Pick<ModelReport, 'id' | 'digests'>): Check[] {
  if (!pinned.files)
    return [
      same(message('verify.artifacts.all-files', { role, id: here.id }), pinned.digest, listingDigest(here.digests)),
    ];
  const expected = new Map(pinned.files.map(({ path, sha256 }) => [path, sha256]));
  const actual = new Map(here.digests.map(({ path, sha256 }) => [path, sha256]));
  const paths = [...new Set([...expected.keys(), ...actual.keys()])].toSorted();
  const files = paths.map((path) =>
    same(message('verify.artifacts.file', { role, path }), expected.get(path), actual.get(path)),
  );
  const whole = listingDigest(pinned.files);
  return whole === pinned.digest
    ? files
    : [...files, same(message('verify.artifacts.own-list', { role }), pinned.digest, whole)];
}

/** Corpus, preset, and what the author's lab was: versions are noted, and not judged. */
export async function dataChecks(document: RunDocument, context: PipelineContext): Promise<Check[]> {
  const { experiment, pins } = document.spec;
  const { concept, corpus } = experiment;
  const preset = concept.kind === 'preset' ? concept.id : concept.promptsFrom;
  const { deviceReport: device, backend } = context;
  const versions = Object.entries(pins.versions).map(([library, value]) =>
    noted(verbatim(library), value, device.versions[library]),
  );
  return [
    same(
      message('verify.artifacts.corpus', { id: corpus.id }),
      pins.corpus,
      (await context.resources.corpus(corpus.id)).sha256,
    ),
    same(
      message('verify.artifacts.preset', { id: preset }),
      pins.preset,
      digestOf(await context.resources.preset(preset)),
    ),
    noted(message('verify.artifacts.kernels'), pins.kernels, kernelsDigest()),
    noted(message('verify.artifacts.app'), pins.app, version),
    noted(message('verify.artifacts.solver'), pins.solver, backend.solver),
    noted(
      message('verify.artifacts.backend'),
      `${pins.backend}, ${pins.adapter}`,
      `${device.backend}, ${device.adapter}`,
    ),
    ...versions,
  ];
}
