/** Float32 multiply-add peaks of cards, without tensor cores, by their makers' data sheets. */
import type { Card } from './report';

/** Operations a second (2 a multiply-add). The first pattern that a name matches counts. */
const PEAKS: readonly (readonly [RegExp, number])[] = [
  [/H100 PCIe/, 51.2e12],
  [/H100 NVL/, 60e12],
  // "NVIDIA H100 80GB HBM3" is the SXM5 board.
  [/H100/, 66.9e12],
  [/H200 NVL/, 60e12],
  [/H200/, 66.9e12],
  [/A100/, 19.5e12],
  [/L40S/, 91.6e12],
  [/\bL4\b/, 30.3e12],
  [/\bA10G?\b/, 31.2e12],
  [/\bT4\b/, 8.1e12],
  [/RTX 4090(?! (?:D|Laptop))/, 82.6e12],
  [/RTX 3090(?! Ti)/, 35.6e12],
];

/** The peak by a card's name; null where the table does not have it: then only what was measured is told. */
export function peakOf(name: string): number | null {
  return PEAKS.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Arguments of nvidia-smi whose answer `cardFrom` reads. */
export const SMI_QUERY = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits'];

/** The first card of nvidia-smi's answer; null where it names none. */
export function cardFrom(answer: string): Card | null {
  const [name = '', driver = '', memory = ''] = (answer.trim().split('\n')[0] ?? '')
    .split(',')
    .map((cell) => cell.trim());
  if (name === '' || driver === '') return null;
  const memoryMiB = Number.parseInt(memory, 10);
  return { name, driver, memoryMiB: Number.isFinite(memoryMiB) ? memoryMiB : null, peakFlops: peakOf(name) };
}
