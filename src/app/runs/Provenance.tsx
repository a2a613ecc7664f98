/** On what two runs were computed: device, versions, files, and what they are called. */
import type { Run } from '../../experiment/run';
import type { RunRecord } from '../../runs/record';
import { Digest } from '../ui/Digest';
import { dateTime, seconds } from '../ui/format';
import { RunHeadings, LETTERS, type RunPair } from './RunLabel';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';

interface Row {
  name: string;
  values: [string, string];
}

/** What can be set side by side as text. Versions of parts that only one run names have a dash in the other. */
function rowsOf(words: Words, [a, b]: readonly [Run, Run], [first, second]: readonly [RunRecord, RunRecord]): Row[] {
  const row = (name: string, read: (run: Run, record: RunRecord) => string | undefined): Row => ({
    name,
    values: [read(a, first) || '–', read(b, second) || '–'],
  });
  const parts = [...new Set([...Object.keys(a.device.versions), ...Object.keys(b.device.versions)])];
  return [
    row(words.text('runs.made.backend'), (run) =>
      words.text('runs.made.backend.value', {
        backend: words.text(`ui.backend.${run.device.backend}`),
        chosenBy: run.device.chosenBy,
      }),
    ),
    row(
      words.text('runs.made.adapter'),
      (run) =>
        run.device.adapter &&
        words.text('runs.made.adapter.value', { adapter: run.device.adapter, software: run.device.softwareAdapter }),
    ),
    row(
      words.text('runs.made.browser'),
      (run) =>
        /(?:Firefox|Edg|Chrome|Version)\/[\d.]+/.exec(run.device.userAgent)?.[0].replace('/', ' ') ??
        run.device.userAgent,
    ),
    row(words.text('runs.made.self-test'), ({ device: { selfTest } }) =>
      selfTest ? words.text(selfTest.passed ? 'runs.made.passed' : 'runs.made.failed') : undefined,
    ),
    row(words.text('runs.made.lab'), (run) => run.app.version),
    ...parts.map((part) => row(part, (run) => run.device.versions[part])),
    row(words.text('runs.made.finished'), (_, record) => dateTime(record.created)),
    row(words.text('runs.made.took'), (run) =>
      run.timings.total === undefined ? undefined : seconds(run.timings.total),
    ),
    ...filesOf(words, [a, b]),
  ];
}

/** The models' files: those that differ by name, the others by their number. */
function filesOf(words: Words, runs: readonly [Run, Run]): Row[] {
  const key = (side: 'source' | 'target', path: string): string => words.text(`runs.made.file-${side}`, { path });
  const digests = runs.map(
    (run) =>
      new Map(
        (['source', 'target'] as const).flatMap((side) =>
          run.models[side].digests.map(({ path, sha256 }) => [key(side, path), sha256] as const),
        ),
      ),
  );
  const names = [...new Set(digests.flatMap((each) => [...each.keys()]))];
  const differing = names.filter((name) => digests[0].get(name) !== digests[1].get(name));
  const same = names.length - differing.length;
  const [first, second] = digests.map((each) => (name: string) => each.get(name)?.slice(0, 12) ?? '–');
  return [
    ...differing.map((name): Row => ({ name, values: [first(name), second(name)] })),
    {
      name: words.text('runs.made.files', { others: differing.length > 0, count: same }),
      values: [words.text('runs.made.same'), words.text('runs.made.same')],
    },
  ];
}

export function Provenance({ runs, records }: RunPair) {
  const words = useWords();
  const rows = rowsOf(words, runs, records);
  return (
    <section className="compare-made">
      <h3>{words.text('runs.made.title')}</h3>
      <table className="stacked">
        <thead>
          <tr>
            <th scope="col">{words.text('runs.made.part')}</th>
            <RunHeadings />
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{words.text('runs.made.settings-digest')}</th>
            {runs.map((run, i) => (
              <td key={i} data-letter={LETTERS[i]}>
                <Digest value={run.experimentDigest} of={words.text('runs.made.settings-of', { run: LETTERS[i] })} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{words.text('runs.made.run-digest')}</th>
            {records.map((record, i) => (
              <td key={i} data-letter={LETTERS[i]}>
                <Digest value={record.id} of={words.text('runs.made.run', { run: LETTERS[i] })} />
              </td>
            ))}
          </tr>
          {rows.map(({ name, values }) => (
            <tr key={name} className={values[0] === values[1] ? undefined : 'differs'}>
              <th scope="row">{name}</th>
              {values.map((value, i) => (
                <td key={i} data-letter={LETTERS[i]}>
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted">{words.text('runs.made.how')}</p>
    </section>
  );
}
