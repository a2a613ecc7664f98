/** Rows of different lengths as one rectangular batch: ids, attention masks and positions, on the side that stays exact. */
import { LabError } from '../experiment/errors';

/** `right`: padding after the text; `left`: before it. */
export type Side = 'left' | 'right';

export interface PaddedBatch {
  rows: number;
  /** Columns: the longest row. */
  length: number;
  lengths: number[];
  /** Row-major [rows, length]; padding is id 0, which no valid position attends to. */
  ids: BigInt64Array;
  /** 1 at tokens, 0 at padding; [rows, length]. */
  mask: BigInt64Array;
  /** Position of each token in its own row, 0 at left padding; [rows, length]. */
  positions: BigInt64Array;
}

/** Lays rows out with padding on one side. Rows must not be empty. */
export function padRows(rows: readonly (readonly number[])[], side: Side): PaddedBatch {
  const lengths = rows.map((row) => row.length);
  const length = Math.max(...lengths);
  const ids = new BigInt64Array(rows.length * length);
  const mask = new BigInt64Array(rows.length * length);
  const positions = new BigInt64Array(rows.length * length);
  rows.forEach((row, r) => {
    const offset = side === 'left' ? length - row.length : 0;
    for (let i = 0; i < length; i++) {
      const at = r * length + i;
      const inRow = i - offset;
      positions[at] = BigInt(Math.max(0, inRow));
      if (inRow < 0 || inRow >= row.length) continue;
      ids[at] = BigInt(row[inRow]);
      mask[at] = 1n;
    }
  });
  return { rows: rows.length, length, lengths, ids, mask, positions };
}

/**
 * Mask of a decode step that makes row r `valid[r]` tokens long, in `total` columns.
 * Right: GroupQueryAttention counts the ones of a row and writes the new key right after the row's own tokens, over the
 * padding. Left: all rows end in the last column.
 */
export function stepMask(valid: readonly number[], total: number, side: Side): BigInt64Array {
  const mask = new BigInt64Array(valid.length * total);
  valid.forEach((count, r) => {
    const start = r * total + (side === 'left' ? total - count : 0);
    mask.fill(1n, start, start + count);
  });
  return mask;
}

/** Groups row numbers by length, lengths ascending. */
export function groupByLength(rows: readonly (readonly number[])[]): number[][] {
  const groups = new Map<number, number[]>();
  rows.forEach((row, r) => {
    const group = groups.get(row.length);
    if (group) group.push(r);
    else groups.set(row.length, [r]);
  });
  return [...groups.entries()].toSorted((a, b) => a[0] - b[0]).map(([, members]) => members);
}

/**
 * Cuts a list of rows into runs of neighbours whose padded size stays within `cells` positions.
 * A row longer than that gets a run of its own.
 */
export function chunkRows(lengths: readonly number[], cells: number): number[][] {
  const chunks: number[][] = [];
  let open: number[] = [];
  let longest = 0;
  lengths.forEach((length, r) => {
    const next = Math.max(longest, length);
    if (open.length > 0 && next * (open.length + 1) > cells) {
      chunks.push(open);
      open = [];
      longest = 0;
    }
    open.push(r);
    longest = Math.max(longest, length);
  });
  if (open.length > 0) chunks.push(open);
  return chunks;
}

export interface RowLimits {
  modelId: string;
  vocabSize: number;
  maxPositions: number | null;
}

/**
 * Refuses rows that the model cannot read, before ONNX Runtime reads outside a table.
 * @param more tokens that will follow each row
 * @throws LabError `tokenizer-mismatch` for an id out of range, `settings-invalid` for an empty or a too long row
 */
export function checkRows(rows: readonly (readonly number[])[], more: number, limits: RowLimits): void {
  if (rows.length === 0) throw new LabError('settings-invalid.no-text');
  rows.forEach((row, r) => {
    if (row.length === 0) throw new LabError('settings-invalid.empty-text', { text: r + 1 });
    const bad = row.find((id) => !(Number.isInteger(id) && id >= 0 && id < limits.vocabSize));
    if (bad !== undefined) {
      throw new LabError('tokenizer-mismatch.token', { id: bad, vocabSize: limits.vocabSize, model: limits.modelId });
    }
    if (limits.maxPositions !== null && row.length + more > limits.maxPositions) {
      throw new LabError('settings-invalid.text-length', {
        tokens: row.length,
        more,
        maxPositions: limits.maxPositions,
        model: limits.modelId,
      });
    }
  });
}
