/** Contrast pairs from a file, two aligned files, or the clipboard: looked at before they are taken. */
import { useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { parsePairs, type PairsReading, type TextFile } from '../../files/pairs';
import { decode } from '../../files/vector-files';
import { ErrorNote } from '../ui/ErrorNote';
import { FileDrop } from '../ui/FileDrop';
import { PairsRows } from './PairsRows';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

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
  const words = useWords();
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
    setSeen(text.trim() === '' ? null : look([{ name: words.text('steer.import.pasted'), text }]));
  };
  return (
    <details className="pairs-import" data-testid="pairs-import">
      <summary>{words.text('steer.import.title')}</summary>
      <FileDrop
        label={words.text('steer.import.choose')}
        accept=".csv,.tsv,.txt,.json,.jsonl,.ndjson"
        multiple
        testId="pairs-file"
        onFiles={(files) => void open(files)}
      >
        {words.text('steer.import.formats')}
      </FileDrop>
      <label className="pairs-paste">
        {words.text('steer.import.paste')}
        <textarea
          className="serif"
          data-testid="pairs-paste"
          rows={3}
          spellCheck={false}
          value={pasted}
          placeholder={words.text('steer.import.example')}
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
  const words = useWords();
  const { format, pairs, notes, concepts, concept } = reading;
  return (
    <div className="pairs-preview" data-testid="pairs-preview">
      <p role="status">
        <Rich
          text="steer.import.found"
          params={{ count: pairs.length, format }}
          tags={{ b: (parts) => <b>{parts}</b> }}
        />
      </p>
      {notes.map((note) => (
        <p key={note} className="muted">
          {note}
        </p>
      ))}
      {concepts.length > 1 && (
        <label className="field-row">
          {words.text('steer.import.concept')}
          <select value={concept ?? ''} onChange={(event) => onConcept(event.target.value)}>
            {concepts.map(({ name, pairs: n }) => (
              <option key={name} value={name}>
                {words.text('steer.import.concept-option', { name, count: n })}
              </option>
            ))}
          </select>
        </label>
      )}
      <div
        className="table-scroll pairs-table"
        tabIndex={0}
        role="region"
        aria-label={words.text('steer.import.pairs')}
      >
        <table>
          <PairsRows
            pairs={pairs}
            positive={words.text('steer.pairs.positive')}
            negative={words.text('steer.pairs.negative')}
            shown={SHOWN}
          />
        </table>
      </div>
      <div className="field-row">
        <button type="button" data-testid="pairs-take" onClick={onTake}>
          {words.text('steer.import.take')}
        </button>
        {pairs.length > SHOWN && (
          <span className="muted">{words.text('steer.import.first', { shown: SHOWN, count: pairs.length })}</span>
        )}
      </div>
    </div>
  );
}
