/** A file read back: what it is, and how it stands to the run on screen. */
import { asJson } from '../../experiment/bundle';
import { useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { digestOf } from '../../experiment/digest';
import type { Run } from '../../experiment/run';
import { identify, likeness, type Identified } from '../../files/identify';
import { openExperiment } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { FileDrop } from '../ui/FileDrop';
import { fixed } from '../ui/format';

interface Read {
  name: string;
  found: Identified | null;
  error: LabErrorJson | null;
}

export function FileCheck({ run }: { run: Run }) {
  const [read, setRead] = useState<Read | null>(null);
  const open = async ([file]: File[]): Promise<void> => {
    try {
      setRead({ name: file.name, found: identify(file.name, new Uint8Array(await file.arrayBuffer())), error: null });
    } catch (thrown) {
      setRead({ name: file.name, found: null, error: LabError.from(thrown).toJSON() });
    }
  };
  return (
    <div className="export-group" role="group" aria-label="A file read back">
      <div className="export-head">
        <h4>A file read back</h4>
      </div>
      <FileDrop
        label="Choose a file"
        accept=".gguf,.svec,.safetensors,.json,.csv,.tsv,.jsonl,.txt"
        testId="check-file"
        onFiles={(files) => void open(files)}
      >
        Drop a control vector, a .svec, a safetensors file, a card, a sweep, settings or contrast pairs here: the lab
        says what it is, and whether it is this run’s.
      </FileDrop>
      {read?.error && <ErrorNote error={read.error} />}
      {read?.found && (
        <div role="status" className="file-found" data-testid="file-found">
          <Found name={read.name} found={read.found} run={run} />
        </div>
      )}
    </div>
  );
}

function Found({ name, found, run }: { name: string; found: Identified; run: Run }) {
  switch (found.kind) {
    case 'vectors':
      return (
        <>
          <p>
            <code>{name}</code> is a {found.file.format} file.
          </p>
          <ul>
            {found.file.vectors.map(({ name: vector, block, modelType, values }) => (
              <li key={vector}>
                <b>{vector}</b>: {values.length} values{block === null ? '' : `, block ${block}`}
                {modelType === null ? '' : `, for “${modelType}”`}. {comparison(values, run)}
              </li>
            ))}
          </ul>
          {found.file.description && <p className="muted">{found.file.description}</p>}
        </>
      );
    case 'map':
      return (
        <p>
          <code>{name}</code> is a map from {found.map.muSource.length} to {found.map.muTarget.length} dimensions
          {found.map.metadata.source_block
            ? `, block ${found.map.metadata.source_block} to block ${found.map.metadata.target_block}`
            : ''}
          . {ofThisRun(found.map.metadata.experiment ?? null, run)}
        </p>
      );
    case 'card':
      return (
        <>
          <p>
            <code>{name}</code> is a card: {found.title}. {ofThisRun(found.experimentDigest, run)}
          </p>
          <ul>
            {found.files.map((file) => (
              <li key={file.name}>
                <code>{file.name}</code> SHA-256 <code className="digest">{file.sha256}</code>
              </li>
            ))}
          </ul>
        </>
      );
    case 'sweep': {
      const same = digestOf(asJson(found.cells)) === digestOf(asJson(run.evidence.doseResponse));
      return (
        <p>
          <code>{name}</code> is a sweep of {found.cells.length} rows.{' '}
          {same ? 'It is this run’s.' : 'Its numbers are not this run’s.'}
        </p>
      );
    }
    case 'experiment': {
      const digest = digestOf(found.experiment);
      return (
        <>
          <p>
            <code>{name}</code> holds settings: {found.experiment.title}. {ofThisRun(digest, run)}
          </p>
          {digest !== run.experimentDigest && (
            <button type="button" onClick={() => openExperiment(found.experiment, digest)}>
              Use these settings
            </button>
          )}
        </>
      );
    }
    case 'pairs':
      return (
        <p>
          <code>{name}</code> holds {found.reading.pairs.length} contrast pairs: {found.reading.format}. To use them,
          open it in Steer, under “Your own pairs”.
        </p>
      );
  }
}

const ofThisRun = (digest: string | null, run: Run): string =>
  digest === null
    ? 'It does not say of which experiment.'
    : digest === run.experimentDigest
      ? 'It is of this experiment.'
      : `It is of another experiment, ${digest.slice(0, 12)}.`;

function comparison(values: Float32Array, run: Run): string {
  let like;
  try {
    like = likeness(values, run);
  } catch (error) {
    return LabError.from(error).message;
  }
  if (!like)
    return `No vector of this run is as long: its models are ${run.models.source.hiddenSize} and ${run.models.target.hiddenSize} wide.`;
  if (like.same === 'added') return `To the bit what this run adds as its ${like.vector} vector, at its dose.`;
  if (like.same === 'direction') return `To the bit this run’s ${like.vector} direction.`;
  return `Nearest to this run’s ${like.vector} vector: cosine ${fixed(like.cosine, 4)}, ${fixed(like.ratio, 3)} times as long as what the run adds.`;
}
