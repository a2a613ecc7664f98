/** One kept run in the list: what it is, what came out, and what can be done with it. */
import { useEffect, useRef, useState } from 'react';
import { MAX_NAME, summaryOutcome, type DamagedRecord, type RunRecord } from '../../runs/record';

import { chooseRun, removeRun, renameRun, useRuns } from '../state/runs';
import { useLab } from '../state/store';
import { Digest } from '../ui/Digest';
import { dateTime, fixed, interval } from '../ui/format';
import { exportRuns, fileStem } from './export';
import { runAgain, showRun } from './show';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

interface Props {
  record: RunRecord;
  /** On screen now. */
  shown: boolean;
  /** What it was made from. */
  parent: string | null;
}

/** Gives the focus to what has come on screen in the place of what had it. */
export function focusIn(selector: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`.runs-sheet ${selector}`)?.focus());
}

export function RunRow({ record, shown, parent }: Props) {
  const words = useWords();
  const [renaming, setRenaming] = useState(false);
  const place = useRuns((s) => s.chosen.indexOf(record.id));
  const full = useRuns((s) => s.chosen.length === 2);
  const running = useLab((s) => s.running !== null);
  const { summary } = record;
  const ratio = summary.transferRatio;
  const facts = [
    dateTime(record.created),
    words.text('runs.pair', { source: summary.source, target: summary.target }),
    summary.concept,
    words.text(`ui.backend.${summary.backend}`),
    record.from === 'here' ? '' : words.text(`runs.from.${record.from}`),
  ]
    .filter(Boolean)
    .join(' · ');
  return (
    <li
      className={`run-row outcome-${summary.chain ? (summary.chain === 'transfers' ? 'steers' : 'fails') : summary.outcome}`}
      data-testid="kept-run"
      data-id={record.id}
    >
      <label className="run-choice">
        <input
          type="checkbox"
          checked={place >= 0}
          disabled={place < 0 && full}
          aria-label={words.text('runs.compare-name', { name: record.name })}
          onChange={() => chooseRun(record.id)}
        />
        <span aria-hidden="true">{place < 0 ? '' : 'AB'[place]}</span>
      </label>
      <div className="run-what">
        {renaming ? (
          <NameInput
            record={record}
            onDone={(byKey) => {
              setRenaming(false);
              if (byKey) focusIn(`[data-id="${record.id}"] [data-testid="run-rename"]`);
            }}
          />
        ) : (
          <h3>
            {record.name} {shown && <span className="muted">{words.text('runs.on-screen')}</span>}
          </h3>
        )}
        <p className="muted">{facts}</p>
        <p className="run-came-out">
          <Rich
            text="runs.came-out"
            params={{
              outcome: words.text(summaryOutcome(summary)),
              r: fixed(summary.chosenR),
              r2: fixed(summary.heldOutR2),
              ratio: ratio ? `${fixed(ratio.value)} ${interval(ratio.interval)}` : words.text('runs.not-estimable'),
            }}
            tags={{ b: (parts) => <b>{parts}</b> }}
          />
        </p>
        <p className="muted run-lineage">
          <Rich
            text="runs.settings-digest"
            tags={{
              digest: () => (
                <Digest value={record.experimentDigest} of={words.text('runs.settings-of', { name: record.name })} />
              ),
            }}
          />
          {parent && <span> {words.text('runs.made-from', { parent })}</span>}
        </p>
      </div>
      <div className="run-actions">
        <button
          type="button"
          aria-label={words.text('runs.open-name', { name: record.name })}
          data-testid="run-open"
          disabled={running}
          title={running ? words.text('runs.in-progress') : undefined}
          onClick={() => void showRun(record.id)}
        >
          {words.text('runs.open')}
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={words.text('runs.again-name', { name: record.name })}
          disabled={running}
          onClick={() => void runAgain(record.id)}
        >
          {words.text('runs.again')}
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={words.text('runs.rename-name', { name: record.name })}
          data-testid="run-rename"
          onClick={() => setRenaming(true)}
        >
          {words.text('runs.rename')}
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={words.text('runs.export-name', { name: record.name })}
          data-testid="run-export"
          onClick={() => void exportRuns([record.id], fileStem(record.name))}
        >
          {words.text('runs.export')}
        </button>
        <button
          type="button"
          className="quiet"
          aria-label={words.text('runs.delete-name', { name: record.name })}
          data-testid="run-delete"
          onClick={() => void removeRun(record.id).then(() => focusIn('#runs-undo'))}
        >
          {words.text('runs.delete')}
        </button>
      </div>
    </li>
  );
}

/** Enter or leaving takes the name, Escape leaves it as it was. */
function NameInput({ record, onDone }: { record: RunRecord; onDone: (byKey: boolean) => void }) {
  const words = useWords();
  const input = useRef<HTMLInputElement>(null);
  const given = useRef(false);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  function end(name: string | null, byKey: boolean): void {
    if (given.current) return;
    given.current = true;
    if (name !== null && name.trim() !== '' && name !== record.name) void renameRun(record.id, name);
    onDone(byKey);
  }
  return (
    <input
      ref={input}
      aria-label={words.text('runs.new-name', { name: record.name })}
      data-testid="run-name"
      defaultValue={record.name}
      maxLength={MAX_NAME}
      spellCheck={false}
      onBlur={(event) => end(event.target.value, false)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') end(event.currentTarget.value, true);
        else if (event.key === 'Escape') {
          // It would close the list as well.
          event.preventDefault();
          event.stopPropagation();
          end(null, true);
        }
      }}
    />
  );
}

/** An entry of the store that cannot be read: said, and the rest of the list stands. */
export function DamagedRow({ entry }: { entry: DamagedRecord }) {
  const words = useWords();
  return (
    <div className="note note-error" data-testid="damaged-run">
      <p className="note-what">{words.text('runs.damaged', { problem: entry.problem })}</p>
      <div className="note-foot">
        <button type="button" className="quiet" onClick={() => void removeRun(entry.id)}>
          {words.text('runs.delete-it')}
        </button>
        <code>{entry.id.slice(0, 12)}</code>
      </div>
    </div>
  );
}
