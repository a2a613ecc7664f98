/** What was run, on what, and by which digests: the parts of a link that are no figures. */
import type { ReactNode } from 'react';
import { digestOf } from '../../experiment/digest';
import type { ModelRef } from '../../experiment/model-ref';
import type { Pins } from '../../experiment/share/document';
import { count, hostName } from '../ui/format';
import { Facts } from '../ui/Facts';
import type { RunDocument } from '../../experiment/share/document';
import type { Opened } from '../../experiment/share/open';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';
import type { Words } from '../../i18n/text';

const short = (digest: string): ReactNode => <code title={digest}>{digest.slice(0, 12)}</code>;

function placeOf(words: Words, { location }: ModelRef): string {
  if (!location) return words.text('review.place.bundled');
  return location.kind === 'hub'
    ? words.text('review.place.host', { host: hostName(location.host), commit: location.commit.slice(0, 12) })
    : words.text('review.place.folder');
}

export function Contents({ opened }: { opened: Opened<RunDocument> }) {
  const words = useWords();
  const { document, digest, migrated } = opened;
  const { experiment, pins } = document.spec;
  const { source, target } = experiment.models;
  return (
    <section className="contents" aria-labelledby="contents-title">
      <h2 id="contents-title">{words.text('review.contents')}</h2>
      <Facts
        facts={[
          {
            name: words.text('review.small-model'),
            value: pins.source.title,
            note: words.text('review.model-note', {
              id: source.id,
              dtype: source.dtype,
              place: placeOf(words, source),
            }),
          },
          {
            name: words.text('review.large-model'),
            value: pins.target.title,
            note: words.text('review.model-note', {
              id: target.id,
              dtype: target.dtype,
              place: placeOf(words, target),
            }),
          },
          {
            name: words.text('review.concept'),
            value: document.concept.title,
            note:
              experiment.concept.kind === 'preset'
                ? words.text('review.concept.preset', { id: experiment.concept.id })
                : words.text('review.concept.own'),
          },
          {
            name: words.text('review.corpus'),
            value: experiment.corpus.id,
            note: words.text('review.corpus.note', {
              tokens: count(experiment.corpus.maxTokens),
              seed: experiment.corpus.seed,
            }),
          },
          {
            name: words.text('review.computed-on'),
            value: words.text(`ui.backend.${pins.backend}`),
            note: pins.adapter,
          },
          {
            name: words.text('review.lab'),
            value: pins.app,
            note: Object.entries(pins.versions)
              .map(([name, version]) => `${name} ${version}`)
              .join(' · '),
          },
          {
            name: words.text('review.experiment'),
            value: short(digestOf(experiment)),
            note: document.lineage.parent ? (
              <Rich
                text="review.forked-from"
                params={{ digest: document.lineage.parent.slice(0, 12) }}
                tags={{ code: (parts) => <code title={document.lineage.parent!}>{parts}</code> }}
              />
            ) : (
              words.text('review.no-parent')
            ),
          },
          {
            name: words.text('review.document'),
            value: short(digest),
            note:
              migrated.length > 0
                ? words.text('review.document.migrated', { steps: migrated.join(', ') })
                : words.text('review.document.digest'),
          },
        ]}
      />
      <details>
        <summary>{words.text('review.digests')}</summary>
        <div className="table-scroll" tabIndex={0} role="region" aria-label={words.text('review.digests')}>
          <table className="data">
            <tbody>
              {[
                ...filesOf(words, words.text('review.small-model'), pins.source),
                ...filesOf(words, words.text('review.large-model'), pins.target),
                [words.text('review.corpus'), pins.corpus],
                [words.text('review.preset'), pins.preset],
                [words.text('review.kernels'), pins.kernels],
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
        <summary>{words.text('review.settings-json')}</summary>
        <pre className="settings-json" tabIndex={0}>
          {JSON.stringify(experiment, null, 2)}
        </pre>
      </details>
    </section>
  );
}

function filesOf(words: Words, role: string, { digest, files }: Pins['source']): string[][] {
  return files
    ? files.map(({ path, sha256 }) => [words.text('review.files.file', { role, path }), sha256])
    : [[words.text('review.files.all', { role }), digest]];
}
