/** Contrast pairs from a file, two aligned files, or the clipboard: looked at before they are taken. */
import { useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { AS_WRITTEN, parsePairs, type PairsChoice, type PairsReading, type TextFile } from '../../files/pairs';
import { decode } from '../../files/vector-files';
import { ErrorNote } from '../ui/ErrorNote';
import { FileDrop } from '../ui/FileDrop';
import { PairsRows } from './PairsRows';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

const SHOWN = 12;

interface Look {
  files: TextFile[];
  choice: PairsChoice;
  reading: PairsReading | null;
  error: LabErrorJson | null;
}

function look(files: TextFile[], choice: PairsChoice = AS_WRITTEN): Look {
  try {
    return { files, choice, reading: parsePairs(files, choice), error: null };
  } catch (thrown) {
    return { files, choice, reading: null, error: LabError.from(thrown).toJSON() };
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
      setSeen({ files: [], choice: AS_WRITTEN, reading: null, error: LabError.from(thrown).toJSON() });
    }
  };
  const paste = (text: string): void => {
    setPasted(text);
    setSeen(text.trim() === '' ? null : look([{ name: words.text('steer.import.pasted'), text }]));
  };
  const again = (change: Partial<PairsChoice>): void =>
    setSeen((now) => now && look(now.files, { ...now.choice, ...change }));
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
      {seen?.error && <ErrorNote error={seen.error} actions={<TakeShorter error={seen.error} onChoice={again} />} />}
      {seen?.reading && (
        <Preview
          reading={seen.reading}
          onChoice={again}
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

/** The offer that goes with two files of unequal counts. */
function TakeShorter({ error, onChoice }: { error: LabErrorJson; onChoice: (change: Partial<PairsChoice>) => void }) {
  const words = useWords();
  const count = Number(error.params.shorter);
  if (error.key !== 'pairs-one-sided.files' || !(count > 0)) return null;
  return (
    <button type="button" data-testid="pairs-shorter" onClick={() => onChoice({ shorter: true })}>
      {words.text('steer.import.shorter', { count })}
    </button>
  );
}

function Preview({
  reading,
  onChoice,
  onTake,
}: {
  reading: PairsReading;
  onChoice: (change: Partial<PairsChoice>) => void;
  onTake: () => void;
}) {
  const words = useWords();
  const { format, pairs, notes, concepts, concept, escapes } = reading;
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
        <p key={words.say(note)} className="muted">
          {words.say(note)}
        </p>
      ))}
      {escapes !== null && (
        <button type="button" data-testid="pairs-escapes" onClick={() => onChoice({ escapes: !escapes })}>
          {words.text('steer.import.escapes', { read: escapes, escape: '\\n' })}
        </button>
      )}
      {concepts.length > 1 && (
        <label className="field-row">
          {words.text('steer.import.concept')}
          <select value={concept ?? ''} onChange={(event) => onChoice({ concept: event.target.value })}>
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
