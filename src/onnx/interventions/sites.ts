/** Where operations are done to the stream. */
import type { Operation } from '../../experiment/schema';

/** One operation after block `block`, 0-based. */
export interface SteerSite {
  readonly block: number;
  readonly op: Operation;
}

/** Sites at which a vector is added. */
export function adds(...blocks: readonly number[]): SteerSite[] {
  return blocks.map((block) => ({ block, op: 'add' }));
}
