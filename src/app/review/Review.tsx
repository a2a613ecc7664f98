/**
 * Review mode: a link opened at once, without engine, models or network. The author's texts, figures and claims, marked
 * as claimed, until the reader verifies them here.
 */
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { digestOf } from '../../experiment/digest';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { AddressDocument, RunDocument } from '../../experiment/share/document';
import { openBundle, openLink, type Opened } from '../../experiment/share/open';
import { compareClaims } from '../../experiment/share/verification';

import { ThemeSwitch } from '../ui/ThemeSwitch';
import { openExperiment, useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes as byteText, count, hostName } from '../ui/format';
import { ClaimsTable } from './ClaimsTable';
import { Contents } from './Contents';
import { Continuations } from './Continuations';
import { HostGate, type Purpose } from './HostGate';
import { strangeHosts } from './hosts';
import { fetchBundle } from '../../net/fetch-bundle';
import { RatesFigure } from './RatesFigure';
import { useVerification } from './useVerification';
import { VerifyPanel } from './VerifyPanel';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';
import '../figures/rates.css';
import { claimValue } from './values';
import './review.css';

export default function Review({ fragment }: { fragment: string }) {
  const words = useWords();
  const read = useMemo((): { opened: Opened | null; error: LabErrorJson | null } => {
    if (!fragment.startsWith('#/x/')) return { opened: null, error: null };
    try {
      return { opened: openLink(fragment), error: null };
    } catch (thrown) {
      return { opened: null, error: LabError.from(thrown).toJSON() };
    }
  }, [fragment]);
  const [bundle, setBundle] = useState<Opened<RunDocument> | null>(null);
  useEffect(() => {
    performance.mark('lrt:review');
    document.documentElement.dataset.page = 'review';
    return () => {
      delete document.documentElement.dataset.page;
    };
  }, []);
  const shown = bundle ?? read.opened;
  if (read.error) {
    return (
      <Frame title={words.text('review.unreadable')}>
        <LinkProblem error={read.error} payload={fragment} />
        <OpenFile onOpened={setBundle} />
      </Frame>
    );
  }
  if (!shown) {
    return (
      <Frame title={words.text('review.bundle')}>
        <OpenFile onOpened={setBundle} />
      </Frame>
    );
  }
  return isRun(shown) ? (
    <ReviewRun opened={shown} />
  ) : (
    <Address document={shown.document as AddressDocument} onOpened={setBundle} />
  );
}

const isRun = (opened: Opened): opened is Opened<RunDocument> => opened.document.kind === 'run';

function Frame({ title, children }: { title: string; children: ReactNode }) {
  const words = useWords();
  return (
    <>
      <header className="topbar">
        <p className="wordmark">
          <a href="./">{words.text('shell.name')}</a>
        </p>
        <div className="topbar-what">
          <p className="topbar-title">{title}</p>
          <p className="provenance">{words.text('review.provenance')}</p>
        </div>
        <div className="topbar-tools">
          <ThemeSwitch />
        </div>
      </header>
      <main className="workspace review" data-page="review">
        {children}
      </main>
    </>
  );
}

/** What is wrong with a link, and what came, for copying. Nothing is read from it. */
function LinkProblem({ error, payload }: { error: LabErrorJson; payload: string }) {
  const words = useWords();
  const [copied, setCopied] = useState(false);
  return (
    <section className="link-problem">
      <h1>{words.text('review.unreadable')}</h1>
      <ErrorNote error={error} />
      <label htmlFor="payload">{words.text('review.payload', { count: count(payload.length) })}</label>
      <textarea
        id="payload"
        data-testid="payload"
        readOnly
        rows={6}
        value={payload}
        onFocus={(event) => event.target.select()}
      />
      <button type="button" onClick={() => void navigator.clipboard.writeText(payload).then(() => setCopied(true))}>
        {words.text(copied ? 'ui.copied' : 'review.copy-it')}
      </button>
      <p>
        <a href="./">{words.text('review.open-lab')}</a>
      </p>
    </section>
  );
}

/** A bundle file from disk. */
function OpenFile({ onOpened }: { onOpened: (opened: Opened<RunDocument>) => void }) {
  const words = useWords();
  const [error, setError] = useState<LabErrorJson | null>(null);
  return (
    <section className="open-file">
      <label htmlFor="bundle-file">{words.text('review.open-bundle')}</label>
      <input
        id="bundle-file"
        type="file"
        accept=".json,application/json"
        data-testid="bundle-file"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (!file) return;
          setError(null);
          file
            .text()
            .then(openBundle)
            .then(onOpened, (thrown: unknown) => setError(LabError.from(thrown).toJSON()));
        }}
      />
      {error && <ErrorNote error={error} />}
    </section>
  );
}

/** A link to a bundle elsewhere: nothing is fetched before it is asked for, by name of the host. */
function Address({
  document,
  onOpened,
}: {
  document: AddressDocument;
  onOpened: (opened: Opened<RunDocument>) => void;
}) {
  const words = useWords();
  const [error, setError] = useState<LabErrorJson | null>(null);
  const [fetching, setFetching] = useState(false);
  const [asking, setAsking] = useState(false);
  const host = hostName(document.url);
  const strange = strangeHosts(document, location.host);
  const fetchIt = (): void => {
    setFetching(true);
    setError(null);
    fetchBundle(document)
      .then(onOpened, (thrown: unknown) => setError(LabError.from(thrown).toJSON()))
      .finally(() => setFetching(false));
  };
  return (
    <Frame title={document.title}>
      <section className="address">
        <h1>{document.title}</h1>
        <p>
          <Rich
            text="review.address.lead"
            params={{ size: byteText(document.bytes), host }}
            tags={{ b: (parts) => <b>{parts}</b> }}
          />
        </p>
        <dl className="address-facts">
          <dt>{words.text('review.address')}</dt>
          <dd>
            <code>{document.url}</code>
          </dd>
          <dt>{words.text('review.sha256')}</dt>
          <dd>
            <code>{document.sha256}</code>
          </dd>
        </dl>
        <button
          type="button"
          className="strong"
          data-testid="fetch-bundle"
          disabled={fetching}
          onClick={() => (strange.length > 0 ? setAsking(true) : fetchIt())}
        >
          {fetching
            ? words.text('review.fetching', { host })
            : words.text('review.fetch', { host, size: byteText(document.bytes) })}
        </button>
        {error && <ErrorNote error={error} />}
      </section>
      {asking && <HostGate hosts={strange} purpose="fetch" onAgree={fetchIt} onClose={() => setAsking(false)} />}
    </Frame>
  );
}

/** Puts the experiment into the lab, with this one as its parent. */
function fork({ document }: Opened<RunDocument>): void {
  const { experiment } = document.spec;
  useLab.setState({ recorded: 'absent', hidden: document.view.hidden });
  openExperiment(experiment, digestOf(experiment));
  useLab.temporal.getState().clear();
  history.pushState(null, '', location.pathname + location.search);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

function ReviewRun({ opened }: { opened: Opened<RunDocument> }) {
  const words = useWords();
  const { document } = opened;
  const { state, start, cancel } = useVerification(opened);
  const [agreed, setAgreed] = useState(false);
  const [asking, setAsking] = useState<{ purpose: Purpose; go: () => void } | null>(null);
  const strange = strangeHosts(document, location.host);
  const guarded = (purpose: Purpose, go: () => void): void =>
    strange.length > 0 && !agreed ? setAsking({ purpose, go }) : go();
  const { title } = document.spec.experiment;
  const { mode, hidden } = document.view;
  const outcome = (['verdict', 'outcome'] as const)
    .map((wanted) => document.claims.find(({ id }) => id === wanted))
    .find((claim) => claim !== undefined);
  // Once a verification has begun, what it has not come to yet is not run.
  const checks = state.result?.claims ?? (state.steps.length > 0 ? compareClaims(document.claims, null) : null);

  useEffect(() => {
    globalThis.document.title = words.text('review.page-title', { title });
    return () => {
      globalThis.document.title = words.text('shell.name');
    };
  }, [title, words]);
  const straight = mode === 'lab' && strange.length === 0;
  useEffect(() => {
    if (straight) fork(opened);
  }, [straight, opened]);

  return (
    <Frame title={title}>
      <header className="review-head">
        <p className="claimed-line">
          <Rich
            text="review.claimed-line"
            params={{
              known: outcome !== undefined,
              outcome: outcome ? claimValue(words, outcome.id, outcome.value) : '',
              concept: document.concept.title,
              source: document.spec.pins.source.title,
              target: document.spec.pins.target.title,
            }}
            tags={{ mark: (parts) => <span className="claimed-mark">{parts}</span> }}
          />
        </p>
        <h1>{title}</h1>
        {document.note && <p className="review-note">{document.note}</p>}
        {!hidden.includes('fork') && (
          <button type="button" data-testid="fork" onClick={() => guarded('lab', () => fork(opened))}>
            {words.text('review.fork')}
          </button>
        )}
      </header>
      {!hidden.includes('verify') && (
        <VerifyPanel state={state} onStart={(depth) => guarded('verify', () => start(depth))} onCancel={cancel} />
      )}
      <RatesFigure document={document} checks={state.result?.claims ?? null} />
      <ClaimsTable document={document} checks={checks} />
      {document.evidence ? (
        <Continuations evidence={document.evidence} concept={document.concept} />
      ) : (
        <p className="muted">{words.text('review.short-link')}</p>
      )}
      <Contents opened={opened} />
      {asking && (
        <HostGate
          hosts={strange}
          purpose={asking.purpose}
          onAgree={() => {
            setAgreed(true);
            asking.go();
          }}
          onClose={() => setAsking(null)}
        />
      )}
    </Frame>
  );
}
