/** The runs kept in this browser: open, name, compare, export, bring in, delete. */
import { useEffect, useRef, useState, type DragEvent } from 'react';
import { summaryOutcome, type RunRecord } from '../../runs/record';

import { importFile, keepShown, loadRuns, undoRemove, useRuns } from '../state/runs';
import { openExperiment, useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes } from '../ui/format';
import { Compare } from './Compare';
import { exportRuns } from './export';
import { DamagedRow, focusIn, RunRow } from './RunRow';
import { UnsavedRun } from './UnsavedRun';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';
import './runs.css';

export default function RunsSheet() {
  const words = useWords();
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
          <h2 id="runs-title">{words.text(comparing ? 'runs.title-two' : 'runs.title')}</h2>
          {!comparing && (list?.records.length ?? 0) > 1 && (
            <button
              type="button"
              className="strong"
              data-testid="compare"
              disabled={chosen.length !== 2}
              title={chosen.length === 2 ? undefined : words.text('runs.tick-two')}
              onClick={() => useRuns.setState({ comparing: true })}
            >
              {words.text('runs.compare', { chosen: chosen.length })}
            </button>
          )}
          {comparing && (
            <button
              type="button"
              className="quiet"
              data-testid="compare-back"
              onClick={() => useRuns.setState({ comparing: false })}
            >
              {words.text('runs.back')}
            </button>
          )}
          <button type="button" className="quiet" data-testid="runs-close" onClick={close}>
            {words.text('ui.close')}
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
                    {words.text('ui.try-again')}
                  </button>
                }
              />
            )}
            {!list && !listError && (
              <p className="muted" role="status">
                {words.text('runs.opening')}
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
  const words = useWords();
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
            ? words.text('runs.none')
            : words.text('runs.count', { count: records.length, size: bytes(list.bytes) }))}
      </p>
      {records.length > 0 && <Protection />}
      <div className="field-row">
        {copyable && (
          <button type="button" data-testid="keep-shown" onClick={() => void keepShown().then(loadRuns)}>
            {words.text('runs.keep-shown')}
          </button>
        )}
        <button type="button" onClick={() => input.current?.click()}>
          {words.text('runs.bring-in')}
        </button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".json,application/json"
          aria-label={words.text('runs.bring-in.file')}
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
          {words.text('runs.export-all')}
        </button>
        <a href="#/review" data-testid="review-bundle">
          {words.text('runs.review')}
        </a>
      </div>
    </div>
  );
}

/** So many are found by looking. */
const FEW = 6;

const textOf = (words: Words, { name, summary, experimentDigest, id }: RunRecord): string =>
  [
    name,
    summary.source,
    summary.target,
    summary.concept,
    words.text(summaryOutcome(summary)),
    summary.backend,
    experimentDigest,
    id,
  ]
    .join(' ')
    .toLowerCase();

/** A browser may clear what it keeps when its disk runs short, unless it is asked not to. Not every browser can be asked. */
function Protection() {
  const words = useWords();
  const [state, setState] = useState<'unknown' | 'kept' | 'clearable' | 'refused'>('unknown');
  useEffect(() => {
    void navigator.storage?.persisted?.().then((kept) => setState(kept ? 'kept' : 'clearable'));
  }, []);
  if (state === 'unknown' || state === 'kept') return null;
  return (
    <p className="muted runs-protection">
      {words.text(state === 'refused' ? 'runs.protection.refused' : 'runs.protection.clearable')}{' '}
      {state === 'clearable' && (
        <button
          type="button"
          className="quiet"
          onClick={() => void navigator.storage.persist().then((kept) => setState(kept ? 'kept' : 'refused'))}
        >
          {words.text('runs.protection.ask')}
        </button>
      )}
    </p>
  );
}

function List({ records }: { records: RunRecord[] }) {
  const words = useWords();
  const [sought, setSought] = useState('');
  const shown = useRuns((s) => s.shown?.record.id ?? null);
  if (records.length === 0) {
    return (
      <div className="empty">
        <p>{words.text('runs.empty')}</p>
      </div>
    );
  }
  const terms = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = records.filter((record) => terms.every((term) => textOf(words, record).includes(term)));
  return (
    <>
      {records.length > FEW && (
        <div className="runs-seek">
          <label htmlFor="runs-seek">{words.text('runs.find')}</label>
          <input
            id="runs-seek"
            type="search"
            value={sought}
            placeholder={words.text('runs.find.in')}
            spellCheck={false}
            onChange={(event) => setSought(event.target.value)}
          />
          <span className="muted" role="status">
            {terms.length > 0 && words.text('runs.find.found', { found: found.length, all: records.length })}
          </span>
        </div>
      )}
      <ol className="runs-list" aria-label={words.text('runs.list')}>
        {found.map((record) => (
          <RunRow key={record.id} record={record} shown={record.id === shown} parent={nameOf(words, record, records)} />
        ))}
      </ol>
    </>
  );
}

/** The kept run that has the experiment from which this one was made. */
function nameOf(words: Words, { parent }: RunRecord, records: RunRecord[]): string | null {
  return parent === null
    ? null
    : (records.find(({ experimentDigest }) => experimentDigest === parent)?.name ??
        words.text('runs.settings', { digest: parent.slice(0, 12) }));
}

function Undo() {
  const words = useWords();
  const last = useRuns((s) => s.removed.at(-1) ?? null);
  if (!last) return null;
  return (
    <p className="runs-undo" role="status">
      <span>{words.text('runs.deleted', { name: last.name })}</span>
      <button
        type="button"
        id="runs-undo"
        data-testid="runs-undo"
        onClick={() => void undoRemove().then(() => focusIn(`[data-id="${last.id}"] button`))}
      >
        {words.text('runs.put-back')}
      </button>
      <button type="button" className="quiet" onClick={() => useRuns.setState({ removed: [] })}>
        {words.text('runs.leave')}
      </button>
    </p>
  );
}

/** What came of the file that was brought in. */
function Imported() {
  const words = useWords();
  const report = useRuns((s) => s.imported);
  if (!report) return null;
  const { added, known, experiments, refused } = report;
  const said = [
    added.length > 0 && words.text('runs.imported.added', { count: added.length }),
    known.length > 0 && words.text('runs.imported.known', { count: known.length }),
    refused.length > 0 && words.text('runs.imported.refused', { count: refused.length }),
  ]
    .filter(Boolean)
    .join(' ');
  return (
    <div className="runs-imported" role="status" data-testid="imported">
      {said && <p>{said}</p>}
      {experiments.map(({ name, experiment, parent }, i) => (
        <p key={i}>
          {words.text('runs.imported.settings', { name })}{' '}
          <button
            type="button"
            onClick={() => {
              openExperiment(experiment, parent);
              useRuns.setState({ open: false });
            }}
          >
            {words.text('runs.imported.use')}
          </button>
        </p>
      ))}
      {refused.map(({ name, error }, i) => (
        <div key={i}>
          <p>{words.text('runs.imported.name', { name })}</p>
          <ErrorNote error={error} />
        </div>
      ))}
    </div>
  );
}
