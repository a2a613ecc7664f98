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
import type { MessageKey } from '../../i18n/keys';
import './files.css';

const VECTORS: readonly VectorName[] = ['mapped', 'native', 'source'];

const GROUPS: readonly { titleKey: MessageKey; ids: readonly OutputId[] }[] = [
  { titleKey: 'files.group.steer', ids: ['gguf', 'llama', 'safetensors', 'python', 'svec'] },
  { titleKey: 'files.group.look', ids: ['map', 'card', 'sweep', 'pairs-jsonl', 'pairs-csv'] },
  { titleKey: 'files.group.repeat', ids: ['experiment', 'run', 'report-md', 'report-html'] },
];

export function ExportPanel({ run, recorded }: { run: Run; recorded: boolean }) {
  const words = useWords();
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
      <h3 id="export-title">{words.text('files.title')}</h3>
      {recorded && <p className="muted">{words.text('files.recorded')}</p>}
      {GROUPS.map(({ titleKey, ids }, i) => (
        <div className="export-group" key={titleKey} role="group" aria-label={words.text(titleKey)}>
          <div className="export-head">
            <h4>{words.text(titleKey)}</h4>
            {i === 0 && (
              <Segmented
                label={words.text('files.which-vector')}
                value={vector}
                options={VECTORS.map((value) => ({ value, label: words.text(`files.vector.${value}`) }))}
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
            <CopyLine
              label={words.text('files.llama-command')}
              text={llamaCommand(run, vector, outputs.get('gguf')!.name)}
            />
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
  const words = useWords();
  const steering = useMemo(() => {
    try {
      return steeringOf(run, vector);
    } catch {
      // The rows say what is wrong.
      return null;
    }
  }, [run, vector]);
  if (!steering) return null;
  const { scope, scopeTokens } = run.experiment.transfer;
  return (
    <p className="muted">
      {words.text('files.steers', {
        model: steering.model.title,
        block: steering.block,
        r: fixed(steering.r),
        alpha: fixed(steering.alpha, 1),
        scope: words.text(`operations.scope.${scope}`, { tokens: scopeTokens }),
      })}
    </p>
  );
}

function Row({ id, name, children }: { id: OutputId; name: string; children: ReactNode }) {
  const words = useWords();
  return (
    <li className="export-row">
      <span className="export-what">
        <code>{name}</code>
        <span>{words.text(`files.for.${id}.what`)}</span>
      </span>
      <span className="export-reader muted">{words.text(`files.for.${id}.reader`)}</span>
      {children}
    </li>
  );
}

function FileRow({ output, problem }: { output: Output; problem: LabErrorJson | null }) {
  const words = useWords();
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
        aria-label={words.text('files.save-name', { name: output.name })}
        disabled={problem !== null}
        onClick={save}
      >
        {words.text('files.save')}
      </button>
      {shown && output.id !== 'llama' && <ErrorNote error={shown} />}
    </Row>
  );
}

/** The map is too large for a run: it is asked of the engine, where that still holds it. */
function MapRow({ run, output, onMap }: { run: Run; output: Output | null; onMap: (map: MapArrays) => void }) {
  const words = useWords();
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
        {state === 'working' ? words.text('files.asking') : words.text('files.get')}
      </button>
      {!canAnswer && <p className="muted export-note">{words.text('files.map-gone')}</p>}
      {typeof state === 'object' && <ErrorNote error={state} />}
    </Row>
  );
}
