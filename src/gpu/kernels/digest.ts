/** One digest for all WGSL sources: two labs with the same one run the same kernels. */
import { digestOf } from '../../experiment/digest';

const SOURCES = import.meta.glob<string>('./**/*.wgsl', { query: '?raw', import: 'default', eager: true });

let known: string | null = null;

/** SHA-256 over the canonical JSON of path → source. */
export function kernelsDigest(): string {
  known ??= digestOf(SOURCES);
  return known;
}
