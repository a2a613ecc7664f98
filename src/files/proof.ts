/**
 * The proof of the exported files: which files of a kept run are read by which programs. tools/prove-files.ts makes the record
 * where Python and llama.cpp are; the tests hold the exporters and the lab's own runtime against it where they are not.
 */
import { sha256Hex } from '../experiment/digest';
import type { MapArrays, Run } from '../experiment/run';
import { parseRun } from '../experiment/run-schema';
import type { ContrastPair } from '../experiment/schema';
import { outputsOf } from './outputs';
import { VECTOR_NAMES, type VectorName } from './steering';

/** The kept run, whatever its version. Its files name the settings by the digest that they had when they were proved. */
export function proofRun(document: unknown): Run {
  const { experimentDigest } = document as Pick<Run, 'experimentDigest'>;
  return { ...parseRun(document), experimentDigest };
}

/** Texts that a careless writer breaks on. */
export const PROOF_PAIRS: readonly ContrastPair[] = [
  { positive: 'I love it.', negative: 'I hate it.' },
  { positive: 'She said “yes”,\nand "meant" it.', negative: 'She said “no”,\nand "meant" it.' },
  { positive: 'a,b;c\td \\n é 猫', negative: "it's 'quoted', twice" },
];

/** Which model is steered with what; `factor` as a user gives it. */
export interface ProofCase {
  role: 'source' | 'target';
  vector: VectorName | null;
  factor: number;
}

export const PROOF_CASES: readonly ProofCase[] = [
  { role: 'target', vector: null, factor: 0 },
  { role: 'target', vector: 'mapped', factor: 1 },
  { role: 'target', vector: 'mapped', factor: -1 },
  { role: 'target', vector: 'native', factor: 1 },
  { role: 'source', vector: null, factor: 0 },
  { role: 'source', vector: 'source', factor: 1 },
];

/** What one program made of one case. */
export interface CaseResult {
  /** Log-probabilities of the next token over the vocabulary, base64 of little-endian float32. */
  logprobs: string;
  /** Greedy continuation, token ids. */
  greedy: number[];
}

export interface ProofRecord {
  schema: 1;
  /** These results were recorded on the day, not computed by whoever reads them. */
  recorded: string;
  /** Programs with their versions. */
  programs: Record<string, string>;
  /** SHA-256 of what went in: the kept run, the map, the models' weights. */
  inputs: Record<string, string>;
  /** Exported files with their digests, and what each program made of them. */
  files: { name: string; bytes: number; sha256: string; readers: { program: string; found: string }[] }[];
  prompt: { text: string; ids: number[] };
  cases: (ProofCase & { llama: CaseResult; transformers: CaseResult; maxDifference: number })[];
}

export interface ProvedFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Every exported file that another program reads, of the kept run. */
export function provedFiles(run: Run, map: MapArrays): ProvedFile[] {
  const seen = new Map<string, ProvedFile>();
  for (const vector of VECTOR_NAMES) {
    for (const { id, name, contents } of outputsOf(run, { vector, map, pairs: PROOF_PAIRS })) {
      // The script of the first vector stands for the others; what only the lab itself reads is proved by its own tests.
      if (seen.has(name) || id === 'experiment' || id === 'run' || id === 'report-md' || id === 'report-html') continue;
      const made = contents();
      seen.set(name, { name, bytes: typeof made === 'string' ? new TextEncoder().encode(made) : made });
    }
  }
  return [...seen.values()];
}

export const digestsOf = (files: readonly ProvedFile[]): Record<string, string> =>
  Object.fromEntries(files.map(({ name, bytes }) => [name, sha256Hex(bytes)]));

/** The table of files and programs, for a terminal. */
export function proofTable({ files, programs, recorded }: ProofRecord): string {
  const rows = files.flatMap(({ name, readers }) =>
    readers.map(
      ({ program, found }, i) =>
        `  ${(i === 0 ? name : '').padEnd(20)} ${`${program} ${programs[program] ?? ''}`.trim().padEnd(36)} ${found}`,
    ),
  );
  return [`Exported files and the programs that read them (recorded ${recorded.slice(0, 10)}):`, ...rows].join('\n');
}
