/** The cases of every kernel: one list for the test suite and for the self-test. */
import { cases as ab } from './ab/cases';
import { cases as accumulate } from './accumulate/cases';
import { cases as atb } from './atb/cases';
import { cases as cholesky } from './cholesky/cases';
import { cases as columnSums } from './column-sums/cases';
import { cases as countRows } from './count-rows/cases';
import { cases as gatherRows } from './gather-rows/cases';
import { cases as newtonSchulz } from './newton-schulz/cases';
import { cases as score } from './score/cases';
import { cases as shiftRows } from './shift-rows/cases';
import { cases as system } from './system/cases';
import type { KernelCase } from './testing';

export const KERNEL_CASES: readonly KernelCase[] = [
  ...gatherRows,
  ...shiftRows,
  ...countRows,
  ...accumulate,
  ...columnSums,
  ...atb,
  ...ab,
  ...system,
  ...cholesky,
  ...score,
  ...newtonSchulz,
];
