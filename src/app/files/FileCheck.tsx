/** A file read back: what it is, and how it stands to the run on screen. */
import { useState, type ReactNode } from 'react';
import { asJson } from '../../experiment/bundle';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { digestOf } from '../../experiment/digest';
import type { Run } from '../../experiment/run';
import { identify, likeness, type Identified } from '../../files/identify';
import type { Words } from '../../i18n/text';
import { openExperiment } from '../state/store';
import { useWords } from '../state/text';
import { ErrorNote } from '../ui/ErrorNote';
import { FileDrop } from '../ui/FileDrop';
import { count, fixed } from '../ui/format';
import { Rich } from '../ui/Rich';

const CODE = (parts: ReactNode): ReactNode => <code>{parts}</code>;
const BOLD = (parts: ReactNode): ReactNode => <b>{parts}</b>;

interface Read {
  name: string;
  found: Identified | null;
  error: LabErrorJson | null;
}

export function FileCheck({ run }: { run: Run }) {
  const words = useWords();
  const [read, setRead] = useState<Read | null>(null);
  const open = async ([file]: File[]): Promise<void> => {
    try {
      setRead({ name: file.name, found: identify(file.name, new Uint8Array(await file.arrayBuffer())), error: null });
    } catch (thrown) {
      setRead({ name: file.name, found: null, error: LabError.from(thrown).toJSON() });
    }
  };
  return (
    <div className="export-group" role="group" aria-label={words.text('files.check.title')}>
      <div className="export-head">
        <h4>{words.text('files.check.title')}</h4>
      </div>
      <FileDrop
        label={words.text('files.check.choose')}
        accept=".gguf,.svec,.safetensors,.json,.csv,.tsv,.jsonl,.txt"
        testId="check-file"
        onFiles={(files) => void open(files)}
      >
        {words.text('files.check.drop')}
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
  const words = useWords();
  switch (found.kind) {
    case 'vectors':
      return (
        <>
          <p>
            <Rich text="files.found.vectors" params={{ name, format: found.file.format }} tags={{ code: CODE }} />
          </p>
          <ul>
            {found.file.vectors.map(({ name: vector, block, modelType, values }) => (
              <li key={vector}>
                <Rich
                  text="files.found.vector"
                  params={{
                    vector,
                    count: values.length,
                    block: block ?? 'none',
                    model: modelType ?? 'none',
                    comparison: comparison(words, values, run),
                  }}
                  tags={{ b: BOLD }}
                />
              </li>
            ))}
          </ul>
          {found.file.description && <p className="muted">{found.file.description}</p>}
        </>
      );
    case 'map':
      return (
        <p>
          <Rich
            text="files.found.map"
            params={{
              name,
              source: found.map.muSource.length,
              target: found.map.muTarget.length,
              known: Boolean(found.map.metadata.source_block),
              sourceBlock: found.map.metadata.source_block ?? '',
              targetBlock: found.map.metadata.target_block ?? '',
              whose: ofThisRun(words, found.map.metadata.experiment ?? null, run),
            }}
            tags={{ code: CODE }}
          />
        </p>
      );
    case 'card':
      return (
        <>
          <p>
            <Rich
              text="files.found.card"
              params={{ name, title: found.title, whose: ofThisRun(words, found.experimentDigest, run) }}
              tags={{ code: CODE }}
            />
          </p>
          <ul>
            {found.files.map((file) => (
              <li key={file.name}>
                <Rich
                  text="files.found.sha256"
                  params={{ name: file.name, sha256: file.sha256 }}
                  tags={{ code: CODE, digest: (parts) => <code className="digest">{parts}</code> }}
                />
              </li>
            ))}
          </ul>
        </>
      );
    case 'sweep': {
      const same = digestOf(asJson(found.cells)) === digestOf(asJson(run.evidence.doseResponse));
      return (
        <p>
          <Rich text="files.found.sweep" params={{ name, count: found.cells.length, same }} tags={{ code: CODE }} />
        </p>
      );
    }
    case 'experiment': {
      const digest = digestOf(found.experiment);
      return (
        <>
          <p>
            <Rich
              text="files.found.settings"
              params={{ name, title: found.experiment.title, whose: ofThisRun(words, digest, run) }}
              tags={{ code: CODE }}
            />
          </p>
          {digest !== run.experimentDigest && (
            <button type="button" onClick={() => openExperiment(found.experiment, digest)}>
              {words.text('files.found.use')}
            </button>
          )}
        </>
      );
    }
    case 'pairs':
      return (
        <p>
          <Rich
            text="files.found.pairs"
            params={{ name, count: found.reading.pairs.length, format: found.reading.format }}
            tags={{ code: CODE }}
          />
        </p>
      );
  }
}

const ofThisRun = (words: Words, digest: string | null, run: Run): string =>
  digest === null
    ? words.text('files.whose.unknown')
    : digest === run.experimentDigest
      ? words.text('files.whose.this')
      : words.text('files.whose.other', { digest: digest.slice(0, 12) });

function comparison(words: Words, values: Float32Array, run: Run): string {
  let like;
  try {
    like = likeness(values, run);
  } catch (error) {
    return words.error(LabError.from(error).toJSON()).what;
  }
  if (!like)
    return words.text('files.like.none', {
      source: count(run.models.source.hiddenSize),
      target: count(run.models.target.hiddenSize),
    });
  if (like.same === 'added')
    return words.text('files.like.added', { vector: words.text(`files.vector.${like.vector}`) });
  if (like.same === 'direction')
    return words.text('files.like.direction', { vector: words.text(`files.vector.${like.vector}`) });
  return words.text('files.like.near', {
    vector: words.text(`files.vector.${like.vector}`),
    cosine: fixed(like.cosine, 4),
    ratio: fixed(like.ratio, 3),
  });
}
