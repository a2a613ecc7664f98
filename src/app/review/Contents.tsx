/** What was run, on what, and by which digests: the parts of a link that are no figures. */
import type { ReactNode } from 'react';
import { digestOf } from '../../experiment/digest';
import type { ModelRef } from '../../experiment/model-ref';
import type { Pins } from '../../experiment/share/document';
import { hostName } from '../ui/format';
import { Facts } from '../ui/Facts';
import type { RunDocument } from '../../experiment/share/document';
import type { Opened } from '../../experiment/share/open';

const short = (digest: string): ReactNode => <code title={digest}>{digest.slice(0, 12)}</code>;

function placeOf({ location }: ModelRef): string {
  if (!location) return 'bundled with the lab';
  return location.kind === 'hub'
    ? `${hostName(location.host)}, commit ${location.commit.slice(0, 12)}`
    : 'a folder of the author’s disk';
}

export function Contents({ opened }: { opened: Opened<RunDocument> }) {
  const { document, digest, migrated } = opened;
  const { experiment, pins } = document.spec;
  const { source, target } = experiment.models;
  return (
    <section className="contents" aria-labelledby="contents-title">
      <h2 id="contents-title">What was run</h2>
      <Facts
        facts={[
          { name: 'Small model', value: pins.source.title, note: `${source.id}, ${source.dtype}; ${placeOf(source)}` },
          { name: 'Large model', value: pins.target.title, note: `${target.id}, ${target.dtype}; ${placeOf(target)}` },
          {
            name: 'Concept',
            value: document.concept.title,
            note: experiment.concept.kind === 'preset' ? `preset ${experiment.concept.id}` : 'the author’s own',
          },
          {
            name: 'Corpus',
            value: experiment.corpus.id,
            note: `up to ${experiment.corpus.maxTokens.toLocaleString('en')} tokens, seed ${experiment.corpus.seed}`,
          },
          { name: 'Computed on', value: pins.backend === 'webgpu' ? 'WebGPU' : 'WASM', note: pins.adapter },
          {
            name: 'Lab',
            value: pins.app,
            note: Object.entries(pins.versions)
              .map(([name, version]) => `${name} ${version}`)
              .join(' · '),
          },
          {
            name: 'Experiment',
            value: short(digestOf(experiment)),
            note: document.lineage.parent ? <>forked from {short(document.lineage.parent)}</> : 'no parent',
          },
          {
            name: 'Document',
            value: short(digest),
            note: migrated.length > 0 ? `brought up to date: ${migrated.join(', ')}` : 'SHA-256 of its canonical JSON',
          },
        ]}
      />
      <details>
        <summary>Digests</summary>
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Digests">
          <table className="data">
            <tbody>
              {[
                ...filesOf('Small model', pins.source),
                ...filesOf('Large model', pins.target),
                ['Corpus', pins.corpus],
                ['Preset', pins.preset],
                ['WGSL kernels', pins.kernels],
              ].map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    <code>{value}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
      <details>
        <summary>All settings, as JSON</summary>
        <pre className="settings-json" tabIndex={0}>
          {JSON.stringify(experiment, null, 2)}
        </pre>
      </details>
    </section>
  );
}

function filesOf(role: string, { digest, files }: Pins['source']): string[][] {
  return files ? files.map(({ path, sha256 }) => [`${role}, ${path}`, sha256]) : [[`${role}, all files`, digest]];
}
