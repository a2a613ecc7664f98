/**
 * The tiles of the products AᵀB and AB: how a workgroup divides its part of C among
 * its threads, and the WGSL that depends on it. Accumulators are named one by one,
 * because indexed private arrays are slow (gpuweb #1202); that is why this text is
 * written by a program and the rest of the kernels is not.
 */

export interface Tile {
  name: string;
  /** Results of one thread: rows × columns of C, multiples of 4. */
  rows: number;
  columns: number;
  /** Threads of a workgroup, along the columns and the rows of C. */
  threadsX: number;
  threadsY: number;
  /**
   * Steps of the inner dimension that the workgroup keeps in its memory at a time, a multiple of 4. 0: each thread reads
   * the matrices itself. A GPU shares what it stages; a CPU that plays one pays more for barriers than for reading again.
   */
  staged: number;
}

/** Rows of C in a tile. */
export const tileRows = (tile: Tile): number => tile.rows * tile.threadsY;

/** Columns of C in a tile. */
export const tileColumns = (tile: Tile): number => tile.columns * tile.threadsX;

/** Bytes of workgroup memory. */
export const workgroupBytes = (tile: Tile): number => tile.staged * (tileRows(tile) + tileColumns(tile)) * 4;

const square = (name: string, results: number, threads: number, staged: number): Tile => ({
  name,
  rows: results,
  columns: results,
  threadsX: threads,
  threadsY: threads,
  staged,
});

/** Reads the matrices without staging them: fastest where the GPU is a CPU. */
export const DIRECT = square('direct', 8, 8, 0);

/** Right on every GPU and near its best for models up to about 1,000 wide. */
export const MEDIUM = square('64', 8, 8, 16);

/** Reads each number half as often as MEDIUM: for wide products, which have tiles enough for all cores. */
export const LARGE = square('128', 8, 16, 8);

/** The choices of the autotune. Those that exceed a device's limits are left out there. */
export const TILES: readonly Tile[] = [
  DIRECT,
  square('32', 4, 8, 32),
  square('64, 256 threads', 4, 16, 16),
  MEDIUM,
  { name: '128×64', rows: 8, columns: 8, threadsX: 8, threadsY: 16, staged: 16 },
  LARGE,
  square('128, 16 staged', 8, 16, 16),
  square('128, 32 staged', 8, 16, 32),
];

/** @throws RangeError if there is no tile of this name */
export function tileNamed(name: string): Tile {
  const tile = TILES.find((candidate) => candidate.name === name);
  if (!tile) throw new RangeError(`There is no tile “${name}”.`);
  return tile;
}

/** Whether a device with these limits can run it. */
export function fits(tile: Tile, limits: GPUSupportedLimits): boolean {
  return (
    workgroupBytes(tile) <= limits.maxComputeWorkgroupStorageSize &&
    tile.threadsX * tile.threadsY <= limits.maxComputeInvocationsPerWorkgroup
  );
}

const COMPONENTS = ['x', 'y', 'z', 'w'];

/**
 * The parts of a product kernel that depend on the tile.
 *
 * - `tile`: its measures, and the workgroup memory where it is staged
 * - `accumulators`: `var cR_J`, the J-th vec4 of the thread's R-th row
 * - `multiply`: one step `k`, from `left4(k, row4)` and `right4(k, column4)`: c += left·right
 * - `columns4`: four steps from `k` on, with the same functions
 * - `rows4`: four steps from `k` on, with `leftRow4(row, k / 4)` in place of `left4`
 * - `store`: `store(base, row, column4, value)` for every accumulator
 *
 * Four steps are one expression an accumulator: software drivers pay for each change of a variable, and four products
 * summed before they are added round a fourth as often at the size of the sum (0.6 of the error of W at condition 2e10). A thread's rows are
 * runs of 4, threadsY·4 apart; its columns are vec4, threadsX apart.
 */
export function tileParts(tile: Tile): Record<string, string> {
  const { rows, columns, threadsX, threadsY, staged } = tile;
  const R = Array.from({ length: rows }, (_, r) => r);
  const J = Array.from({ length: columns / 4 }, (_, j) => j);
  const rowOf = (r: number): string => `${Math.floor(r / 4)}u * TY * 4u + ${r % 4}u + local.y * 4u`;
  const left = (k: string, name: string): string =>
    Array.from({ length: rows / 4 }, (_, i) => `let ${name}${i} = left4(${k}, row4 + ${i}u * TY);`).join(' ');
  const right = (k: string, name: string): string =>
    J.map((j) => `let ${name}${j} = right4(${k}, column4 + ${j}u * TX);`).join(' ');
  const measures = {
    BM: rows * threadsY,
    BN: columns * threadsX,
    BK: staged,
    TX: threadsX,
    TY: threadsY,
    THREADS: threadsX * threadsY,
  };
  return {
    tile: [
      ...Object.entries(measures).map(([name, value]) => `const ${name}: u32 = ${value}u;`),
      ...(staged > 0
        ? ['var<workgroup> tileA: array<vec4f, BK * BM / 4u>;', 'var<workgroup> tileB: array<vec4f, BK * BN / 4u>;']
        : []),
    ].join('\n'),
    accumulators: R.map((r) => J.map((j) => `var c${r}_${j} = vec4f();`).join(' ')).join('\n'),
    multiply: [
      left('k', 'u'),
      right('k', 'x'),
      ...R.map((r) => J.map((j) => `c${r}_${j} += u${Math.floor(r / 4)}.${COMPONENTS[r % 4]} * x${j};`).join(' ')),
    ].join('\n'),
    columns4: [
      ...COMPONENTS.map((_, q) => `${left(`k + ${q}u`, `u${q}_`)} ${right(`k + ${q}u`, `x${q}_`)}`),
      ...R.map((r) =>
        J.map(
          (j) =>
            `c${r}_${j} += ${COMPONENTS.map((_, q) => `u${q}_${Math.floor(r / 4)}.${COMPONENTS[r % 4]} * x${q}_${j}`).join(' + ')};`,
        ).join(' '),
      ),
    ].join('\n'),
    rows4: [
      ...R.map((r) => `let r${r} = leftRow4(top + ${rowOf(r)}, k / 4u);`),
      ...COMPONENTS.map((_, q) => right(`k + ${q}u`, `x${q}_`)),
      ...R.map((r) =>
        J.map(
          (j) => `c${r}_${j} += ${COMPONENTS.map((component, q) => `r${r}.${component} * x${q}_${j}`).join(' + ')};`,
        ).join(' '),
      ),
    ].join('\n'),
    store: R.map((r) =>
      J.map((j) => `store(base, top + ${rowOf(r)}, left / 4u + ${j}u * TX + local.x, c${r}_${j});`).join(' '),
    ).join('\n'),
  };
}
