/** From raw moments to the systems that are solved: centring, the ridge, and block copies. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import augmentSource from './augment.wgsl?raw';
import centreSource from './centre.wgsl?raw';
import copySource from './copy-block.wgsl?raw';
import scaleSource from './scale-rows.wgsl?raw';

const centreKernel = defineKernel('centre', centreSource);
const augmentKernel = defineKernel('augment', augmentSource);
const scaleRowsKernel = defineKernel('scale-rows', scaleSource);
const copyBlockKernel = defineKernel('copy-block', copySource);

export const systemKernels = [centreKernel, augmentKernel, scaleRowsKernel, copyBlockKernel];

export interface CentreArgs {
  /** Raw sums of products, m rows with stride `strideM`, columns columnM … columnM+n−1. */
  M: GPUBuffer;
  m: number;
  n: number;
  strideM: number;
  columnM?: number;
  /** Column sums of the rows that M was summed over; right ones from `columnSums` on. */
  leftSums: GPUBuffer;
  rightSums: GPUBuffer;
  /** Column sums of the training rows, about whose means it is centred. */
  leftTrain: GPUBuffer;
  rightTrain: GPUBuffer;
  columnSums?: number;
  rows: number;
  trainRows: number;
  /** A u32 buffer that begins with the number of rows, all of them training rows: instead of `rows` and `trainRows`. */
  counts?: GPUBuffer;
  /** M is symmetric and only its upper part is valid. */
  symmetric?: boolean;
  /** m×n */
  out: GPUBuffer;
}

export function centre(rec: Recorder, args: CentreArgs): void {
  const {
    M,
    m,
    n,
    strideM,
    columnM = 0,
    leftSums,
    rightSums,
    leftTrain,
    rightTrain,
    columnSums = 0,
    rows,
    trainRows,
    counts,
    symmetric = false,
    out,
  } = args;
  rec.dispatch(
    centreKernel,
    {
      m,
      n,
      strideM,
      columnM,
      strideOut: n,
      columnSums,
      rows,
      inverseTrain: 1 / trainRows,
      counted: counts ? 1 : 0,
      symmetric: symmetric ? 1 : 0,
    },
    [M, leftSums, leftTrain, rightSums, rightTrain, counts ?? leftSums, out],
    Math.ceil(n / 64),
    m,
  );
}

export interface AugmentArgs {
  /** d×d, full. */
  M: GPUBuffer;
  d: number;
  /** Right-hand sides: d×n, or 'identity' for n = d. */
  right: GPUBuffer | 'identity' | 'none';
  n: number;
  ridge?: { lambda: number; penalty: GPUBuffer };
  /** Added to each diagonal element: the greater of `relative` times the element and `minimum`. */
  floor?: { relative: number; minimum: number };
  /** d×(d+n) */
  matrix: GPUBuffer;
  diagonal: GPUBuffer;
}

export function augment(rec: Recorder, args: AugmentArgs): void {
  const { M, d, right, n, ridge, floor, matrix, diagonal } = args;
  const C = typeof right === 'string' ? M : right;
  rec.dispatch(
    augmentKernel,
    {
      d,
      n,
      stride: d + n,
      lambda: ridge?.lambda ?? 0,
      relative: floor?.relative ?? 0,
      minimum: floor?.minimum ?? 0,
      identity: right === 'identity' ? 1 : 0,
    },
    [M, ridge?.penalty ?? M, C, matrix, diagonal],
    Math.ceil((d + n) / 64),
    d,
  );
}

/** out = diag(σ)·T with σ from the column sums [Σ | Σ²] over `rows` rows; T is d×d. */
export function scaleRows(
  rec: Recorder,
  args: { T: GPUBuffer; sums: GPUBuffer; d: number; rows: number; out: GPUBuffer },
): void {
  const { T, sums, d, rows, out } = args;
  rec.dispatch(scaleRowsKernel, { d, rows }, [T, sums, out], Math.ceil(d / 64), d);
}

/** out (m×n) = a block of a wider matrix; `upper` clears what is below the diagonal. */
export function copyBlock(
  rec: Recorder,
  args: {
    source: GPUBuffer;
    out: GPUBuffer;
    m: number;
    n: number;
    strideSource: number;
    column: number;
    upper?: boolean;
  },
): void {
  const { source, out, m, n, strideSource, column, upper = false } = args;
  rec.dispatch(
    copyBlockKernel,
    { m, n, strideSource, column, strideOut: n, upper: upper ? 1 : 0 },
    [source, out],
    Math.ceil(n / 64),
    m,
  );
}
