/** The most memory that a browser's processes have taken, as Linux counts it. */
import { readFileSync, readdirSync } from 'node:fs';

const POLL_MS = 500;

interface Process {
  parent: number;
  /** Bytes in memory now, and the most there have been. */
  now: number;
  peak: number;
}

/** Watches the processes of the browser whose profile is in `folder`. On systems without /proc it finds nothing and says so by null. */
export class PeakMemory {
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;
  #root: number | null = null;
  #tab = 0;
  #all = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#timer = setInterval(() => this.#look(), POLL_MS);
    this.#timer.unref();
  }

  /** Bytes: the largest process (the tab, with its worker) and the sum of all at the worst moment; null where nothing could be read. */
  get bytes(): { tab: number; all: number } | null {
    this.#look();
    return this.#all === 0 ? null : { tab: this.#tab, all: this.#all };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const table = processes();
    this.#root ??= rootOf(table, this.#folder);
    if (this.#root === null) return;
    let all = 0;
    for (const [id, { now, peak }] of table) {
      if (!descends(table, id, this.#root)) continue;
      all += now;
      this.#tab = Math.max(this.#tab, peak);
    }
    this.#all = Math.max(this.#all, all);
  }
}

function processes(): Map<number, Process> {
  const table = new Map<number, Process>();
  for (const name of listOrNone('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = textOrEmpty(`/proc/${name}/status`);
    const field = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    if (status)
      table.set(Number(name), { parent: field('PPid'), now: 1024 * field('VmRSS'), peak: 1024 * field('VmHWM') });
  }
  return table;
}

/** The process that was started with the folder and whose parent was not. */
function rootOf(table: ReadonlyMap<number, Process>, folder: string): number | null {
  const ours = new Set(
    [...table.keys()].filter((id) =>
      textOrEmpty(`/proc/${id}/cmdline`).split('\0').includes(`--user-data-dir=${folder}`),
    ),
  );
  return [...ours].find((id) => !ours.has(table.get(id)!.parent)) ?? null;
}

function descends(table: ReadonlyMap<number, Process>, id: number, root: number): boolean {
  for (let at: number | undefined = id; at !== undefined && at > 1; at = table.get(at)?.parent)
    if (at === root) return true;
  return false;
}

/** Processes come and go while they are listed. */
function textOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function listOrNone(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
