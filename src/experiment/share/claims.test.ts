import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ARMS, isCore } from '../arms';
import { message } from '../message';
import type { Chain, Run } from '../run';
import { DEFAULT_THRESHOLDS } from '../thresholds';
import { wordsOf } from '../../i18n/text';
import { CLAIM_IDS, claimMessages, claimsOf, toleranceOf, type Claim } from './claims';
import { documentDigest, decodeLink } from './codec';
import { documentOf, linksOf, markdownOf, MEDIUM_LINK, SMALL_LINK } from './make';

const recorded = JSON.parse(
  readFileSync(new URL('../../../public/recorded/mood.json', import.meta.url), 'utf8'),
) as Run;
const ENDS = { positive: 'cheerful', negative: 'gloomy' };

test('the recorded run claims every headline number once, as it is in the run', () => {
  const claims = claimsOf(recorded);
  // Controls that came after the recording are absent from it; nothing is claimed of them.
  const absent = ARMS.filter((id) => !recorded.evidence.arms.some(({ name }) => name === id));
  expect(absent.filter(isCore)).toEqual([]);
  expect(claims.map(({ id }) => id).toSorted()).toEqual(
    CLAIM_IDS.filter((id) => !absent.some((arm) => id.startsWith(`rate.${arm}.`)))
      // What a chain of questions claims, where there is one.
      .filter((id) => recorded.evidence.verdict.chain !== undefined || !['verdict', 'transfer.share'].includes(id))
      .toSorted(),
  );
  const of = (id: string): (typeof claims)[number] => claims.find((claim) => claim.id === id)!;
  expect(of('map.r2').value).toBeCloseTo(recorded.map.heldOutR2, 4);
  expect(of('outcome').value).toBe(recorded.evidence.verdict.outcome);
  for (const arm of recorded.evidence.arms) {
    const claim = of(`rate.${arm.name}.${arm.direction}`);
    expect(claim.value).toBeCloseTo(arm.conceptRate.value, 4);
    expect(claim.n).toBe(arm.conceptRate.n);
  }
  const { say } = wordsOf('en');
  const labels = claims.map(({ id }) => say(claimMessages(id, ENDS).label));
  expect(new Set(labels).size).toBe(claims.length);
  expect(labels).toContain('p95 KL, Large + mapped toward cheerful');
  expect(labels).toContain('Small, on the side of cheerful');
  for (const { id } of claims) expect(say(claimMessages(id, ENDS).help)).toMatch(/\.$/);
});

test('what a quick verification has gives the claims of the map and the vector alone', () => {
  expect(claimsOf({ map: recorded.map, steer: recorded.steer }).map(({ id }) => id)).toEqual([
    'layer.source',
    'layer.target',
    'map.lambda',
    'map.r2',
    'map.shuffled',
    'map.cosine',
    'vector.cosine',
  ]);
});

test('a figure that is not finite is not claimed', () => {
  expect(claimsOf({ map: { ...recorded.map, shuffledR2: NaN } }).map(({ id }) => id)).not.toContain('map.shuffled');
});

test('the tolerance of a rate is that of two samples: wider for fewer continuations, never zero', () => {
  const rate = (value: number, n: number): number => toleranceOf({ id: 'rate.mapped.positive', value, n }).value;
  // 3.29 · √(2 · p(1 − p)/n) with p drawn to one half by four observations, worked by hand.
  expect(rate(0.5, 64)).toBeCloseTo(0.29, 5);
  expect(rate(0.5, 640)).toBeCloseTo(0.092, 5);
  expect(rate(1, 64)).toBeCloseTo(0.098, 5);
  expect(rate(0, 8)).toBeCloseTo(0.61, 5);
});

test('the recorded run fits a small link with its claims and a medium one with its evidence', () => {
  const links = linksOf(documentOf(recorded), 'https://example.org/lrt-lab/');
  console.log(links.map(({ tier, carries, characters }) => `${tier}: ${carries}, ${characters} characters`).join('; '));
  expect(links.map(({ tier, carries }) => [tier, carries])).toEqual([
    ['small', 'claims'],
    ['medium', 'evidence and vectors'],
  ]);
  expect(links[0].characters).toBeLessThanOrEqual(SMALL_LINK);
  expect(links[1].characters).toBeLessThanOrEqual(MEDIUM_LINK);
  for (const { link, document } of links) expect(decodeLink(link).digest).toBe(documentDigest(document));
});

test('vectors that are too long are left out, evidence stays; a run that fits nowhere has no link', () => {
  const document = documentOf(recorded);
  const random = (bytes: number): string =>
    Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7919 + (i >> 3) * 104_729) & 255)).toString('base64');
  const wide = {
    ...document,
    evidence: { ...document.evidence!, vectors: { source: random(8192), mapped: random(8192), native: random(8192) } },
  };
  expect(linksOf(wide, '').map(({ tier, carries }) => [tier, carries])).toEqual([
    ['small', 'claims'],
    ['medium', 'evidence'],
  ]);
  const pairs = Array.from({ length: 400 }, (_, i) => ({
    positive: random(40 + (i % 9)).slice(i % 7),
    negative: `${i * 7919} ${random(30)}`,
  }));
  const own = {
    ...document.spec.experiment,
    concept: {
      kind: 'pairs' as const,
      title: 'own',
      positive: 'a',
      negative: 'b',
      pairs,
      promptsFrom: 'mood',
      positiveWords: ['a'],
      negativeWords: ['b'],
    },
  };
  expect(
    linksOf({ ...document, note: random(900), spec: { ...document.spec, experiment: own } }, 'x'.repeat(7000)),
  ).toEqual([]);
});

test('a title cannot leave its Markdown link', () => {
  expect(markdownOf('a](x) [b\\\n c', 'https://example.org/#/x/1/A~0')).toBe(
    '[a\\](x) \\[b\\\\ c](<https://example.org/#/x/1/A~0>)',
  );
});

test('a run whose verdict is a chain claims what the chain came to, and its links nothing of the earlier rule', () => {
  const chain: Chain = {
    outcome: 'transfers',
    provisional: false,
    sides: ['positive', 'negative'],
    sentence: message('run.chain.unasked'),
    r: 0.7,
    prompts: 48,
    thresholds: DEFAULT_THRESHOLDS,
    steps: [],
    compared: [],
    share: {
      mapped: 0.8,
      native: 0.9,
      ratio: { value: 0.89, interval: [0.8, 0.97] },
      g: 0.01,
      band: null,
      saturated: false,
    },
  };
  const { evidence } = recorded;
  const run = { ...recorded, evidence: { ...evidence, verdict: { ...evidence.verdict, chain } } };
  const claims = claimsOf(run);
  const of = (id: string): Claim => claims.find((claim) => claim.id === id)!;
  expect(of('verdict')).toEqual({ id: 'verdict', value: 'transfers', tolerance: { basis: 'exact', value: 0 } });
  expect(of('transfer.share')).toMatchObject({ value: 0.89, interval: [0.8, 0.97], tolerance: { basis: 'interval' } });
  // An old link still finds what it claims.
  expect(of('outcome').value).toBe(evidence.verdict.outcome);
  const shared = documentOf(run).claims.map(({ id }) => id);
  expect(shared).toEqual(expect.arrayContaining(['verdict', 'transfer.share']));
  expect(shared).not.toContain('outcome');
  expect(shared).not.toContain('transfer.ratio');
  // Without a share nothing is claimed of it, whatever the earlier rule's ratio.
  const none = {
    ...run,
    evidence: { ...run.evidence, verdict: { ...run.evidence.verdict, chain: { ...chain, share: null } } },
  };
  expect(claimsOf(none).map(({ id }) => id)).not.toContain('transfer.share');
});
