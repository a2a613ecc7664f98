/** The settings as JSON. Wrong text is kept for mending; the last valid settings stay in use. */
import { useRef, useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { parseExperimentJson, type Experiment } from '../../experiment/schema';
import { openExperiment, setExperiment, useLab } from '../state/store';
import { downloadText } from '../figures/export';
import { ErrorNote } from '../ui/ErrorNote';
import { experimentOfText, MAX_FILE } from './open-file';
import { useWords } from '../state/text';

const write = (experiment: Experiment): string => JSON.stringify(experiment, null, 2);

function check(text: string): { experiment: Experiment; error: null } | { experiment: null; error: LabErrorJson } {
  try {
    return { experiment: parseExperimentJson(text), error: null };
  } catch (thrown) {
    return { experiment: null, error: LabError.from(thrown).toJSON() };
  }
}

export function JsonEditor() {
  const words = useWords();
  const experiment = useLab((s) => s.experiment);
  const [draft, setDraft] = useState<string | null>(null);
  const [seen, setSeen] = useState(experiment);
  const [error, setError] = useState<LabErrorJson | null>(null);
  const input = useRef<HTMLInputElement>(null);
  if (seen !== experiment) {
    setSeen(experiment);
    setDraft(null);
    setError(null);
  }
  const text = draft ?? write(experiment);

  function edit(next: string): void {
    setDraft(next);
    setError(check(next).error);
  }

  function apply(): void {
    const checked = check(text);
    setError(checked.error);
    if (checked.experiment) setExperiment(checked.experiment);
  }

  async function open(file: File): Promise<void> {
    try {
      if (file.size > MAX_FILE)
        throw new LabError('settings-invalid.file-size', { name: file.name, megabytes: Math.round(file.size / 1e6) });
      const { experiment: read, digest } = experimentOfText(await file.text(), file.name);
      setDraft(null);
      setError(null);
      openExperiment(read, digest);
    } catch (thrown) {
      setError(LabError.from(thrown).toJSON());
    }
  }

  return (
    <div className="json-editor">
      <label htmlFor="settings-json" className="visually-hidden">
        {words.text('settings.json.label')}
      </label>
      <textarea
        id="settings-json"
        data-testid="settings-json"
        value={text}
        spellCheck={false}
        aria-invalid={error ? true : undefined}
        data-settled={draft === null ? '' : undefined}
        onChange={(event) => edit(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) apply();
        }}
      />
      {error && <ErrorNote error={error} />}
      <div className="field-row">
        <button
          type="button"
          className="strong"
          data-testid="settings-apply"
          disabled={draft === null || error !== null}
          onClick={apply}
        >
          {words.text('settings.json.use')}
        </button>
        <button
          type="button"
          className="quiet"
          disabled={draft === null && error === null}
          onClick={() => {
            setDraft(null);
            setError(null);
          }}
        >
          {words.text('settings.json.discard')}
        </button>
        <button type="button" className="quiet" onClick={() => void navigator.clipboard.writeText(text)}>
          {words.text('ui.copy')}
        </button>
        <button type="button" className="quiet" onClick={() => input.current?.click()}>
          {words.text('settings.json.open')}
        </button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".json,application/json"
          aria-label={words.text('settings.json.file')}
          data-testid="settings-file"
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            // The same file may be chosen again.
            if (file) void open(file).finally(() => input.current && (input.current.value = ''));
          }}
        />
        <button
          type="button"
          className="quiet"
          onClick={() => downloadText(write(experiment), 'experiment.json', 'application/json')}
        >
          {words.text('settings.json.save')}
        </button>
      </div>
    </div>
  );
}
