/** The runs kept in this browser: open, name, compare, export, bring in, delete. */
import { useEffect, useRef, useState, type DragEvent } from 'react';
import type { RunRecord } from '../../runs/record';
import { OUTCOME_NAMES } from '../evidence/VerdictLine';
import { importFile, keepShown, loadRuns, undoRemove, useRuns } from '../state/runs';
import { openExperiment, useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes, count } from '../ui/format';
import { Compare } from './Compare';
import { exportRuns } from './export';
import { DamagedRow, focusIn, RunRow } from './RunRow';
import { UnsavedRun } from './UnsavedRun';
import './runs.css';

export default function RunsSheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { list, listError, problem, chosen, comparing } = useRuns();
  const [dropping, setDropping] = useState(false);

  useEffect(() => {
    dialog.current?.showModal();
    void loadRuns();
  }, []);

  // What went wrong is said above the list, which may be scrolled.
  useEffect(() => {
    if (problem) dialog.current?.scrollTo({ top: 0 });
  }, [problem]);

  // Here Ctrl+Z puts back what was deleted; the settings, which are out of sight, are left alone. Heard at the window, since
  // with the row that had it the focus is gone for a moment.
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (
        !(event.ctrlKey || event.metaKey) ||
        !['z', 'y'].includes(event.key.toLowerCase()) ||
        (event.target instanceof HTMLInputElement && event.target.type !== 'checkbox')
      )
        return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === 'z') void undoRemove();
    }
    window.addEventListener('keydown', onKeyDown, true);
    return () => window.removeEventListener('keydown', onKeyDown, true);
  }, []);

  async function onDrop(event: DragEvent): Promise<void> {
    event.preventDefault();
    setDropping(false);
    for (const file of event.dataTransfer.files) await importFile(file);
  }

  const close = (): void => dialog.current?.close();
  const both = chosen.map((id) => list?.records.find((record) => record.id === id));
  return (
    <dialog
      ref={dialog}
      className={`sheet runs-sheet${dropping ? ' dropping' : ''}`}
      aria-labelledby="runs-title"
      data-testid="runs"
      onClose={() => useRuns.setState({ open: false, imported: null, problem: null })}
      onClick={(event) => event.target === dialog.current && close()}
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={(event) => void onDrop(event)}
    >
      <div className="sheet-inner">
        <header className="sheet-head">
          <h2 id="runs-title">{comparing ? 'Two runs' : 'Kept runs'}</h2>
          {!comparing && (list?.records.length ?? 0) > 1 && (
            <button
              type="button"
              className="strong"
              data-testid="compare"
              disabled={chosen.length !== 2}
              title={chosen.length === 2 ? undefined : 'Tick two runs first'}
              onClick={() => useRuns.setState({ comparing: true })}
            >
              Compare{chosen.length > 0 && ` (${chosen.length} of 2)`}
            </button>
          )}
          {comparing && (
            <button
              type="button"
              className="quiet"
              data-testid="compare-back"
              onClick={() => useRuns.setState({ comparing: false })}
            >
              Back to the list
            </button>
          )}
          <button type="button" className="quiet" data-testid="runs-close" onClick={close}>
            Close
          </button>
        </header>
        {comparing && both[0] && both[1] ? (
          <Compare records={[both[0], both[1]]} />
        ) : (
          <>
            <Tools />
            {problem && <ErrorNote error={problem} />}
            <UnsavedRun inList />
            <Imported />
            {listError && (
              <ErrorNote
                error={listError}
                actions={
                  <button type="button" onClick={() => void loadRuns()}>
                    Try again
                  </button>
                }
              />
            )}
            {!list && !listError && (
              <p className="muted" role="status">
                Opening the list
              </p>
            )}
            {list && <List records={list.records} />}
            {list?.damaged.map((entry) => (
              <DamagedRow key={entry.id} entry={entry} />
            ))}
            <Undo />
          </>
        )}
      </div>
    </dialog>
  );
}

/** What is kept, what comes in, what goes out. */
function Tools() {
  const list = useRuns((s) => s.list);
  const shown = useRuns((s) => s.shown);
  const unkept = useRuns((s) => s.unkept);
  const run = useLab((s) => s.run);
  const input = useRef<HTMLInputElement>(null);
  const records = list?.records ?? [];
  const copyable = run !== null && shown?.run !== run && unkept?.what.run !== run;
  return (
    <div className="runs-tools">
      <p className="muted" role="status" data-testid="runs-count">
        {list &&
          (records.length === 0
            ? 'None yet.'
            : `${count(records.length)} ${records.length === 1 ? 'run' : 'runs'}, ${bytes(list.bytes)}, in this browser only.`)}
      </p>
      {records.length > 0 && <Protection />}
      <div className="field-row">
        {copyable && (
          <button type="button" data-testid="keep-shown" onClick={() => void keepShown().then(loadRuns)}>
            Keep the run on screen
          </button>
        )}
        <button type="button" onClick={() => input.current?.click()}>
          Bring in a file
        </button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".json,application/json"
          aria-label="Bundle, run or experiment"
          data-testid="import-file"
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            // The same file may be chosen again.
            if (file) void importFile(file).finally(() => input.current && (input.current.value = ''));
          }}
        />
        <button
          type="button"
          data-testid="export-all"
          disabled={records.length === 0}
          onClick={() =>
            void exportRuns(
              records.map(({ id }) => id),
              `runs-${new Date().toISOString().slice(0, 10)}`,
            )
          }
        >
          Export all
        </button>
        <a href="#/review" data-testid="review-bundle">
          Review a bundle
        </a>
      </div>
    </div>
  );
}

/** So many are found by looking. */
const FEW = 6;

const textOf = ({ name, summary, experimentDigest, id }: RunRecord): string =>
  [
    name,
    summary.source,
    summary.target,
    summary.concept,
    OUTCOME_NAMES[summary.outcome],
    summary.backend,
    experimentDigest,
    id,
  ]
    .join(' ')
    .toLowerCase();

/** A browser may clear what it keeps when its disk runs short, unless it is asked not to. Not every browser can be asked. */
function Protection() {
  const [state, setState] = useState<'unknown' | 'kept' | 'clearable' | 'refused'>('unknown');
  useEffect(() => {
    void navigator.storage?.persisted?.().then((kept) => setState(kept ? 'kept' : 'clearable'));
  }, []);
  if (state === 'unknown' || state === 'kept') return null;
  return (
    <p className="muted runs-protection">
      {state === 'refused'
        ? 'The browser did not agree: it may clear them when its disk runs short. Export what must last.'
        : 'The browser may clear them when its disk runs short.'}{' '}
      {state === 'clearable' && (
        <button
          type="button"
          className="quiet"
          onClick={() => void navigator.storage.persist().then((kept) => setState(kept ? 'kept' : 'refused'))}
        >
          Ask it not to
        </button>
      )}
    </p>
  );
}

function List({ records }: { records: RunRecord[] }) {
  const [sought, setSought] = useState('');
  const shown = useRuns((s) => s.shown?.record.id ?? null);
  if (records.length === 0) {
    return (
      <div className="empty">
        <p>
          Every run that is finished in this browser is kept here by itself, with its settings, its numbers and its
          texts. Nothing is sent anywhere. To begin, press Run, keep the run that is on screen, or bring in a file: a
          bundle, or run.json from the command line.
        </p>
      </div>
    );
  }
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = records.filter((record) => words.every((word) => textOf(record).includes(word)));
  return (
    <>
      {records.length > FEW && (
        <div className="runs-seek">
          <label htmlFor="runs-seek">Find</label>
          <input
            id="runs-seek"
            type="search"
            value={sought}
            placeholder="name, model, concept, digest"
            spellCheck={false}
            onChange={(event) => setSought(event.target.value)}
          />
          <span className="muted" role="status">
            {words.length > 0 && `${found.length} of ${records.length}`}
          </span>
        </div>
      )}
      <ol className="runs-list" aria-label="Kept runs, newest first">
        {found.map((record) => (
          <RunRow key={record.id} record={record} shown={record.id === shown} parent={nameOf(record, records)} />
        ))}
      </ol>
    </>
  );
}

/** The kept run that has the experiment from which this one was made. */
function nameOf({ parent }: RunRecord, records: RunRecord[]): string | null {
  return parent === null
    ? null
    : (records.find(({ experimentDigest }) => experimentDigest === parent)?.name ?? `settings ${parent.slice(0, 12)}`);
}

function Undo() {
  const last = useRuns((s) => s.removed.at(-1) ?? null);
  if (!last) return null;
  return (
    <p className="runs-undo" role="status">
      <span>Deleted “{last.name}”.</span>
      <button
        type="button"
        id="runs-undo"
        data-testid="runs-undo"
        onClick={() => void undoRemove().then(() => focusIn(`[data-id="${last.id}"] button`))}
      >
        Put it back
      </button>
      <button type="button" className="quiet" onClick={() => useRuns.setState({ removed: [] })}>
        Leave it
      </button>
    </p>
  );
}

/** What came of the file that was brought in. */
function Imported() {
  const report = useRuns((s) => s.imported);
  if (!report) return null;
  const { added, known, experiments, refused } = report;
  const runs = (n: number): string => `${n} ${n === 1 ? 'run' : 'runs'}`;
  const said = [
    added.length > 0 && `${runs(added.length)} brought in`,
    known.length > 0 && `${runs(known.length)} kept already`,
    refused.length > 0 && `${runs(refused.length)} refused`,
  ]
    .filter(Boolean)
    .join(', ');
  return (
    <div className="runs-imported" role="status" data-testid="imported">
      {said && <p>{said}.</p>}
      {experiments.map(({ name, experiment, parent }, i) => (
        <p key={i}>
          “{name}” has settings and no run.{' '}
          <button
            type="button"
            onClick={() => {
              openExperiment(experiment, parent);
              useRuns.setState({ open: false });
            }}
          >
            Use these settings
          </button>
        </p>
      ))}
      {refused.map(({ name, error }, i) => (
        <div key={i}>
          <p>“{name}”</p>
          <ErrorNote error={error} />
        </div>
      ))}
    </div>
  );
}
