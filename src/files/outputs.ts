/** Every file that leaves the lab with a run, by one list: the page offers it, the command line writes it. */
import type { MapArrays, Run } from '../experiment/run';
import type { ContrastPair } from '../experiment/schema';
import { writeCard } from './card';
import { writeLlamaScript } from './llama-script';
import { writeMap } from './map-file';
import { pairsCsv, pairsJsonl } from './pairs-write';
import { writePythonScript } from './python-script';
import { renderReport, renderReportHtml } from './report';
import { slug, type VectorName } from './steering';
import { writeSweep } from './sweep';
import { vectorGguf, vectorSafetensors, vectorSvec } from './vector-files';

export type OutputId =
  | 'gguf'
  | 'llama'
  | 'safetensors'
  | 'card'
  | 'python'
  | 'svec'
  | 'map'
  | 'sweep'
  | 'pairs-jsonl'
  | 'pairs-csv'
  | 'experiment'
  | 'run'
  | 'report-md'
  | 'report-html';

export interface Output {
  id: OutputId;
  name: string;
  /** Media type. */
  type: string;
  /** Makes the file. @throws LabError `file-cannot-carry` where the format cannot say what the run did */
  contents: () => string | Uint8Array<ArrayBuffer>;
}

export interface OutputOptions {
  /** The vector of the single-vector formats. */
  vector: VectorName;
  /** The map, where the engine that fitted it is still there. */
  map: MapArrays | null;
  /** The contrast pairs, where they are known: those of a preset are in its file. */
  pairs: readonly ContrastPair[] | null;
  /** Before every name; without it the files are named for a folder of their own. */
  prefix?: string;
}

/** A prefix for a run's files, from its title. */
export const prefixOf = (run: Pick<Run, 'experiment'>): string => `${slug(run.experiment.title)}-`;

/** The files of a run. The scripts name the vectors' files as they are named here. */
export function outputsOf(run: Run, { vector, map, pairs, prefix = '' }: OutputOptions): Output[] {
  const name = {
    gguf: `${prefix}${vector}.gguf`,
    safetensors: `${prefix}vectors.safetensors`,
    map: `${prefix}map.safetensors`,
  };
  const json = (value: unknown, indent: number): string => `${JSON.stringify(value, null, indent)}\n`;
  const outputs: (Output | null)[] = [
    { id: 'gguf', name: name.gguf, type: 'application/octet-stream', contents: () => vectorGguf(run, vector) },
    {
      id: 'llama',
      name: `${prefix}steer-llama.sh`,
      type: 'text/x-shellscript',
      contents: () => writeLlamaScript(run, vector, name.gguf),
    },
    {
      id: 'safetensors',
      name: name.safetensors,
      type: 'application/octet-stream',
      contents: () => vectorSafetensors(run),
    },
    {
      id: 'python',
      name: `${prefix}steer.py`,
      type: 'text/x-python',
      contents: () => writePythonScript(run, name.safetensors, name.map),
    },
    { id: 'svec', name: `${prefix}${vector}.svec`, type: 'application/json', contents: () => vectorSvec(run, vector) },
    map && { id: 'map', name: name.map, type: 'application/octet-stream', contents: () => writeMap(run, map) },
    {
      id: 'card',
      name: `${prefix}card.json`,
      type: 'application/json',
      contents: () =>
        writeCard(run, [
          { name: name.safetensors, bytes: vectorSafetensors(run) },
          ...(map ? [{ name: name.map, bytes: writeMap(run, map) }] : []),
        ]),
    },
    {
      id: 'sweep',
      name: `${prefix}sweep.csv`,
      type: 'text/csv',
      contents: () => writeSweep(run.evidence.doseResponse),
    },
    pairs && {
      id: 'pairs-jsonl',
      name: `${prefix}pairs.jsonl`,
      type: 'application/jsonl',
      contents: () => pairsJsonl(pairs),
    },
    pairs && { id: 'pairs-csv', name: `${prefix}pairs.csv`, type: 'text/csv', contents: () => pairsCsv(pairs) },
    {
      id: 'experiment',
      name: `${prefix}experiment.json`,
      type: 'application/json',
      contents: () => json(run.experiment, 2),
    },
    { id: 'run', name: `${prefix}run.json`, type: 'application/json', contents: () => json(run, 0) },
    { id: 'report-md', name: `${prefix}report.md`, type: 'text/markdown', contents: () => renderReport(run) },
    { id: 'report-html', name: `${prefix}report.html`, type: 'text/html', contents: () => renderReportHtml(run) },
  ];
  return outputs.filter((output) => output !== null);
}
