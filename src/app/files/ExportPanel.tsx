/** Files to leave with: what each is for and which program reads it; and any of them read back. */
import { useMemo, useState, type ReactNode } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { MapArrays, Run } from '../../experiment/run';
import { llamaCommand } from '../../files/llama-script';
import { outputsOf, prefixOf, type Output, type OutputId } from '../../files/outputs';
import { steeringOf, type VectorName } from '../../files/steering';
import { downloadFile } from '../figures/export';
import { usePreset } from '../state/catalog';
import { requestMap } from '../state/engine';
import { engineCanAnswer, useLab } from '../state/store';
import { useWords } from '../state/text';
import { ErrorNote } from '../ui/ErrorNote';
import { fixed } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import { CopyLine } from './CopyLine';
import { FileCheck } from './FileCheck';
import './files.css';

const VECTORS: readonly { value: VectorName; label: string }[] = [
  { value: 'mapped', label: 'mapped' },
  { value: 'native', label: 'native' },
  { value: 'source', label: 'small model’s' },
];

/** What a file is for, and the program that reads it. */
const FOR: Record<OutputId, { what: string; reader: string }> = {
  gguf: {
    what: 'Control vector. Factor 1 adds what the lab adds at the chosen dose; −1 goes the other way.',
    reader: 'llama.cpp, repeng',
  },
  llama: { what: 'The command with file, factor and layer range filled in.', reader: 'a shell, with llama.cpp' },
  safetensors: {
    what: 'All three vectors as unit directions; blocks, scales and dose in the metadata.',
    reader: 'any safetensors library',
  },
  python: {
    what: 'Loads the model and steers it: model, block and dose filled in. Needs the vectors beside it.',
    reader: 'Python with transformers',
  },
  svec: { what: 'Steering vector. Multiplier 1 is the chosen dose.', reader: 'AISteer360' },
  map: {
    what: 'The affine map: W, p, and the means of the states it was fitted to.',
    reader: 'any safetensors library',
  },
  card: {
    what: 'What the tensors are and how they were made: models, digests, layers, method, λ, seed, figures.',
    reader: 'people, and any JSON reader',
  },
  sweep: { what: 'Every arm at every dose: rates with intervals, KL, repetition.', reader: 'spreadsheets, pandas, R' },
  'pairs-jsonl': { what: 'The contrast pairs, one a line.', reader: 'most steering libraries' },
  'pairs-csv': { what: 'The contrast pairs as a table.', reader: 'spreadsheets' },
  experiment: { what: 'The settings: everything that can change a result.', reader: 'this lab, page and command line' },
  run: { what: 'Settings and all results.', reader: 'this lab, and any JSON reader' },
  'report-md': { what: 'The report, for a repository or a wiki.', reader: 'Markdown' },
  'report-html': { what: 'The report as one page that prints.', reader: 'any browser' },
};

const GROUPS: readonly { title: string; ids: readonly OutputId[] }[] = [
  { title: 'To steer with, elsewhere', ids: ['gguf', 'llama', 'safetensors', 'python', 'svec'] },
  { title: 'To look into', ids: ['map', 'card', 'sweep', 'pairs-jsonl', 'pairs-csv'] },
  { title: 'To repeat and to show', ids: ['experiment', 'run', 'report-md', 'report-html'] },
];

export function ExportPanel({ run, recorded }: { run: Run; recorded: boolean }) {
  const [vector, setVector] = useState<VectorName>('mapped');
  const [map, setMap] = useState<{ run: Run; arrays: MapArrays } | null>(null);
  const { concept } = run.experiment;
  const preset = usePreset(concept.kind === 'preset' ? concept.id : null);
  const pairs = concept.kind === 'pairs' ? concept.pairs : (preset.value?.pairs ?? null);
  const arrays = map?.run === run ? map.arrays : null;
  const outputs = useMemo(
    () =>
      new Map(
        outputsOf(run, { vector, map: arrays, pairs, prefix: prefixOf(run) }).map((output) => [output.id, output]),
      ),
    [run, vector, arrays, pairs],
  );
  const problem = useMemo(() => problemOf(outputs.get('gguf')!), [outputs]);
  return (
    <section className="export" aria-labelledby="export-title">
      <h3 id="export-title">Take it with you</h3>
      {recorded && <p className="muted">These are the files of the recorded run.</p>}
      {GROUPS.map(({ title, ids }, i) => (
        <div className="export-group" key={title} role="group" aria-label={title}>
          <div className="export-head">
            <h4>{title}</h4>
            {i === 0 && (
              <Segmented
                label="Which vector the files steer with"
                value={vector}
                options={VECTORS}
                onChange={setVector}
              />
            )}
          </div>
          {i === 0 && <WhatItSteers run={run} vector={vector} />}
          <ul>
            {ids.map((id) => {
              if (id === 'map')
                return (
                  <MapRow
                    key={id}
                    run={run}
                    output={outputs.get('map') ?? null}
                    onMap={(made) => setMap({ run, arrays: made })}
                  />
                );
              const output = outputs.get(id);
              return (
                output && (
                  <FileRow key={id} output={output} problem={id === 'gguf' || id === 'llama' ? problem : null} />
                )
              );
            })}
          </ul>
          {i === 0 && problem === null && (
            <CopyLine label="The llama.cpp command" text={llamaCommand(run, vector, outputs.get('gguf')!.name)} />
          )}
        </div>
      ))}
      <FileCheck run={run} />
    </section>
  );
}

function problemOf(output: Output): LabErrorJson | null {
  try {
    output.contents();
    return null;
  } catch (error) {
    return LabError.from(error).toJSON();
  }
}

function WhatItSteers({ run, vector }: { run: Run; vector: VectorName }) {
  const steering = useMemo(() => {
    try {
      return steeringOf(run, vector);
    } catch {
      // The rows say what is wrong.
      return null;
    }
  }, [run, vector]);
  const words = useWords();
  if (!steering) return null;
  const { scope, scopeTokens } = run.experiment.transfer;
  return (
    <p className="muted">
      Steers {steering.model.title} after block {steering.block} (counted from 0),{' '}
      {words.text(`operations.scope.${scope}`, { tokens: scopeTokens })}; the dose is r {fixed(steering.r)}, α{' '}
      {fixed(steering.alpha, 1)}.
    </p>
  );
}

function Row({ id, name, children }: { id: OutputId; name: string; children: ReactNode }) {
  return (
    <li className="export-row">
      <span className="export-what">
        <code>{name}</code>
        <span>{FOR[id].what}</span>
      </span>
      <span className="export-reader muted">{FOR[id].reader}</span>
      {children}
    </li>
  );
}

function FileRow({ output, problem }: { output: Output; problem: LabErrorJson | null }) {
  const [error, setError] = useState<LabErrorJson | null>(null);
  const save = (): void => {
    try {
      downloadFile(output.contents(), output.name, output.type);
      setError(null);
    } catch (thrown) {
      setError(LabError.from(thrown).toJSON());
    }
  };
  const shown = problem ?? error;
  return (
    <Row id={output.id} name={output.name}>
      <button
        type="button"
        data-testid={`save-${output.id}`}
        aria-label={`Save ${output.name}`}
        disabled={problem !== null}
        onClick={save}
      >
        Save
      </button>
      {shown && output.id !== 'llama' && <ErrorNote error={shown} />}
    </Row>
  );
}

/** The map is too large for a run: it is asked of the engine, where that still holds it. */
function MapRow({ run, output, onMap }: { run: Run; output: Output | null; onMap: (map: MapArrays) => void }) {
  const canAnswer = useLab((s) => engineCanAnswer(s) && s.run === run);
  const [state, setState] = useState<'idle' | 'working' | LabErrorJson>('idle');
  const fetchMap = async (): Promise<void> => {
    setState('working');
    try {
      onMap(await requestMap(run.experiment));
      setState('idle');
    } catch (thrown) {
      setState(LabError.from(thrown).toJSON());
    }
  };
  if (output) return <FileRow output={output} problem={null} />;
  return (
    <Row id="map" name={`${prefixOf(run)}map.safetensors`}>
      <button
        type="button"
        data-testid="fetch-map"
        disabled={!canAnswer || state === 'working'}
        onClick={() => void fetchMap()}
      >
        {state === 'working' ? 'Asking' : 'Get it'}
      </button>
      {!canAnswer && (
        <p className="muted export-note">
          A run does not carry its map. Press Run: while the engine holds the run, the map can be had.
        </p>
      )}
      {typeof state === 'object' && <ErrorNote error={state} />}
    </Row>
  );
}
