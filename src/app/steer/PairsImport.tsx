/** Contrast pairs from a file, two aligned files, or the clipboard: looked at before they are taken. */
import { useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { parsePairs, type PairsReading, type TextFile } from '../../files/pairs';
import { decode } from '../../files/vector-files';
import { ErrorNote } from '../ui/ErrorNote';
import { FileDrop } from '../ui/FileDrop';
import { PairsRows } from './PairsRows';

const SHOWN = 12;

interface Look {
  files: TextFile[];
  reading: PairsReading | null;
  error: LabErrorJson | null;
}

function look(files: TextFile[], concept: string | null = null): Look {
  try {
    return { files, reading: parsePairs(files, concept), error: null };
  } catch (thrown) {
    return { files, reading: null, error: LabError.from(thrown).toJSON() };
  }
}

/** Bytes → text, with a name for what is no UTF-8. */
async function textOf(file: File): Promise<TextFile> {
  return { name: file.name, text: decode(new Uint8Array(await file.arrayBuffer()), file.name) };
}

export function PairsImport({ onTake }: { onTake: (reading: PairsReading) => void }) {
  const [pasted, setPasted] = useState('');
  const [seen, setSeen] = useState<Look | null>(null);
  const open = async (files: File[]): Promise<void> => {
    try {
      setSeen(look(await Promise.all(files.map(textOf))));
    } catch (thrown) {
      setSeen({ files: [], reading: null, error: LabError.from(thrown).toJSON() });
    }
  };
  const paste = (text: string): void => {
    setPasted(text);
    setSeen(text.trim() === '' ? null : look([{ name: 'The pasted text', text }]));
  };
  return (
    <details className="pairs-import" data-testid="pairs-import">
      <summary>From a file or the clipboard</summary>
      <FileDrop
        label="Choose files"
        accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson"
        multiple
        testId="pairs-file"
        onFiles={(files) => void open(files)}
      >
        CSV, TSV, JSON or JSON lines with positive and negative texts, CAA or Anthropic evals, lines of concept, kind
        and text; or two text files, line 1 of one beside line 1 of the other.
      </FileDrop>
      <label className="pairs-paste">
        Or paste them here
        <textarea
          className="serif"
          data-testid="pairs-paste"
          rows={3}
          spellCheck={false}
          value={pasted}
          placeholder={'positive,negative\nI love it.,I hate it.'}
          onChange={(event) => paste(event.target.value)}
        />
      </label>
      {seen?.error && <ErrorNote error={seen.error} />}
      {seen?.reading && (
        <Preview
          reading={seen.reading}
          onConcept={(concept) => setSeen(look(seen.files, concept))}
          onTake={() => {
            onTake(seen.reading!);
            setSeen(null);
            setPasted('');
          }}
        />
      )}
    </details>
  );
}

function Preview({
  reading,
  onConcept,
  onTake,
}: {
  reading: PairsReading;
  onConcept: (concept: string) => void;
  onTake: () => void;
}) {
  const { format, pairs, notes, concepts, concept } = reading;
  return (
    <div className="pairs-preview" data-testid="pairs-preview">
      <p role="status">
        <b>{pairs.length} pairs.</b> Understood as {format}.
      </p>
      {notes.map((note) => (
        <p key={note} className="muted">
          {note}
        </p>
      ))}
      {concepts.length > 1 && (
        <label className="field-row">
          Concept
          <select value={concept ?? ''} onChange={(event) => onConcept(event.target.value)}>
            {concepts.map(({ name, pairs: n }) => (
              <option key={name} value={name}>
                {name} ({n} pairs)
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="table-scroll pairs-table" tabIndex={0} role="region" aria-label="The pairs that were found">
        <table>
          <PairsRows pairs={pairs} positive="positive" negative="negative" shown={SHOWN} />
        </table>
      </div>
      <div className="field-row">
        <button type="button" data-testid="pairs-take" onClick={onTake}>
          Put these into the form
        </button>
        {pairs.length > SHOWN && (
          <span className="muted">
            The first {SHOWN} of {pairs.length} are shown.
          </span>
        )}
      </div>
    </div>
  );
}
