/**
 * The ONNX Runtime sessions of one model. Every use has a graph of its own, cut to
 * what it must compute, made on first need and kept while it is among the last few used.
 */
import { LabError } from '../experiment/errors';
import { message } from '../experiment/message';
import type { Backend } from '../experiment/run';
import { editGraph, type Decoder, type EditedSteer, type GraphInfo, type SteerSite } from '../onnx';
import { cacheParts } from './kv';
import { exclusive, runtimeError, type Ort, type Session, type SessionOptions, type Tensor } from './ort';
import type { ModelFiles } from './types';

/** What a session is for; `sites` are the steered blocks with their operations. */
export type Purpose =
  /** Taps after every block; no head, no KV outputs. */
  | { kind: 'collect' }
  /** Tap after one block, steered. */
  | { kind: 'states'; block: number; sites: readonly SteerSite[] }
  /** Logits at the last position and KV outputs, after a cache; in all but merged exports an empty one will do. */
  | { kind: 'decode'; sites: readonly SteerSite[] }
  /** The same without a cache, for the merged exports that need another graph for it. */
  | { kind: 'prompt'; sites: readonly SteerSite[] }
  /** Logits at every position. */
  | { kind: 'logits'; sites: readonly SteerSite[] };

export interface OpenSession {
  session: Session;
  /** Tapped blocks and the names of their outputs, blocks ascending. */
  taps: { block: number; name: string }[];
  /** Steering sites and the names of their inputs. */
  steers: readonly EditedSteer[];
  /** What to feed `num_logits_to_keep` where the graph takes it: 1, or 0 for all positions. */
  logitsToKeep: bigint;
  /** What to ask for; undefined for all that the graph gives. */
  outputs: string[] | undefined;
  /** True where the cache outputs are only what a run has written (`keep.present` of `EditOptions`). */
  written: boolean;
}

/** Live sessions a model may hold: one run of the lab needs collect, decode, logits and states, and prompt where the export is merged. */
export const LIVE_SESSIONS = { whole: 4, merged: 5 };
/** Where memory is short: enough for one use at a time (a merged export reads prompts and writes with two), at the price of making sessions again. */
export const FEW_SESSIONS = 2;

/** Weights of at least this size stay in the fetched file instead of being copied into every session's graph. */
const EXTERNAL_BYTES = 1024;
/** Name under which a session's graph refers to the fetched file. */
const OWN_FILE = 'model.onnx';

interface Held {
  key: string;
  purpose: Purpose;
  open: Promise<OpenSession>;
  users: number;
}

export class SessionPool {
  #ort: Ort;
  #files: ModelFiles;
  #decoder: Decoder;
  #info: GraphInfo;
  #modelId: string;
  #backend: Backend;
  #device: GPUDevice | null;
  /** Most sessions alive, but for those in use. */
  #limit: number;
  /** Least recently used first. */
  #held: Held[] = [];
  #disposed = false;

  /**
   * @param decoder what `readDecoder` made of the files' graph
   * @param limit most sessions alive; default LIVE_SESSIONS
   */
  constructor(
    ort: Ort,
    files: ModelFiles,
    decoder: Decoder,
    info: GraphInfo,
    modelId: string,
    backend: Backend,
    device: GPUDevice | null,
    limit?: number,
  ) {
    this.#ort = ort;
    this.#files = files;
    this.#decoder = decoder;
    this.#info = info;
    this.#modelId = modelId;
    this.#backend = backend;
    this.#device = device;
    this.#limit = limit ?? (decoder.merged ? LIVE_SESSIONS.merged : LIVE_SESSIONS.whole);
  }

  /** Number of sessions alive or being made. */
  get size(): number {
    return this.#held.length;
  }

  /**
   * Calls `work` with a session for the purpose; the session stays alive until `work` ends.
   * @throws LabError `runtime-failed`, `out-of-memory` or what editing the graph throws
   */
  async use<T>(purpose: Purpose, work: (open: OpenSession) => Promise<T>): Promise<T> {
    if (this.#disposed) throw new LabError('runtime-failed.unloaded', { model: this.#modelId });
    // Room first: the new one must not be made beside one too many.
    if (!this.#find(purpose)) await this.#evict(1);
    const held = this.#find(purpose) ?? this.#add(purpose);
    this.#held.splice(this.#held.indexOf(held), 1);
    this.#held.push(held);
    held.users++;
    try {
      await this.#evict(0);
      return await work(await held.open);
    } finally {
      held.users--;
    }
  }

  /** Runs a session; the one place where a run can start. */
  async run(
    open: OpenSession,
    feeds: Record<string, Tensor>,
    fetches?: Record<string, Tensor | null>,
  ): Promise<Record<string, Tensor>> {
    try {
      const wanted = fetches ?? open.outputs;
      const run = () => (wanted ? open.session.run(feeds, wanted) : open.session.run(feeds));
      return (await exclusive(run)) as Record<string, Tensor>;
    } catch (error) {
      throw runtimeError(error, message('runtime.running', { model: this.#modelId }));
    }
  }

  /** Frees all sessions. Those in use are freed when their run in flight has ended. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const held = this.#held.splice(0);
    await Promise.all(held.map((item) => release(item)));
  }

  /** An unsteered pass may use a steered graph: a zero vector is neutral and changes no bit. */
  #find(purpose: Purpose): Held | undefined {
    const exact = this.#held.find((held) => held.key === keyOf(purpose));
    if (exact || purpose.kind === 'collect' || purpose.sites.length > 0) return exact;
    return this.#held.findLast(
      (held) =>
        held.purpose.kind === purpose.kind &&
        (purpose.kind !== 'states' || (held.purpose as typeof purpose).block === purpose.block),
    );
  }

  #add(purpose: Purpose): Held {
    const held: Held = { key: keyOf(purpose), purpose, open: this.#create(purpose), users: 0 };
    this.#held.push(held);
    // A session that failed to open is not kept: the next call tries again.
    held.open.catch(() => {
      const at = this.#held.indexOf(held);
      if (at >= 0) this.#held.splice(at, 1);
    });
    return held;
  }

  /** @param coming sessions that are about to be made */
  async #evict(coming: number): Promise<void> {
    while (this.#held.length + coming > this.#limit) {
      const at = this.#held.findIndex((held) => held.users === 0);
      if (at < 0) return;
      const [old] = this.#held.splice(at, 1);
      await release(old);
    }
  }

  async #create(purpose: Purpose): Promise<OpenSession> {
    const sites = purpose.kind === 'collect' ? [] : purpose.sites;
    const continues = purpose.kind === 'decode' || purpose.kind === 'prompt';
    const { prompt, step, merged } = this.#decoder;
    const onCpu = this.#backend === 'wasm';
    const { style, cacheType } = this.#info;
    const written = purpose.kind === 'decode' && onCpu && style === 'fused' && !merged;
    // The CPU provider cannot run a float16 cache that nobody reads (see EditOptions.keep): it stays, and is not asked for.
    const unread = !continues && onCpu && cacheType === 'float16';
    const edited = editGraph(purpose.kind === 'decode' ? step : prompt, {
      taps: purpose.kind === 'collect' ? 'all' : purpose.kind === 'states' ? [purpose.block] : [],
      steer: sites,
      keep: { logits: continues || purpose.kind === 'logits', present: written ? 'written' : continues || unread },
      lastTokenLogits: continues,
      externalise: { path: OWN_FILE, minBytes: EXTERNAL_BYTES },
    });
    const taps = edited.taps.map(({ block, name }) => ({ block, name }));
    const outputs = unread ? edited.outputs.filter((name) => !name.startsWith('present.')) : undefined;
    const options = this.#options(
      purpose,
      taps.map((tap) => tap.name),
      edited.info,
    );
    try {
      const session = await exclusive(() => this.#ort.InferenceSession.create(edited.bytes, options));
      return {
        session,
        taps,
        steers: edited.steers,
        logitsToKeep: continues ? 1n : 0n,
        outputs,
        written,
      };
    } catch (error) {
      throw runtimeError(error, message('runtime.preparing', { model: this.#modelId, purpose: purpose.kind }));
    }
  }

  #options(purpose: Purpose, taps: string[], info: GraphInfo): SessionOptions {
    const common: SessionOptions = {
      externalData: [...this.#files.external, { path: OWN_FILE, data: this.#files.graph }],
      logSeverityLevel: 3,
    };
    if (this.#backend === 'wasm' || !this.#device) return { ...common, executionProviders: ['wasm'] };
    const onGpu =
      purpose.kind === 'collect'
        ? taps
        : purpose.kind === 'decode' || purpose.kind === 'prompt'
          ? cacheParts(info.blocks).map(({ present }) => present)
          : [];
    return {
      ...common,
      executionProviders: [{ name: 'webgpu', device: this.#device } as never],
      preferredOutputLocation: Object.fromEntries(
        onGpu.map((name) => [name, 'gpu-buffer']),
      ) as SessionOptions['preferredOutputLocation'],
    };
  }
}

function keyOf(purpose: Purpose): string {
  if (purpose.kind === 'collect') return 'collect';
  const sites = purpose.sites
    .map(({ block, op }) => `${op}@${block}`)
    .toSorted()
    .join(',');
  return `${purpose.kind}${purpose.kind === 'states' ? ` ${purpose.block}` : ''} ${sites}`;
}

async function release(held: Held): Promise<void> {
  // One that never opened has nothing to release; its error went to whoever asked for it.
  const open = await held.open.catch(() => null);
  if (open) await exclusive(() => open.session.release());
}
