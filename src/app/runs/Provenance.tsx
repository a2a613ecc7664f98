/** On what two runs were computed: device, versions, files, and what they are called. */
import type { Run } from '../../experiment/run';
import type { RunRecord } from '../../runs/record';
import { Digest } from '../ui/Digest';
import { dateTime, seconds } from '../ui/format';
import { RunLabel, LETTERS, type RunPair } from './RunLabel';

interface Row {
  name: string;
  values: [string, string];
}

/** What can be set side by side as text. Versions of parts that only one run names have a dash in the other. */
function rowsOf([a, b]: readonly [Run, Run], [first, second]: readonly [RunRecord, RunRecord]): Row[] {
  const row = (name: string, read: (run: Run, record: RunRecord) => string | undefined): Row => ({
    name,
    values: [read(a, first) || '–', read(b, second) || '–'],
  });
  const parts = [...new Set([...Object.keys(a.device.versions), ...Object.keys(b.device.versions)])];
  return [
    row(
      'Backend',
      (run) =>
        `${run.device.backend === 'webgpu' ? 'WebGPU' : 'WASM'}, ${run.device.chosenBy === 'auto' ? 'chosen by the lab' : 'asked for'}`,
    ),
    row(
      'Adapter',
      (run) => run.device.adapter && `${run.device.adapter}${run.device.softwareAdapter ? ', software' : ''}`,
    ),
    row(
      'Browser',
      (run) =>
        /(?:Firefox|Edg|Chrome|Version)\/[\d.]+/.exec(run.device.userAgent)?.[0].replace('/', ' ') ??
        run.device.userAgent,
    ),
    row('Self-test', ({ device: { selfTest } }) => (selfTest ? (selfTest.passed ? 'passed' : 'failed') : undefined)),
    row('Lab', (run) => run.app.version),
    ...parts.map((part) => row(part, (run) => run.device.versions[part])),
    row('Finished, or brought in', (_, record) => dateTime(record.created)),
    row('All stages took', (run) => (run.timings.total === undefined ? undefined : seconds(run.timings.total))),
    ...filesOf([a, b]),
  ];
}

/** The models' files: those that differ by name, the others by their number. */
function filesOf(runs: readonly [Run, Run]): Row[] {
  const key = (side: 'source' | 'target', path: string): string => `${side === 'source' ? 'small' : 'large'}: ${path}`;
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
      name: `${differing.length === 0 ? 'Files of both models' : 'Other files of the models'} (${same})`,
      values: ['the same in both', 'the same in both'],
    },
  ];
}

export function Provenance({ runs, records }: RunPair) {
  const rows = rowsOf(runs, records);
  return (
    <section className="compare-made">
      <h3>How they were made</h3>
      <table className="stacked">
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">
              <RunLabel of={0} />
            </th>
            <th scope="col">
              <RunLabel of={1} />
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Digest of the settings</th>
            {runs.map((run, i) => (
              <td key={i} data-letter={LETTERS[i]}>
                <Digest value={run.experimentDigest} of={`the settings of ${LETTERS[i]}`} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Digest of the run</th>
            {records.map((record, i) => (
              <td key={i} data-letter={LETTERS[i]}>
                <Digest value={record.id} of={`run ${LETTERS[i]}`} />
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
      <p className="muted">
        Rows in which the runs differ stand out. Files that differ are shown by the beginning of their SHA-256.
      </p>
    </section>
  );
}
