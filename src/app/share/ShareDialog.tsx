/** Shares the run on screen: as a link in one of two sizes, as a file, or as a link to a file elsewhere. */
import encodeQR from 'qr';
import { useEffect, useMemo, useRef, useState } from 'react';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { BUNDLE_SUFFIX, writeBundle } from '../../experiment/bundle';
import { sha256Hex } from '../../experiment/digest';
import type { Run } from '../../experiment/run';
import { encodeFragment } from '../../experiment/share/codec';
import { LINK_SCHEMA, type Hideable, type View } from '../../experiment/share/document';
import {
  documentOf,
  linksOf,
  markdownOf,
  MEDIUM_LINK,
  REVIEW_VIEW,
  SMALL_LINK,
  type SharedLink,
} from '../../experiment/share/make';
import { downloadText } from '../figures/export';
import { useLab } from '../state/store';
import { bytes as byteText, count } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import './share.css';

type Choice = 'small' | 'medium' | 'file' | 'address';

/** Most bytes that a QR code of version 40 holds at its lowest error correction (ISO/IEC 18004). */
const QR_BYTES = 2953;

const HIDEABLE: { name: Hideable; label: string }[] = [
  { name: 'verify', label: 'Verify' },
  { name: 'fork', label: 'Fork into the lab' },
  { name: 'settings', label: 'Settings' },
  { name: 'backend', label: 'Backend' },
  { name: 'share', label: 'Share' },
];

export default function ShareDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const run = useLab((s) => s.run);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog share"
      aria-labelledby="share-title"
      onClose={() => useLab.setState({ shareOpen: false })}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <header className="share-head">
        <h2 id="share-title">Share this run</h2>
        <button type="button" className="quiet" data-testid="share-close" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {run ? <Share run={run} /> : <p className="muted">There is no run to share yet.</p>}
    </dialog>
  );
}

function Share({ run }: { run: Run }) {
  // Settings that were run again as they were are no fork of themselves.
  const lineage = useLab((s) => (s.runParent === run.experimentDigest ? null : s.runParent));
  const stale = useLab((s) => JSON.stringify(s.experiment) !== JSON.stringify(run.experiment));
  const [note, setNote] = useState('');
  const [hidden, setHidden] = useState<Hideable[]>([]);
  const [mode, setMode] = useState<View['mode']>('review');
  const [url, setUrl] = useState('');
  // One time for the whole dialog: the digest of the bundle must not move under the link that has it.
  const [opened] = useState(() => new Date());
  const base = location.origin + location.pathname;
  const document = useMemo(
    () => documentOf(run, { note, parent: lineage, view: { ...REVIEW_VIEW, mode, hidden } }),
    [run, note, lineage, mode, hidden],
  );
  const links = useMemo(() => linksOf(document, base), [document, base]);
  const [choice, setChoice] = useState<Choice>(links[0]?.tier ?? 'file');
  const chosen = links.find(({ tier }) => tier === choice);
  const { title } = run.experiment;

  const bundle = useMemo(
    () =>
      choice === 'file' || choice === 'address'
        ? writeBundle(
            [{ name: title, created: opened, parent: lineage, experiment: run.experiment, run, share: document }],
            run.app.version,
            opened,
          ).text
        : null,
    [choice, document, lineage, opened, run, title],
  );
  const address = choice === 'address' && bundle ? addressLink(base, title, url, bundle) : null;
  const link = chosen?.link ?? address;

  return (
    <>
      {stale && (
        <p className="share-note">The settings have been changed since this run. The link is of the run on screen.</p>
      )}
      <fieldset className="share-tiers">
        <legend className="visually-hidden">How to share it</legend>
        <Tier
          value="small"
          choice={choice}
          onChoose={setChoice}
          title="Short link"
          size={sizeOf(links, 'small')}
          what={`Settings, digests and claims; at most ${count(SMALL_LINK)} characters, for any chat or paper.`}
          disabled={!links.some(({ tier }) => tier === 'small')}
        />
        <Tier
          value="medium"
          choice={choice}
          onChoose={setChoice}
          title="Link with evidence"
          size={sizeOf(links, 'medium')}
          what={mediumText(links)}
          disabled={!links.some(({ tier }) => tier === 'medium')}
        />
        <Tier
          value="file"
          choice={choice}
          onChoose={setChoice}
          title="Bundle file"
          size={bundle && choice === 'file' ? byteText(bundle.length) : ''}
          what={`The whole run with all figures, as one ${BUNDLE_SUFFIX} file. A reader opens it under “Runs”, “Review a bundle”.`}
        />
        <Tier
          value="address"
          choice={choice}
          onChoose={setChoice}
          title="Link to a file"
          size={address ? `${count(address.length)} characters` : ''}
          what="A short link with the address of the bundle, wherever you put it, and its digest."
        />
      </fieldset>
      <label className="share-field">
        A note to the reader
        <textarea
          rows={2}
          maxLength={1200}
          value={note}
          onChange={(event) => setNote(event.target.value)}
          data-testid="share-note"
        />
      </label>
      <details>
        <summary>What the reader sees first</summary>
        <Segmented<View['mode']>
          label="Opens"
          showLabel
          value={mode}
          options={[
            { value: 'review', label: 'the claims' },
            { value: 'lab', label: 'the lab, with these settings' },
          ]}
          onChange={setMode}
        />
        <p className="muted">Controls that are left out:</p>
        <div className="share-hidden">
          {HIDEABLE.map(({ name, label }) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={hidden.includes(name)}
                onChange={() =>
                  setHidden(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name])
                }
              />{' '}
              {label}
            </label>
          ))}
        </div>
      </details>
      {choice === 'address' && (
        <label className="share-field">
          Address of the file
          <input
            type="url"
            placeholder="https://…"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            data-testid="share-url"
          />
        </label>
      )}
      {bundle && (
        <p className="share-file">
          <button
            type="button"
            className={choice === 'file' ? 'strong' : undefined}
            data-testid="share-bundle"
            onClick={() => downloadText(bundle, `${fileName(title)}${BUNDLE_SUFFIX}`, 'application/json')}
          >
            Download the bundle, {byteText(bundle.length)}
          </button>
          {choice === 'address' && <span className="muted">Put exactly this file there: the link has its digest.</span>}
        </p>
      )}
      {link && <LinkOut title={title} link={link} />}
    </>
  );
}

function Tier({
  value,
  choice,
  onChoose,
  title,
  size,
  what,
  disabled = false,
}: {
  value: Choice;
  choice: Choice;
  onChoose: (choice: Choice) => void;
  title: string;
  size: string;
  what: string;
  disabled?: boolean;
}) {
  return (
    <label className={disabled ? 'share-tier disabled' : 'share-tier'} data-testid={`share-${value}`}>
      <input
        type="radio"
        name="share-tier"
        value={value}
        checked={choice === value}
        disabled={disabled}
        onChange={() => onChoose(value)}
      />
      <span className="share-tier-title">{title}</span>
      <span className="num muted">{size}</span>
      <span className="share-tier-what muted">{what}</span>
    </label>
  );
}

const sizeOf = (links: readonly SharedLink[], tier: SharedLink['tier']): string => {
  const link = links.find((each) => each.tier === tier);
  return link ? `${count(link.characters)} characters` : 'too long';
};

function mediumText(links: readonly SharedLink[]): string {
  const medium = links.find(({ tier }) => tier === 'medium');
  const limit = `at most ${count(MEDIUM_LINK)} characters`;
  if (!medium) return `Also the continuations and the vectors; ${limit}. This run needs a file.`;
  if (medium.carries === 'claims') return `Settings, digests and claims; ${limit}. The continuations do not fit.`;
  return medium.carries === 'evidence'
    ? `Also the continuations with their log-probabilities; ${limit}. The vectors do not fit and are computed again.`
    : `Also the continuations with their log-probabilities, and the vectors; ${limit}. The one to verify by.`;
}

function addressLink(base: string, title: string, url: string, bundle: string): string | null {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return null;
  const bytes = utf8ToBytes(bundle);
  return (
    base +
    encodeFragment({
      schema: LINK_SCHEMA,
      kind: 'address',
      title,
      url: new URL(url).href,
      sha256: sha256Hex(bytes),
      bytes: bytes.length,
    })
  );
}

const fileName = (title: string): string =>
  title
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60) || 'run';

function LinkOut({ title, link }: { title: string; link: string }) {
  const [copied, setCopied] = useState<string | null>(null);
  const [showCode, setShowCode] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const copy = (what: string, text: string): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(what),
      // Without permission the reader copies by hand: the text is there, selected.
      () => field.current?.select(),
    );
  };
  const fits = link.length <= QR_BYTES;
  return (
    <div className="share-out">
      <textarea
        ref={field}
        readOnly
        rows={4}
        value={link}
        aria-label="Link"
        data-testid="share-link"
        onFocus={(event) => event.target.select()}
      />
      <div className="share-copy">
        <button type="button" className="strong" data-testid="copy-link" onClick={() => copy('link', link)}>
          {copied === 'link' ? 'Copied' : 'Copy link'}
        </button>
        <button type="button" data-testid="copy-markdown" onClick={() => copy('markdown', markdownOf(title, link))}>
          {copied === 'markdown' ? 'Copied' : 'Copy as Markdown'}
        </button>
        <button
          type="button"
          data-testid="show-qr"
          disabled={!fits}
          aria-expanded={showCode}
          title={fits ? undefined : 'A QR code holds at most 2 953 characters: take the short link'}
          onClick={() => setShowCode(!showCode)}
        >
          QR code
        </button>
        <span className="visually-hidden" role="status">
          {copied ? 'Copied' : ''}
        </span>
      </div>
      {showCode && fits && <QrCode text={link} />}
    </div>
  );
}

/** One path for all dark modules, black on white in either theme: readers expect it so. */
function QrCode({ text }: { text: string }) {
  const modules = useMemo(() => encodeQR(text, 'raw', { ecc: 'low', border: 4 }), [text]);
  const path = modules.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('')).join('');
  return (
    <svg
      className="share-qr"
      data-testid="qr"
      role="img"
      aria-label="QR code of the link"
      viewBox={`0 0 ${modules.length} ${modules.length}`}
      shapeRendering="crispEdges"
    >
      <rect width={modules.length} height={modules.length} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
