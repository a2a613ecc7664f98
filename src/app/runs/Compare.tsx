/** Two kept runs side by side: settings, numbers, curves, texts, and what they were computed on. */
import { useEffect, useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { Run } from '../../experiment/run';
import { askRuns } from '../../runs/client';
import type { RunRecord } from '../../runs/record';

import { ErrorNote } from '../ui/ErrorNote';
import { dateTime } from '../ui/format';
import { settingDifferences } from './differences';
import { DoseOverlay } from './DoseOverlay';
import { HeadlineFigure } from './HeadlineFigure';
import { RunLabel, RunHeadings, type RunPair } from './RunLabel';
import { Provenance } from './Provenance';
import { Texts } from './Texts';
import { outcomeName, sentenceOf } from '../../experiment/verdict';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

type Opened = { ids: string; runs: [Run, Run] | null; error: LabErrorJson | null };

export function Compare({ records }: { records: [RunRecord, RunRecord] }) {
  const words = useWords();
  const ids = records.map(({ id }) => id).join();
  const [opened, setOpened] = useState<Opened | null>(null);
  useEffect(() => {
    let current = true;
    Promise.all(ids.split(',').map((id) => askRuns('open', id))).then(
      ([a, b]) => current && setOpened({ ids, runs: [a.run, b.run], error: null }),
      (thrown: unknown) => current && setOpened({ ids, runs: null, error: LabError.from(thrown).toJSON() }),
    );
    return () => {
      current = false;
    };
  }, [ids]);
  if (opened?.ids !== ids)
    return (
      <p className="muted" role="status">
        {words.text('runs.opening-both')}
      </p>
    );
  if (!opened.runs) return <ErrorNote error={opened.error!} />;
  const two: RunPair = { records, runs: opened.runs };
  return (
    <div className="compare" data-testid="comparison">
      <Heads {...two} />
      <Settings {...two} />
      <HeadlineFigure {...two} />
      <DoseOverlay {...two} />
      <Texts {...two} />
      <Provenance {...two} />
    </div>
  );
}

function Heads({ records, runs }: RunPair) {
  return (
    <div className="compare-heads">
      {([0, 1] as const).map((i) => (
        <section key={i}>
          <h3>
            <RunLabel of={i} /> {records[i].name}
          </h3>
          <p className="muted">{dateTime(records[i].created)}</p>
          <p>
            <Rich
              text="ui.verdict"
              params={{
                outcome: outcomeName(runs[i].evidence.verdict),
                sentence: sentenceOf(runs[i].evidence.verdict),
              }}
              tags={{ b: (parts) => <b>{parts}</b> }}
            />
          </p>
        </section>
      ))}
    </div>
  );
}

function Settings({ runs: [a, b] }: RunPair) {
  const words = useWords();
  const differences = settingDifferences(words, a.experiment, b.experiment);
  return (
    <section className="compare-settings" data-testid="compare-settings">
      <h3>{words.text('runs.settings.title')}</h3>
      {differences.length === 0 ? (
        <p className="muted">{words.text('runs.settings.none')}</p>
      ) : (
        <table className="stacked">
          <thead>
            <tr>
              <th scope="col">{words.text('runs.settings.setting')}</th>
              <RunHeadings />
            </tr>
          </thead>
          <tbody>
            {differences.map(({ stage, label, values }, i) => (
              <tr key={i}>
                <th scope="row">
                  {label} <span className="muted">{words.text(`stage.${stage}`)}</span>
                </th>
                <td data-letter="A">{values[0]}</td>
                <td data-letter="B">{values[1]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
