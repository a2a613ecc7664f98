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
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';
import './share.css';

type Choice = 'small' | 'medium' | 'file' | 'address';

/** Most bytes that a QR code of version 40 holds at its lowest error correction (ISO/IEC 18004). */
const QR_BYTES = 2953;

const HIDEABLE: readonly Hideable[] = ['verify', 'fork', 'settings', 'backend', 'share'];

export default function ShareDialog() {
  const words = useWords();
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
        <h2 id="share-title">{words.text('share.title')}</h2>
        <button type="button" className="quiet" data-testid="share-close" onClick={() => dialog.current?.close()}>
          {words.text('ui.close')}
        </button>
      </header>
      {run ? <Share run={run} /> : <p className="muted">{words.text('share.none')}</p>}
    </dialog>
  );
}

function Share({ run }: { run: Run }) {
  const words = useWords();
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
      {stale && <p className="share-note">{words.text('share.stale')}</p>}
      <fieldset className="share-tiers">
        <legend className="visually-hidden">{words.text('share.how')}</legend>
        <Tier
          value="small"
          choice={choice}
          onChoose={setChoice}
          title={words.text('share.small.title')}
          size={sizeOf(words, links, 'small')}
          what={words.text('share.small.what', { limit: count(SMALL_LINK) })}
          disabled={!links.some(({ tier }) => tier === 'small')}
        />
        <Tier
          value="medium"
          choice={choice}
          onChoose={setChoice}
          title={words.text('share.medium.title')}
          size={sizeOf(words, links, 'medium')}
          what={mediumText(words, links)}
          disabled={!links.some(({ tier }) => tier === 'medium')}
        />
        <Tier
          value="file"
          choice={choice}
          onChoose={setChoice}
          title={words.text('share.file.title')}
          size={bundle && choice === 'file' ? byteText(bundle.length) : ''}
          what={words.text('share.file.what', { suffix: BUNDLE_SUFFIX })}
        />
        <Tier
          value="address"
          choice={choice}
          onChoose={setChoice}
          title={words.text('share.address.title')}
          size={address ? words.text('share.characters', { count: count(address.length) }) : ''}
          what={words.text('share.address.what')}
        />
      </fieldset>
      <label className="share-field">
        {words.text('share.note')}
        <textarea
          rows={2}
          maxLength={1200}
          value={note}
          onChange={(event) => setNote(event.target.value)}
          data-testid="share-note"
        />
      </label>
      <details>
        <summary>{words.text('share.first')}</summary>
        <Segmented<View['mode']>
          label={words.text('share.opens')}
          showLabel
          value={mode}
          options={[
            { value: 'review', label: words.text('share.opens.review') },
            { value: 'lab', label: words.text('share.opens.lab') },
          ]}
          onChange={setMode}
        />
        <p className="muted">{words.text('share.left-out')}</p>
        <div className="share-hidden">
          {HIDEABLE.map((name) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={hidden.includes(name)}
                onChange={() =>
                  setHidden(hidden.includes(name) ? hidden.filter((other) => other !== name) : [...hidden, name])
                }
              />{' '}
              {words.text(`share.hideable.${name}`)}
            </label>
          ))}
        </div>
      </details>
      {choice === 'address' && (
        <label className="share-field">
          {words.text('share.address.field')}
          <input
            type="url"
            placeholder={words.text('share.address.placeholder')}
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
            {words.text('share.download', { size: byteText(bundle.length) })}
          </button>
          {choice === 'address' && <span className="muted">{words.text('share.address.exactly')}</span>}
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

const sizeOf = (words: Words, links: readonly SharedLink[], tier: SharedLink['tier']): string => {
  const link = links.find((each) => each.tier === tier);
  return link ? words.text('share.characters', { count: count(link.characters) }) : words.text('share.too-long');
};

function mediumText(words: Words, links: readonly SharedLink[]): string {
  const medium = links.find(({ tier }) => tier === 'medium');
  const limit = count(MEDIUM_LINK);
  if (!medium) return words.text('share.medium.needs-file', { limit });
  if (medium.carries === 'claims') return words.text('share.medium.claims', { limit });
  return medium.carries === 'evidence'
    ? words.text('share.medium.evidence', { limit })
    : words.text('share.medium.all', { limit });
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
  const words = useWords();
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
        aria-label={words.text('share.link')}
        data-testid="share-link"
        onFocus={(event) => event.target.select()}
      />
      <div className="share-copy">
        <button type="button" className="strong" data-testid="copy-link" onClick={() => copy('link', link)}>
          {copied === 'link' ? words.text('ui.copied') : words.text('share.copy-link')}
        </button>
        <button type="button" data-testid="copy-markdown" onClick={() => copy('markdown', markdownOf(title, link))}>
          {copied === 'markdown' ? words.text('ui.copied') : words.text('share.copy-markdown')}
        </button>
        <button
          type="button"
          data-testid="show-qr"
          disabled={!fits}
          aria-expanded={showCode}
          title={fits ? undefined : words.text('share.qr.too-long', { limit: count(QR_BYTES) })}
          onClick={() => setShowCode(!showCode)}
        >
          {words.text('share.qr')}
        </button>
        <span className="visually-hidden" role="status">
          {copied ? words.text('ui.copied') : ''}
        </span>
      </div>
      {showCode && fits && <QrCode text={link} />}
    </div>
  );
}

/** One path for all dark modules, black on white in either theme: readers expect it so. */
function QrCode({ text }: { text: string }) {
  const words = useWords();
  const modules = useMemo(() => encodeQR(text, 'raw', { ecc: 'low', border: 4 }), [text]);
  const path = modules.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('')).join('');
  return (
    <svg
      className="share-qr"
      data-testid="qr"
      role="img"
      aria-label={words.text('share.qr.label')}
      viewBox={`0 0 ${modules.length} ${modules.length}`}
      shapeRendering="crispEdges"
    >
      <rect width={modules.length} height={modules.length} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
