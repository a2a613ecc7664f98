/** Shared documents and links from runs, in tiers by size. */
import { fromBase64 } from '../base64';
import { LabError } from '../errors';
import { packHalf } from '../half';
import type { Run, VectorResult } from '../run';
import { claimsOf, type Claim, type ClaimId } from './claims';
import { encodeFragment } from './codec';
import { LINK_SCHEMA, listingDigest, type Evidence, type Pins, type RunDocument, type View } from './document';

/** Chat tools cut links above the first, servers above the second. Characters of the whole address. */
export const SMALL_LINK = 2000;
export const MEDIUM_LINK = 8000;

export type Tier = 'small' | 'medium' | 'bundle';

export interface ShareOptions {
  note?: string;
  view?: View;
  /** Digest of the experiment that this one was forked from. */
  parent?: string | null;
}

export const REVIEW_VIEW: View = { mode: 'review', hidden: [], lesson: null };

/**
 * The document of a run: everything that a reader needs, evidence and vectors included.
 * @throws LabError `run-invalid` for a run of an early version, which does not say what it read
 */
export function documentOf(run: Run, options: ShareOptions = {}): RunDocument {
  const { models, inputs, device, map } = run;
  if (inputs === null || map.solver === 'float64') throw new LabError('run-invalid.pins');
  const pinned = (model: Run['models']['source']): RunDocument['spec']['pins']['source'] => ({
    title: model.title,
    digest: listingDigest(model.digests),
    files: model.digests.map(({ path, sha256 }) => ({ path, sha256 })),
  });
  return {
    schema: LINK_SCHEMA,
    kind: 'run',
    note: options.note ?? '',
    spec: {
      experiment: run.experiment,
      pins: {
        source: pinned(models.source),
        target: pinned(models.target),
        corpus: inputs.corpus.sha256,
        preset: inputs.preset.sha256,
        kernels: inputs.kernels,
        app: run.app.version,
        solver: map.solver,
        backend: device.backend,
        adapter: device.adapter,
        versions: device.versions,
      },
    },
    concept: run.steer.concept,
    claims: claimsToShare(run),
    evidence: evidenceOf(run),
    view: options.view ?? REVIEW_VIEW,
    lineage: { parent: options.parent ?? null },
  };
}

/** Claims of the earlier rule: made of every run, so that old links verify by it, and shared where there is no other. */
const EARLIER: readonly ClaimId[] = ['outcome', 'transfer.ratio'];

function claimsToShare(run: Run): Claim[] {
  const claims = claimsOf(run);
  return run.evidence.verdict.chain ? claims.filter(({ id }) => !EARLIER.includes(id)) : claims;
}

function evidenceOf({ evidence: { replay }, map, steer }: Run): Evidence | null {
  if (replay === null) return null;
  return {
    prompt: replay.prompt,
    promptIds: replay.promptIds,
    layers: map.layers,
    rows: replay.rows.map(({ arm, direction, alpha, text, ids, millinats, argmax }) => ({
      arm,
      direction,
      alpha,
      text,
      ids,
      millinats,
      argmax: argmax.flatMap((id, i): [number, number][] => (id === ids[i] ? [] : [[i, id]])),
    })),
    vectors: vectorsOf(steer.vector),
  };
}

/** The unit vectors as a link carries them: float16, little-endian. */
function vectorsOf({ values }: VectorResult): NonNullable<Evidence['vectors']> {
  const half = (text: string): string => packHalf(fromBase64(text));
  return { source: half(values.source), mapped: half(values.mapped), native: half(values.native) };
}

export interface SharedLink {
  tier: Exclude<Tier, 'bundle'>;
  link: string;
  characters: number;
  /** What of the evidence it carries. */
  carries: 'claims' | 'evidence' | 'evidence and vectors';
  document: RunDocument;
}

/**
 * The links that a document fits into, the smallest first: spec and claims; with evidence, and with the vectors where
 * they fit too. Empty where nothing fits: then it takes a bundle file.
 * @param base address of the page without a fragment
 */
export function linksOf(document: RunDocument, base: string): SharedLink[] {
  const links: SharedLink[] = [];
  const offer = (
    tier: SharedLink['tier'],
    limit: number,
    carries: SharedLink['carries'],
    contents: RunDocument,
  ): boolean => {
    const link = tryLink(contents, base);
    if (link === null || link.length > limit) return false;
    links.push({ tier, link, characters: link.length, carries, document: contents });
    return true;
  };
  const bare = bareOf(document);
  // Spec and claims alone are the small link; where even they are longer, they may still do as a medium one.
  const small = offer('small', SMALL_LINK, 'claims', bare);
  const { evidence } = document;
  const medium =
    evidence !== null &&
    (offer('medium', MEDIUM_LINK, 'evidence and vectors', document) ||
      offer('medium', MEDIUM_LINK, 'evidence', { ...document, evidence: { ...evidence, vectors: null } }));
  if (!small && !medium) offer('medium', MEDIUM_LINK, 'claims', bare);
  return links;
}

/** Without evidence, with one digest for the files of a model, and without the libraries' versions: the lab's own stands for them. */
function bareOf(document: RunDocument): RunDocument {
  const { pins, experiment } = document.spec;
  const short = (model: Pins['source']): Pins['source'] => ({ ...model, files: null });
  return {
    ...document,
    evidence: null,
    spec: { experiment, pins: { ...pins, source: short(pins.source), target: short(pins.target), versions: {} } },
  };
}

function tryLink(document: RunDocument, base: string): string | null {
  try {
    return base + encodeFragment(document);
  } catch {
    return null; // too long for any link: the caller offers a bundle
  }
}

/** A link as Markdown; brackets in the title are escaped. */
export function markdownOf(title: string, link: string): string {
  return `[${title.replace(/[\\[\]]/g, '\\$&').replace(/\s+/g, ' ')}](<${link}>)`;
}
