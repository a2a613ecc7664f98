/**
 * What is asked of every tokenizer before anything is run with it: texts that touch every feature a tokenizer.json can
 * state are encoded and decoded again. What fails is named: nothing later would tell it from a poor model.
 */
import { LabError } from '../experiment/errors';
import type { ModelTokenizer } from './types';

type Json = Record<string, unknown>;

/** Words, cases and spaces; digits and punctuation; line ends and tabs; accents, composed and not; other scripts; beyond the first plane. */
const PROBES = [
  'The cat sat on the mat.',
  'In 2024, 1,234.5 people (or so) said: “Isn’t it?” — yes!',
  'one\ntwo\n\n\tthree   four',
  'Ä é e\u0301 ñ Straße',
  '漢字 かな 한국어 العربية ελληνικά',
  '🦊 👩‍👧 ½ ٣',
  '<div class="a_b">{x: [1]}</div> // \\ ~ ^ | @#$%&*+=',
];

/** What two texts have in common when case, accents and space are left out of both: what a tokenizer may lose. */
const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{White_Space}\p{Cf}\u2581]/gu, '')
    .toLowerCase()
    // Of a word's end, where it stands alone.
    .replaceAll('ς', 'σ');

function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of part) {
    const found = whole.indexOf(character, at);
    if (found === -1) return false;
    at = found + character.length;
  }
  return true;
}

/** Whether the file lets characters go: by a pattern that is removed, or without an unknown token. */
function losesCharacters(json: Json): boolean {
  const { type, unk_token: unknown, byte_fallback: fallback } = (json.model ?? {}) as Json;
  const silent = type === 'BPE' && typeof unknown !== 'string' && fallback !== true;
  const removes = (part: unknown): boolean => {
    if (part === null || typeof part !== 'object') return false;
    const { behavior, pretokenizers } = part as Json;
    if (typeof behavior === 'string' && behavior.toLowerCase() === 'removed') return true;
    return Array.isArray(pretokenizers) && pretokenizers.some(removes);
  };
  return silent || removes(json.pre_tokenizer);
}

/** Whether the file states bytes for whatever the vocabulary lacks, and its vocabulary has all of them. */
function hasAllBytes(json: Json): boolean {
  const { byte_fallback: fallback, vocab } = (json.model ?? {}) as Json;
  if (fallback !== true || vocab === null || typeof vocab !== 'object') return false;
  const names = new Set(
    Array.isArray(vocab) ? (vocab as [string, number][]).map(([token]) => token) : Object.keys(vocab),
  );
  return Array.from({ length: 256 }, (_, byte) => byte).every((byte) =>
    names.has(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  );
}

/** Added tokens that are looked for; some vocabularies have thousands. */
const MOST_ADDED = 512;

/**
 * @param json parsed tokenizer.json
 * @param normalise what its normaliser makes of a text
 * @throws LabError `model-invalid.tokenizer-ids`, `.tokenizer-unknown`, `.tokenizer-texts` or `.tokenizer-added`, with the text
 */
export function probeTokenizer(
  tokenizer: Pick<ModelTokenizer, 'encodeRendered' | 'decode' | 'unknownId'>,
  json: Json,
  normalise: (text: string) => string,
  modelId: string,
): void {
  const id = modelId;
  const { unknownId } = tokenizer;
  const loses = losesCharacters(json);
  const allBytes = hasAllBytes(json);
  const unknown = unknownId === null ? '' : fold(tokenizer.decode([unknownId]));
  for (const text of PROBES) {
    const ids = tokenizer.encodeRendered(text);
    if (!ids.every((each) => Number.isInteger(each) && each >= 0))
      throw new LabError('model-invalid.tokenizer-ids', { id, text });
    const lacking = ids.filter((each) => each === unknownId).length;
    if (lacking > 0 && allBytes) throw new LabError('model-invalid.tokenizer-unknown', { id, text, count: lacking });
    const wanted = fold(normalise(text));
    const decoded = fold(tokenizer.decode(ids));
    const whole = lacking === 0 && !loses;
    const found = unknown === '' ? decoded : decoded.replaceAll(unknown, '');
    if (whole ? decoded !== wanted : !isSubsequence(found, wanted))
      throw new LabError('model-invalid.tokenizer-texts', { id, text, got: tokenizer.decode(ids) });
  }
  const added = ((json.added_tokens ?? []) as Json[]).slice(0, MOST_ADDED);
  for (const { content, id: own, normalized } of added) {
    if (typeof content !== 'string' || content === '' || normalized === true) continue;
    if (!tokenizer.encodeRendered(content).includes(Number(own)))
      throw new LabError('model-invalid.tokenizer-added', { id, token: content });
  }
}
